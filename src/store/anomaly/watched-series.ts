import type { Buckets } from '../../engine/model/question/answer.js';
import type { Filter } from '../../engine/model/filter.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { filterToSql } from '../query/filter-sql.js';
import { askParts } from './anomaly-query.js';

/** A figure over time, as `engine/anomaly/seasonal.ts` judges it. */
interface WatchedValues {
  readonly what: string;
  readonly who: string;
  readonly kind: 'count' | 'measure';
  /** By interval. */
  readonly values: readonly (number | null)[];
}

/** What is watched: all of it is in the roll-up of traffic, so that weeks of history cost little. */
const WATCHED = [
  { what: 'events', who: 'service', kind: 'count', where: `1`, sql: 'sum(count)' },
  {
    what: 'errors',
    who: 'service',
    kind: 'count',
    where: `level IN ('error', 'fatal')`,
    sql: 'sum(count)',
  },
  {
    what: 'failed requests',
    who: 'service',
    kind: 'count',
    where: `kind = 'span' AND status NOT IN ('ok', '')`,
    sql: 'sum(count)',
  },
  {
    what: 'attempts',
    who: 'provider',
    kind: 'count',
    where: `type = 'payment.attempt'`,
    sql: 'sum(count)',
  },
  {
    what: 'failed attempts',
    who: 'provider',
    kind: 'count',
    where: `type = 'payment.attempt' AND status != 'ok'`,
    sql: 'sum(count)',
  },
  {
    what: 'facts',
    who: 'type',
    kind: 'count',
    where: `kind = 'record'`,
    sql: 'sum(count)',
  },
  {
    what: 'p95 of requests (ms)',
    who: 'service',
    kind: 'measure',
    where: `kind = 'span' AND duration_count > 0`,
    // Of a few requests it is nearly the longest one: no figure to be alarmed by.
    sql: `if(sum(duration_count) < 100, NULL, quantilesBFloat16Merge(0.5, 0.9, 0.95, 0.99)(duration_quantiles)[3])`,
  },
] as const;

/** Series times intervals; beyond this the answer would be cut, and is refused by the limit on rows read. */
const ROWS_MAX = 2_000_000;

/** Every watched figure by service, provider or type over the intervals; without events a count is 0. */
export async function readWatchedSeries(
  store: Store,
  { buckets, filter }: { readonly buckets: Buckets; readonly filter: Filter },
  options: QueryOptions,
): Promise<{
  readonly series: readonly WatchedValues[];
  readonly missingShards: readonly number[];
}> {
  const answers = await Promise.all(
    WATCHED.map(({ who, where, sql }, index) =>
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
      AND (${where}) AND (${filterToSql(filter, params)}) AND label != ''
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
  const series = WATCHED.flatMap(({ what, kind }, index) => {
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
