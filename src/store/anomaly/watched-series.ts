import type { Buckets } from '../../engine/model/question/answer.js';
import type { Filter } from '../../engine/model/filter.js';
import type { Journeys } from '../../engine/model/question/journeys.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { keepsApart } from '../metric/rollup.js';
import { filterToSql } from '../query/filter-sql.js';
import type { SqlParams } from '../query/sql-params.js';
import { askParts } from './anomaly-query.js';

/** A figure over time, as `engine/anomaly/seasonal.ts` judges it. */
interface WatchedValues {
  readonly what: string;
  readonly who: string;
  readonly kind: 'count' | 'measure';
  /** By interval. */
  readonly values: readonly (number | null)[];
}

/** A figure of the roll-up of traffic. */
interface WatchedFigure {
  readonly what: string;
  readonly who: 'service' | 'provider' | 'type';
  readonly kind: 'count' | 'measure';
  /** A condition on its rows. */
  readonly where: (params: SqlParams) => string;
  readonly sql: string;
}

/** What is watched: all of it is in the roll-up of traffic, so that weeks of history cost little. */
function watchedFigures(journeys: Journeys): WatchedFigure[] {
  return [
    countOf('events', 'service', () => '1'),
    countOf('errors', 'service', () => `level IN ('error', 'fatal')`),
    countOf('failed requests', 'service', () => `kind = 'span' AND status NOT IN ('ok', '')`),
    ...attemptCounts(journeys),
    countOf('facts', 'type', () => `kind = 'record'`),
    {
      what: 'p95 of requests (ms)',
      who: 'service',
      kind: 'measure',
      where: () => `kind = 'span' AND duration_count > 0`,
      // Of a few requests it is nearly the longest one: no figure to be alarmed by.
      sql: `if(sum(duration_count) < 100, NULL, quantilesBFloat16Merge(0.5, 0.9, 0.95, 0.99)(duration_quantiles)[3])`,
    },
  ];
}

/** Attempts that are told by a field that the roll-up does not have are not watched: weeks of events are too many to read. */
function attemptCounts({ spec, attempts }: Journeys): WatchedFigure[] {
  if (!keepsApart('traffic_1m', { fields: [], filter: attempts })) return [];
  const { okStatuses } = spec.attempts;
  return [
    countOf('attempts', 'provider', (params) => filterToSql(attempts, params)),
    countOf(
      'failed attempts',
      'provider',
      (params) =>
        `(${filterToSql(attempts, params)}) AND status NOT IN ${params.add('Array(String)', okStatuses)}`,
    ),
  ];
}

function countOf(
  what: string,
  who: WatchedFigure['who'],
  where: WatchedFigure['where'],
): WatchedFigure {
  return { what, who, kind: 'count', where, sql: 'sum(count)' };
}

/** Series times intervals; beyond this the answer would be cut, and is refused by the limit on rows read. */
const ROWS_MAX = 2_000_000;

/** Every watched figure by service, provider or type over the intervals; without events a count is 0. */
export async function readWatchedSeries(
  store: Store,
  {
    journeys,
    buckets,
    filter,
  }: { readonly journeys: Journeys; readonly buckets: Buckets; readonly filter: Filter },
  options: QueryOptions,
): Promise<{
  readonly series: readonly WatchedValues[];
  readonly missingShards: readonly number[];
}> {
  const watched = watchedFigures(journeys);
  const answers = await Promise.all(
    watched.map(({ who, where, sql }, index) =>
      askParts(
        store,
        {
          name: `watched_series_${index}`,
          build: (params) => `
    SELECT roundDown(toInt64(toUnixTimestamp(minute)) * 1000, ${params.add('Array(Int64)', buckets.startsMs)}) AS start,
      toString(${who}) AS label, ${sql} AS value
    FROM traffic_1m
    WHERE minute >= toDateTime(${params.add('Int64', (buckets.startsMs[0] ?? 0) / 1000)}, 'UTC')
      AND minute < toDateTime(${params.add('Int64', buckets.endMs / 1000)}, 'UTC')
      AND (${where(params)}) AND (${filterToSql(filter, params)}) AND label != ''
    GROUP BY start, label
    ORDER BY label, start
    LIMIT ${params.add('UInt32', ROWS_MAX)}`,
        },
        (row) => ({
          startMs: Number(row['start']),
          label: row['label'] as string,
          value: row['value'] === null ? null : Number(row['value']),
        }),
        options,
      ),
    ),
  );
  const at = new Map(buckets.startsMs.map((ms, index) => [ms, index]));
  const series = watched.flatMap(({ what, kind }, index) => {
    const byLabel = new Map<string, (number | null)[]>();
    for (const { startMs, label, value } of answers[index]?.rows ?? []) {
      const values =
        byLabel.get(label) ??
        buckets.startsMs.map((): number | null => (kind === 'count' ? 0 : null));
      const place = at.get(startMs);
      if (place !== undefined) values[place] = value;
      byLabel.set(label, values);
    }
    return [...byLabel].map(([who, values]) => ({ what, who, kind, values }));
  });
  return {
    series,
    missingShards: [...new Set(answers.flatMap(({ missingShards }) => missingShards))],
  };
}
