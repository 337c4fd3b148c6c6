import type { LocalZone } from './line-format.js';

/** Reads a time as a log has it; undefined when it is none. The answer is RFC 3339 with every digit that was given. */
export type ParseTime = (value: unknown) => string | undefined;

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?\s*(Z|z|UTC|[+-]\d\d:?\d\d)?$/;
const CLF = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})$/;
const EPOCH = /^(\d{1,19})(?:\.(\d{1,9})\d*)?$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** ISO 8601, the common log format, and epoch seconds, milli-, micro- or nanoseconds told apart by their size. */
export function createParseTime(zone: LocalZone): ParseTime {
  return (value) => {
    if (typeof value === 'number') return fromNumber(value);
    if (typeof value !== 'string') return undefined;
    const text = value.trim();
    return fromIso(text, zone) ?? fromClf(text, zone) ?? fromEpoch(text);
  };
}

/** The parts of a time, as text or numbers; `offset` undefined means local time. */
interface TimeParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly fraction: string;
  readonly offset: string | undefined;
}

function fromIso(text: string, zone: LocalZone): string | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second = '0', fraction = '', offset] = match;
  return toRfc3339(
    {
      year: Number(year),
      month: Number(month),
      day: Number(day),
      hour: Number(hour),
      minute: Number(minute),
      second: Number(second),
      fraction,
      offset,
    },
    zone,
  );
}

function fromClf(text: string, zone: LocalZone): string | undefined {
  const match = CLF.exec(text);
  if (match === null) return undefined;
  const [, day, month = '', year, hour, minute, second, offset] = match;
  return toRfc3339(
    {
      year: Number(year),
      month: MONTHS.indexOf(month) + 1,
      day: Number(day),
      hour: Number(hour),
      minute: Number(minute),
      second: Number(second),
      fraction: '',
      offset,
    },
    zone,
  );
}

/** Below these an epoch number counts seconds, milliseconds, microseconds: true from 1973 to 5138. */
const DIGITS_OF_UNIT = [
  { below: 1e11, decimals: 0 },
  { below: 1e14, decimals: 3 },
  { below: 1e17, decimals: 6 },
  { below: Infinity, decimals: 9 },
];

function fromEpoch(text: string): string | undefined {
  const match = EPOCH.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  const { decimals } = DIGITS_OF_UNIT.find(({ below }) => Number(whole) < below) ?? { decimals: 9 };
  const padded = whole.padStart(decimals + 1, '0');
  const seconds = Number(padded.slice(0, padded.length - decimals));
  const digits = (padded.slice(padded.length - decimals) + fraction).slice(0, 9);
  return fromSeconds(seconds, decimals === 0 ? fraction : digits);
}

/** Milliseconds as loggers write them (2001 to 2286) need no text to be taken apart. */
function fromNumber(value: number): string | undefined {
  if (Number.isInteger(value) && value >= 1e12 && value < 1e13)
    return new Date(value).toISOString();
  return Number.isFinite(value) ? fromEpoch(String(value)) : undefined;
}

/** A clock shows no minute 75; Date.UTC would roll it over, and 31 February, too. A leap second is its minute's last. */
function isTime({ year, month, day, hour, minute, second }: TimeParts): boolean {
  if (hour > 23 || minute > 59 || second > 60) return false;
  const daysOfMonth = month === 2 && isLeap(year) ? 29 : DAYS_OF_MONTH[month - 1];
  return daysOfMonth !== undefined && day >= 1 && day <= daysOfMonth;
}

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function toRfc3339(parts: TimeParts, zone: LocalZone): string | undefined {
  if (!isTime(parts)) return undefined;
  const { year, month, day, hour, minute, second, fraction, offset } = parts;
  const localMs = Date.UTC(year, month - 1, day, hour, minute, Math.min(second, 59));
  const offsetMs = offset === undefined ? localOffsetMs(localMs, zone) : parseOffsetMs(offset);
  return offsetMs === undefined ? undefined : fromSeconds((localMs - offsetMs) / 1000, fraction);
}

/**
 * Local time to an offset. A time that the clocks show twice is the earlier one; one that they skip
 * is moved on by the hour that was skipped.
 */
function localOffsetMs(localMs: number, zone: LocalZone): number {
  const before = zone.offsetMsAt(localMs - DAY_MS);
  return zone.offsetMsAt(localMs - before) === before
    ? before
    : zone.offsetMsAt(localMs - zone.offsetMsAt(localMs - before));
}

const DAY_MS = 24 * 60 * 60 * 1000;

function parseOffsetMs(offset: string): number | undefined {
  if (/^(?:z|utc)$/i.test(offset)) return 0;
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(offset);
  if (match === null) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  if (minutes > OFFSET_MINUTES_MAX || Number(match[3]) > 59) return undefined;
  return (match[1] === '-' ? -minutes : minutes) * 60_000;
}

/** The farthest offset in use is +14:00; history knew +15:13. */
const OFFSET_MINUTES_MAX = 16 * 60;

/** The last moment that four digits of a year can name, in seconds. */
const SECONDS_MAX = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

function fromSeconds(seconds: number, fraction: string): string | undefined {
  if (!Number.isSafeInteger(seconds) || seconds > SECONDS_MAX || seconds < -62_000_000_000)
    return undefined;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return fraction === '' ? `${whole}Z` : `${whole}.${fraction}Z`;
}

/** strptime's directives that logs use, as groups of a regular expression. */
const DIRECTIVES: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})',
  m: '(?<m>\\d{1,2})',
  d: '(?<d>\\d{1,2})',
  e: '\\s?(?<d>\\d{1,2})',
  H: '(?<H>\\d{1,2})',
  M: '(?<M>\\d{2})',
  S: '(?<S>\\d{2})',
  f: '(?<f>\\d{1,9})',
  b: '(?<b>[A-Z][a-z]{2})',
  y: '(?<y>\\d{2})',
  z: '(?<z>Z|[+-]\\d\\d:?\\d\\d)',
  s: '(?<s>\\d+)',
  '%': '%',
};

/**
 * A parser of one strptime format: %Y %m %d %e %H %M %S %f (fraction) %b %y %z %s (epoch) %%. undefined
 * when the format holds another directive. A year that is left out is `year`.
 */
export function createParseTimeFormat(
  format: string,
  { zone, year }: { readonly zone: LocalZone; readonly year: number },
): ParseTime | undefined {
  const unknown: string[] = [];
  const source = format.replaceAll(/%(.)|[\\^$.*+?()[\]{}|]/g, (whole, directive?: string) => {
    if (directive === undefined) return `\\${whole}`;
    const known = DIRECTIVES[directive];
    if (known === undefined) unknown.push(directive);
    return known ?? '';
  });
  if (unknown.length > 0) return undefined;
  const pattern = new RegExp(`^${source}$`);
  return (value) => {
    const groups = typeof value === 'string' ? pattern.exec(value.trim())?.groups : undefined;
    if (groups === undefined) return undefined;
    if (groups['s'] !== undefined) return fromSeconds(Number(groups['s']), groups['f'] ?? '');
    return toRfc3339(partsOf(groups, year), zone);
  };
}

function partsOf(groups: Readonly<Record<string, string | undefined>>, year: number): TimeParts {
  const number = (name: string, otherwise: number): number => Number(groups[name] ?? otherwise);
  const monthName = groups['b'];
  return {
    year: groups['y'] === undefined ? number('Y', year) : 2000 + number('y', 0),
    month: monthName === undefined ? number('m', 1) : MONTHS.indexOf(monthName) + 1,
    day: number('d', 1),
    hour: number('H', 0),
    minute: number('M', 0),
    second: number('S', 0),
    fraction: groups['f'] ?? '',
    offset: groups['z'],
  };
}
