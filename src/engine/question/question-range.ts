import type { Clock } from '../model/clock.js';
import { AtbdError } from '../model/error.js';
import type { AnswerRange } from '../model/question/answer.js';
import { parseTimeRange, type TimeRangeInput } from '../time/time-range.js';
import type { Zone } from '../time/zone.js';
import { alignDown } from './buckets.js';

const NS_PER_MS = 1_000_000n;
const NS_PER_MINUTE = 60_000n * NS_PER_MS;
const MS_PER_MINUTE = 60_000;

export interface QuestionRangeOptions {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly zone: Zone;
  readonly defaultSince: string;
  /** Milliseconds of `--every`; undefined: one total. */
  readonly everyMs: number | undefined;
}

/**
 * The range of a question about figures. What is said relative to now begins on a whole minute, or on a whole interval of
 * `--every`, so that a figure is never of a cut interval by accident; what is said exactly is taken exactly. Without an
 * end it ends with the minute of now, so that the newest events are in.
 */
export function questionRange(input: TimeRangeInput, options: QuestionRangeOptions): AnswerRange {
  const { clock, zone, defaultSince, everyMs } = options;
  const range = parseTimeRange(input, { clock, zone, defaultSince });
  if (range.fromNs === null) {
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: 'cannot answer for a range without a beginning',
      hint: 'Add --from or --since.',
    });
  }
  const toNs =
    range.toNs ??
    (BigInt(Math.floor(clock.nowMs() / MS_PER_MINUTE)) * BigInt(MS_PER_MINUTE) + 60_000n) *
      NS_PER_MS;
  const isRelative = input.from === undefined;
  const fromNs = isRelative
    ? alignedNs(range.fromNs, everyMs ?? MS_PER_MINUTE, zone)
    : range.fromNs;
  return { fromNs, toNs: toNs > fromNs ? toNs : fromNs + NS_PER_MINUTE };
}

function alignedNs(ns: bigint, everyMs: number, zone: Zone): bigint {
  return BigInt(alignDown(Number(ns / NS_PER_MS), everyMs, zone)) * NS_PER_MS;
}
