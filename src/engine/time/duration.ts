import { AtbdError } from '../model/error.js';
import { quoteValue } from '../model/visible-text.js';

const NS_PER_MS = 1_000_000n;

/** Nanoseconds per unit. A day is 24 hours, whatever the clocks of a zone do; months and years have no fixed length. */
const UNITS = new Map<string, bigint>([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['ms', NS_PER_MS],
  ['s', 1_000n * NS_PER_MS],
  ['m', 60_000n * NS_PER_MS],
  ['h', 3_600_000n * NS_PER_MS],
  ['d', 86_400_000n * NS_PER_MS],
  ['w', 604_800_000n * NS_PER_MS],
]);

const PART = /(?<count>\d{1,12})(?<unit>[a-zµ]+)/gu;
const WHOLE = /^(?:\d{1,12}[a-zµ]+)+$/u;

/** Nanoseconds of a duration such as `15m`, `1h30m` or `500ms`; null when the text is none. */
export function parseDuration(text: string): bigint | null {
  if (!WHOLE.test(text)) return null;
  let total = 0n;
  for (const { groups } of text.matchAll(PART)) {
    const unit = UNITS.get(groups?.['unit'] ?? '');
    if (unit === undefined) return null;
    total += BigInt(groups?.['count'] ?? '0') * unit;
  }
  return total;
}

/** Nanoseconds of a flag's duration; rejects with USAGE_INVALID. */
export function requireDuration(flag: string, text: string): bigint {
  const duration = parseDuration(text);
  if (duration !== null) return duration;
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot read ${flag} ${quoteValue(text)}: it is not a duration`,
    hint: DURATION_HINT,
  });
}

/** What to write instead. */
export const DURATION_HINT =
  'Write a number and a unit of ms, s, m, h, d or w, for example 15m or 1h30m.';
