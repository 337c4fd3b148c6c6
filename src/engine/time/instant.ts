import { AtbdError } from '../model/error.js';
import { quoteValue } from '../model/visible-text.js';
import { parseDuration } from './duration.js';
import { formatOffset, parseOffset, type Zone } from './zone.js';

const NS_PER_MS = 1_000_000n;
const MS_PER_DAY = 86_400_000;

/** What the store's nanosecond times can hold. */
const INSTANT_MS_MIN = Date.UTC(1900, 0, 1);
const INSTANT_MS_MAX = Date.UTC(2262, 0, 1);

/** Against what an instant is read. */
export interface InstantContext {
  /** How the text is named in an error, such as `--from`. */
  readonly flag: string;
  readonly nowMs: number;
  /** Of local times without an offset. */
  readonly zone: Zone;
}

/**
 * Nanoseconds since the epoch of `now`, `now-1h`, `today`, `yesterday+9h`, RFC 3339, a date or time of day in the zone,
 * or an epoch number in s, ms, µs or ns; null when the text is none of these. A date is its first moment. Rejects with
 * USAGE_INVALID what lies out of range, and a local time that the zone's clocks skip or show twice.
 */
export function parseInstant(text: string, context: InstantContext): bigint | null {
  const trimmed = text.trim();
  const instant =
    parseAnchored(trimmed, context) ?? parseEpoch(trimmed) ?? parseCalendar(trimmed, context);
  if (instant === null) return null;
  const ms = Number(instant / NS_PER_MS);
  if (ms >= INSTANT_MS_MIN && ms < INSTANT_MS_MAX) return instant;
  throw usage(
    `cannot use ${context.flag} ${quoteValue(text)}: it is outside of 1900 to 2261`,
    'Check the year, or the unit of the number.',
  );
}

/** As `parseInstant`, and rejects with USAGE_INVALID what is no time. */
export function requireInstant(text: string, context: InstantContext): bigint {
  const instant = parseInstant(text, context);
  if (instant !== null) return instant;
  throw usage(
    `cannot read ${context.flag} ${quoteValue(text)}: it is not a time`,
    'Write for example 2026-05-16T14:30:00Z, 2026-05-16, 14:30, now-1h, today, or seconds since the epoch.',
  );
}

const ANCHORED = /^(?<anchor>now|today|yesterday|tomorrow)(?:(?<sign>[+-])(?<duration>.+))?$/iu;
const ANCHOR_DAYS: Readonly<Record<string, number>> = { yesterday: -1, today: 0, tomorrow: 1 };

function parseAnchored(text: string, { nowMs, zone }: InstantContext): bigint | null {
  const match = ANCHORED.exec(text);
  if (match?.groups === undefined) return null;
  const { anchor = '', sign, duration = '' } = match.groups;
  const days = ANCHOR_DAYS[anchor.toLowerCase()];
  const base = BigInt(days === undefined ? nowMs : startOfDay(localDay(nowMs, zone, days), zone));
  const shift = sign === undefined ? 0n : parseDuration(duration);
  if (shift === null) return null;
  return base * NS_PER_MS + (sign === '-' ? -shift : shift);
}

/** The local midnight of the day `days` from now, as if local time were UTC. */
function localDay(nowMs: number, zone: Zone, days: number): number {
  const localMs = nowMs + zone.offsetMsAt(nowMs);
  return (Math.floor(localMs / MS_PER_DAY) + days) * MS_PER_DAY;
}

/** Shorter numbers are years or counts, not moments. */
const EPOCH = /^(?<whole>\d{9,19})(?:\.(?<fraction>\d{1,9}))?$/u;

function parseEpoch(text: string): bigint | null {
  const match = EPOCH.exec(text);
  if (match?.groups === undefined) return null;
  const { whole = '', fraction } = match.groups;
  const digitsBelow = [11, 14, 17, 20].findIndex((length) => whole.length <= length);
  if (fraction !== undefined && digitsBelow > 0) return null;
  const scale = 10n ** BigInt(9 - 3 * digitsBelow);
  return BigInt(whole) * scale + BigInt((fraction ?? '').padEnd(9, '0'));
}

const CALENDAR = new RegExp(
  '^(?:(?<year>\\d{4})-(?<month>\\d{2})-(?<day>\\d{2}))?' +
    '(?:(?:^|(?<=\\d)[T ])(?<hour>\\d{2}):(?<minute>\\d{2})(?::(?<second>\\d{2})(?:[.,](?<fraction>\\d{1,9}))?)?' +
    '\\s?(?<offset>Z|[+-]\\d{2}(?::?\\d{2})?)?)?$',
  'iu',
);

function parseCalendar(text: string, context: InstantContext): bigint | null {
  const groups = CALENDAR.exec(text)?.groups;
  if (groups === undefined || text === '') return null;
  const { zone, nowMs } = context;
  const dayMs = groups['year'] === undefined ? localDay(nowMs, zone, 0) : dayOf(groups);
  if (dayMs === null) return null;
  if (groups['hour'] === undefined) return BigInt(startOfDay(dayMs, zone)) * NS_PER_MS;
  const timeMs = timeOfDay(groups);
  if (timeMs === null) return null;
  const fractionNs = BigInt((groups['fraction'] ?? '').padEnd(9, '0'));
  const { offset } = groups;
  if (offset === undefined) {
    return BigInt(utcOfLocal(dayMs + timeMs, text, context)) * NS_PER_MS + fractionNs;
  }
  const offsetMs = offset.toUpperCase() === 'Z' ? 0 : parseOffset(offset);
  return offsetMs === null ? null : BigInt(dayMs + timeMs - offsetMs) * NS_PER_MS + fractionNs;
}

function dayOf(groups: Readonly<Record<string, string | undefined>>): number | null {
  const month = Number(groups['month']);
  const day = Number(groups['day']);
  const ms = Date.UTC(Number(groups['year']), month - 1, day);
  const date = new Date(ms);
  // Date.UTC would make March of the 30th of February.
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? ms : null;
}

function timeOfDay(groups: Readonly<Record<string, string | undefined>>): number | null {
  const [hour, minute, second] = [groups['hour'], groups['minute'], groups['second'] ?? '0'].map(
    Number,
  ) as [number, number, number];
  if (hour > 23 || minute > 59 || second > 59) return null;
  return ((hour * 60 + minute) * 60 + second) * 1000;
}

/** The first moment of a day, also where clocks skip midnight or pass it twice. */
function startOfDay(localMidnightMs: number, zone: Zone): number {
  const [first] = utcCandidates(localMidnightMs, zone);
  if (first !== undefined) return first;
  // Skipped: the clocks jump at this moment, which the offset before the jump gives.
  return localMidnightMs - zone.offsetMsAt(localMidnightMs - MS_PER_DAY);
}

function utcOfLocal(localMs: number, text: string, { flag, zone }: InstantContext): number {
  const [first, second] = utcCandidates(localMs, zone);
  if (first !== undefined && second === undefined) return first;
  const offsets = [localMs - MS_PER_DAY, localMs + MS_PER_DAY].map((ms) =>
    formatOffset(zone.offsetMsAt(ms)),
  );
  const what =
    first === undefined
      ? `the clocks of ${zone.name} skip it`
      : `the clocks of ${zone.name} show it twice`;
  throw usage(
    `cannot place ${flag} ${quoteValue(text)}: ${what}`,
    `Add the offset from UTC: ${offsets.join(' before the change, ')} after it.`,
  );
}

/** The moments at which the zone's clocks show this local time, ascending: none, one or two. */
function utcCandidates(localMs: number, zone: Zone): number[] {
  const offsets = new Set([
    zone.offsetMsAt(localMs - MS_PER_DAY),
    zone.offsetMsAt(localMs + MS_PER_DAY),
  ]);
  return [...offsets]
    .map((offset) => localMs - offset)
    .filter((utcMs) => utcMs + zone.offsetMsAt(utcMs) === localMs)
    .sort((a, b) => a - b);
}

function usage(message: string, hint: string): AtbdError {
  return new AtbdError({ code: 'USAGE_INVALID', message, hint });
}
