const NS_PER_MS = 1_000_000n;
const MS_PER_MINUTE = 60_000;

/** Nanoseconds since the epoch are 64 bits wide in the store. */
const NS_MIN = -(2n ** 63n);
const NS_MAX = 2n ** 63n - 1n;

const DATE_TIME = new RegExp(
  '^(?<year>[12]\\d{3})-(?<month>0[1-9]|1[0-2])-(?<day>0[1-9]|[12]\\d|3[01])[Tt ]' +
    '(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)(?:\\.(?<fraction>\\d+))?' +
    '(?:[Zz]|(?<sign>[+-])(?<offsetHour>[01]\\d|2[0-3]):?(?<offsetMinute>[0-5]\\d))?$',
  'u',
);
const EPOCH = /^(?<whole>\d{10})(?:\.(?<fraction>\d+))?$|^(?<scaled>\d{13}|\d{16}|\d{19})$/u;

/** As RFC 3339 has it, to the nanosecond: nothing left out, nothing to guess. */
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/u;

/** The moment of an event's `ts`, in nanoseconds since the epoch, as the store reads it; undefined where it reads none. */
export function readEventTime(text: string): bigint | undefined {
  const ns = readDateTime(text) ?? readEpoch(text);
  return ns !== undefined && ns >= NS_MIN && ns <= NS_MAX ? ns : undefined;
}

/** The same of a whole RFC 3339 time with its offset from UTC, and of nothing else. */
export function readRfc3339(text: string): bigint | undefined {
  return RFC_3339.test(text) ? readEventTime(text) : undefined;
}

function readDateTime(text: string): bigint | undefined {
  const groups = DATE_TIME.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const number = (name: string): number => Number(groups[name] ?? '0');
  const dayMs = Date.UTC(number('year'), number('month') - 1, number('day'));
  // Date.UTC would make March of the 30th of February.
  if (new Date(dayMs).getUTCDate() !== number('day')) return undefined;
  const offsetMs = (number('offsetHour') * 60 + number('offsetMinute')) * MS_PER_MINUTE;
  const seconds = (number('hour') * 60 + number('minute')) * 60 + number('second');
  const ms = dayMs + seconds * 1000 + (groups['sign'] === '-' ? offsetMs : -offsetMs);
  return BigInt(ms) * NS_PER_MS + fractionNs(groups['fraction']);
}

/** Seconds with or without a fraction, or whole milli-, micro- or nanoseconds. */
function readEpoch(text: string): bigint | undefined {
  const groups = EPOCH.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const whole = groups['whole'] ?? groups['scaled'] ?? '';
  const scale = 10n ** BigInt(EPOCH_NS_DIGITS - whole.length);
  return BigInt(whole) * scale + fractionNs(groups['fraction']);
}

const EPOCH_NS_DIGITS = 19;

/** Digits past the nanosecond are cut off, as the store does it. */
function fractionNs(digits = ''): bigint {
  return BigInt(digits.slice(0, 9).padEnd(9, '0'));
}
