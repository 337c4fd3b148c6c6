import { AtbdError } from '../model/error.js';
import type { AnswerRange, Buckets } from '../model/question/answer.js';
import { quoteValue } from '../model/visible-text.js';
import { DURATION_HINT, parseDuration } from '../time/duration.js';
import type { Zone } from '../time/zone.js';

const NS_PER_MS = 1_000_000n;
const MS_PER_MINUTE = 60_000;
const MS_PER_DAY = 86_400_000;

/** Intervals of one answer: more lines nobody reads, and each is a number that travels with the question. */
const BUCKET_COUNT_MAX = 10_000;

/**
 * Milliseconds of `--every`, or of the flag that takes the same: whole minutes that divide a day, or whole days, so that intervals fall on the hours of a clock.
 * Rejects with USAGE_INVALID.
 */
export function parseEvery(text: string, { flag = '--every' } = {}): number {
  const value = `${flag} ${quoteValue(text)}`;
  const ns = parseDuration(text);
  if (ns === null) throw usage(value, 'it is not a duration', DURATION_HINT);
  const ms = Number(ns / NS_PER_MS);
  const isWhole = ms > 0 && BigInt(ms) * NS_PER_MS === ns && ms % MS_PER_MINUTE === 0;
  const fits = ms < MS_PER_DAY ? MS_PER_DAY % ms === 0 : ms % MS_PER_DAY === 0;
  if (isWhole && fits) return ms;
  throw usage(
    value,
    'intervals are whole minutes that divide a day, or whole days',
    'Use for example 1m, 5m, 15m, 1h, 3h, 1d or 7d.',
  );
}

/**
 * The intervals that a range touches, aligned to midnight of the zone's clocks. A day is as long as the zone's clocks
 * make it; where they jump, shorter intervals go on counting from midnight, so the one with the jump may be shorter or longer.
 */
export function bucketsOf(range: AnswerRange, everyMs: number, zone: Zone): Buckets {
  const fromMs = Number(range.fromNs / NS_PER_MS);
  const toMs = Number((range.toNs + NS_PER_MS - 1n) / NS_PER_MS);
  const count = Math.ceil((toMs - fromMs) / everyMs);
  if (count > BUCKET_COUNT_MAX) {
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: `cannot answer in ${count} intervals: at most ${BUCKET_COUNT_MAX}`,
      hint: 'Choose longer intervals, or a shorter time range.',
    });
  }
  const startsMs: number[] = [];
  let startMs = alignDown(fromMs, everyMs, zone);
  while (startMs < toMs) {
    startsMs.push(startMs);
    startMs = nextStart(startMs, everyMs, zone);
  }
  return { startsMs, endMs: startMs, everyMs };
}

/** The start of the interval that a moment lies in. */
export function alignDown(atMs: number, everyMs: number, zone: Zone): number {
  if (hasWholeOffsets(atMs, everyMs, zone)) return atMs - mod(atMs, everyMs);
  const localMs = atMs + zone.offsetMsAt(atMs);
  return utcOf(localMs - mod(localMs, everyMs), zone);
}

function nextStart(startMs: number, everyMs: number, zone: Zone): number {
  if (hasWholeOffsets(startMs, everyMs, zone)) return startMs + everyMs;
  const localMs = startMs + zone.offsetMsAt(startMs);
  const next = utcOf(localMs - mod(localMs, everyMs) + everyMs, zone);
  // Where the clocks go back, the same local time comes twice: the interval is the longer one.
  return next > startMs ? next : startMs + everyMs;
}

/** Whether local and UTC boundaries are the same around a moment: then an hour that comes twice is two intervals. */
function hasWholeOffsets(atMs: number, everyMs: number, zone: Zone): boolean {
  return [atMs - MS_PER_DAY, atMs, atMs + MS_PER_DAY].every(
    (ms) => zone.offsetMsAt(ms) % everyMs === 0,
  );
}

/** The first moment at which the zone's clocks show a local time; where they skip it, when they jump. */
function utcOf(localMs: number, zone: Zone): number {
  // No zone is a day away from UTC, so these lie before and after the moment, and before and after a jump near it.
  const before = localMs - zone.offsetMsAt(localMs - MS_PER_DAY);
  const after = localMs - zone.offsetMsAt(localMs + MS_PER_DAY);
  const shown = [before, after].filter((at) => at + zone.offsetMsAt(at) === localMs);
  return shown.length === 0 ? before : Math.min(...shown);
}

function mod(value: number, by: number): number {
  return ((value % by) + by) % by;
}

function usage(value: string, why: string, hint: string): AtbdError {
  return new AtbdError({ code: 'USAGE_INVALID', message: `cannot use ${value}: ${why}`, hint });
}
