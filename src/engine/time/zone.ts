import { AtbdError } from '../model/error.js';
import { quoteValue } from '../model/visible-text.js';

/** A time zone: how far its clocks are ahead of UTC at a moment. */
export interface Zone {
  /** As the user gave it, or the machine's own name for it. */
  readonly name: string;
  /** Milliseconds that local time is ahead of UTC at this UTC moment. */
  offsetMsAt(utcMs: number): number;
}

/** Coordinated universal time. */
export const UTC: Zone = { name: 'UTC', offsetMsAt: () => 0 };

/** The zone of an IANA name, `UTC`, `local` or an offset such as `+02:00`; rejects with USAGE_INVALID. */
export function parseZone(name: string): Zone {
  if (/^(?:utc|z|gmt)$/iu.test(name)) return UTC;
  const offset = parseOffset(name);
  if (offset !== null) return { name, offsetMsAt: () => offset };
  return name === 'local' ? LOCAL : namedZone(name);
}

/** Milliseconds of `+02:00`, `-0330` or `+02`; null when the text is no offset or out of range. */
export function parseOffset(text: string): number | null {
  const match = /^(?<sign>[+-])(?<hours>\d{2})(?::?(?<minutes>\d{2}))?$/u.exec(text);
  if (match?.groups === undefined) return null;
  const minutes = Number(match.groups['minutes'] ?? '0');
  const total = Number(match.groups['hours']) * 60 + minutes;
  if (minutes > 59 || total > OFFSET_MINUTES_MAX) return null;
  return (match.groups['sign'] === '-' ? -total : total) * MS_PER_MINUTE;
}

/** `+02:00` of an offset in milliseconds. */
export function formatOffset(offsetMs: number): string {
  const minutes = Math.abs(Math.trunc(offsetMs / MS_PER_MINUTE));
  const sign = offsetMs < 0 ? '-' : '+';
  return `${sign}${pad2(Math.trunc(minutes / 60))}:${pad2(minutes % 60)}`;
}

const MS_PER_MINUTE = 60_000;

/** The farthest offset in use is +14:00; history knew +15:13. */
const OFFSET_MINUTES_MAX = 16 * 60;

/** Clocks change on a quarter of an hour at the earliest, so within one the offset is the same. */
const SAME_OFFSET_MS = 15 * MS_PER_MINUTE;

function pad2(value: number): string {
  return String(value).padStart(2, '0');
}

/** The machine's zone, without `Intl`, which takes 15 ms to load: many a command never needs its name. */
const LOCAL: Zone = {
  get name() {
    return new Intl.DateTimeFormat().resolvedOptions().timeZone;
  },
  offsetMsAt: (utcMs) => -new Date(utcMs).getTimezoneOffset() * MS_PER_MINUTE,
};

function namedZone(name: string): Zone {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    });
  } catch (cause) {
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: `cannot find the time zone ${quoteValue(name)}`,
      hint: 'Use UTC, local, an offset such as +02:00, or a name such as Europe/Berlin.',
      cause,
    });
  }
  let known = { quarter: NaN, offsetMs: 0 };
  return {
    name,
    offsetMsAt(utcMs) {
      const quarter = Math.floor(utcMs / SAME_OFFSET_MS);
      if (known.quarter !== quarter) known = { quarter, offsetMs: offsetMs(format, utcMs) };
      return known.offsetMs;
    },
  };
}

function offsetMs(format: Intl.DateTimeFormat, utcMs: number): number {
  const wholeSeconds = Math.floor(utcMs / 1000) * 1000;
  const part = new Map<string, string>();
  for (const { type, value } of format.formatToParts(wholeSeconds)) part.set(type, value);
  const read = (type: string): number => Number(part.get(type));
  const localMs = Date.UTC(
    read('year'),
    read('month') - 1,
    read('day'),
    read('hour'),
    read('minute'),
    read('second'),
  );
  return localMs - wholeSeconds;
}
