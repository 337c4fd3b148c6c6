import type { Answer, AnswerRange, Buckets } from '../../../../engine/model/question/answer.js';
import { bucketsOf, parseEvery } from '../../../../engine/question/buckets.js';
import type { Store } from '../../../../store/clickhouse/store.js';
import type { HistogramQuestion } from '../../../../store/search/histogram.js';
import type { LogsQuestion } from '../logs-question.js';

/** The interval that stands for a choice by the length of the range. */
export const AUTO_INTERVAL = 'auto';

/** Intervals to choose from, in minutes: the first that makes no more lines than a screen has. */
const EVERY_MINUTES = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 7 * 1440];
const INTERVALS_MAX = 48;
const MS_PER_MINUTE = 60_000;
const MINUTES_PER_DAY = 1440;
const NS_PER_MS = 1_000_000n;

/** An event may be so far ahead of the clock (engine/model/limit.ts); a later one counts in the last interval. */
const AHEAD_MS = 10 * MS_PER_MINUTE;

/** Counts by interval and level over all that a search finds. */
export async function askHistogram(
  store: Store,
  { every, question, signal }: HistogramRequest,
): Promise<Answer> {
  const { readHistogram } = await import('../../../../store/search/histogram.js');
  return readHistogram(store, await toHistogram(store, { every, question, signal }), { signal });
}

export interface HistogramRequest {
  /** A duration, or `auto`. */
  readonly every: string;
  readonly question: LogsQuestion;
  readonly signal: AbortSignal;
}

/** The intervals of the question; a range without a beginning begins with the first event. */
export async function toHistogram(
  store: Store,
  { every, question, signal }: HistogramRequest,
): Promise<HistogramQuestion> {
  const { filter, range, zone, nowMs } = question;
  const { readTimeBounds } = await import('../../../../store/search/time-bounds.js');
  const end = range.toNs ?? BigInt(nowMs + AHEAD_MS) * NS_PER_MS;
  const fromNs =
    range.fromNs ?? (await readTimeBounds(store, { filter, range }, { signal }))?.fromNs ?? end;
  const bounds = { fromNs, toNs: end > fromNs ? end : fromNs + 1n };
  const everyMs =
    every === AUTO_INTERVAL ? everyOf(bounds) : parseEvery(every, { flag: '--histogram' });
  const buckets = bucketsOf(bounds, everyMs, zone);
  const isOpen = range.toNs === null;
  return {
    filter,
    range,
    bounds,
    buckets,
    quietFromMs: isOpen ? startAfter(buckets, nowMs) : null,
  };
}

/** The first interval that has not begun: it is left out unless an event is ahead of the clock. */
function startAfter({ startsMs, endMs }: Buckets, nowMs: number): number {
  return startsMs.find((ms) => ms > nowMs) ?? endMs;
}

function everyOf({ fromNs, toNs }: AnswerRange): number {
  const minutes = Number((toNs - fromNs) / NS_PER_MS) / MS_PER_MINUTE;
  const fitting = EVERY_MINUTES.find((every) => minutes / every <= INTERVALS_MAX);
  const days = Math.ceil(minutes / INTERVALS_MAX / MINUTES_PER_DAY);
  return (fitting ?? days * MINUTES_PER_DAY) * MS_PER_MINUTE;
}
