import { byScore, type Anomaly } from '../../../engine/anomaly/anomaly.js';
import { findMultitudes } from '../../../engine/anomaly/multitude.js';
import { findRefunders } from '../../../engine/anomaly/refunds.js';
import { findUnusual } from '../../../engine/anomaly/seasonal.js';
import type { Filter } from '../../../engine/model/filter.js';
import type { AnswerRange } from '../../../engine/model/question/answer.js';
import type { Journeys } from '../../../engine/model/question/journeys.js';
import { alignDown, bucketsOf } from '../../../engine/question/buckets.js';
import type { Zone } from '../../../engine/time/zone.js';
import { readOperationCounts } from '../../../store/anomaly/operation-counts.js';
import { readUserOrders } from '../../../store/anomaly/user-orders.js';
import { canBeWatched, readWatchedSeries } from '../../../store/anomaly/watched-series.js';
import type { QueryOptions } from '../../../store/clickhouse/define-query.js';
import type { Store } from '../../../store/clickhouse/store.js';
import { rollupCompleteFrom } from '../../../store/metric/rollup-state.js';

/** Where and how anomalies are looked for. */
export interface AnomalySearch {
  readonly range: AnswerRange;
  readonly filter: Filter;
  readonly journeys: Journeys;
  readonly zone: Zone;
  /** Width of an interval of the series. */
  readonly everyMs: number;
  /** How far back what is usual is learnt. */
  readonly historyMs: number;
}

export interface AnomalyFindings {
  /** The farthest from usual first. */
  readonly anomalies: readonly Anomaly[];
  /** Series that have too little history to be judged; null: none was read. */
  readonly warmingUp: number | null;
  readonly unwatched: readonly Unwatched[];
  readonly missingShards: readonly number[];
}

/**
 * What was not looked at, and why. `series-unknown`: not every shard has said from when on its roll-up is complete;
 * `series-filter`, `attempts`: conditions of the question, or what journeys call an attempt, name a field that the roll-up lacks.
 */
export type Unwatched = 'series-unknown' | 'series-filter' | 'attempts';

/** A hand is slower than this; a program does many times more in it. */
const WINDOW_MS = 5 * 60_000;

const NS_PER_MS = 1_000_000n;

/** Looks for multitudes, for those who buy to be paid back, and for series that leave what is usual at their hour. */
export async function readAnomalies(
  store: Store,
  search: AnomalySearch,
  options: QueryOptions,
): Promise<AnomalyFindings> {
  const [multitudes, refunds, series] = await Promise.all([
    readOperationCounts(store, { ...search, windowMs: WINDOW_MS }, options),
    readUserOrders(store, search, options),
    readSeries(store, search, options),
  ]);
  const found = [
    ...findMultitudes(multitudes.largest, multitudes.frequencies, { windowMs: WINDOW_MS }),
    ...findRefunders(refunds.users, refunds.all),
    ...series.anomalies,
  ];
  return {
    anomalies: found.toSorted(byScore),
    warmingUp: series.warmingUp,
    unwatched: series.unwatched,
    missingShards: [
      ...new Set([...multitudes.missingShards, ...refunds.missingShards, ...series.missingShards]),
    ].toSorted((a, b) => a - b),
  };
}

async function readSeries(
  store: Store,
  search: AnomalySearch,
  options: QueryOptions,
): Promise<AnomalyFindings> {
  const { journeys, range, filter, zone, everyMs, historyMs } = search;
  if (!canBeWatched(filter)) return nothingWatched('series-filter');
  const completeFrom = await rollupCompleteFrom(store, 'traffic_1m', options);
  if (completeFrom === null) return nothingWatched('series-unknown');
  const judgedFromMs = alignDown(Number(range.fromNs / NS_PER_MS), everyMs, zone);
  const wantedMs = judgedFromMs - historyMs;
  // History that the roll-up has only in part would teach that less is usual.
  const knownMs = Math.ceil(Number(completeFrom / NS_PER_MS) / everyMs) * everyMs;
  const fromMs = alignDown(Math.max(wantedMs, knownMs), everyMs, zone);
  const whole = { fromNs: BigInt(Math.min(fromMs, judgedFromMs)) * NS_PER_MS, toNs: range.toNs };
  const buckets = bucketsOf(whole, everyMs, zone);
  const { series, missingShards } = await readWatchedSeries(
    store,
    { journeys, buckets, filter },
    options,
  );
  const { startsMs } = buckets;
  const verdict = findUnusual(series, {
    startsMs,
    everyMs,
    judgedFromMs,
    offsetMsAt: (ms) => zone.offsetMsAt(ms),
  });
  return {
    ...verdict,
    unwatched: canBeWatched(journeys.attempts) ? [] : ['attempts'],
    missingShards,
  };
}

function nothingWatched(why: Unwatched): AnomalyFindings {
  return { anomalies: [], warmingUp: null, unwatched: [why], missingShards: [] };
}
