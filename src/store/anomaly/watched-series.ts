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
  /** Its name for one operation, where operations are told apart. */
  readonly whatOf?: (operation: string) => string;
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
      // A purchase takes many times as long as a look at a page: the p95 of both tells how many purchases there were.
      whatOf: (operation) => `p95 of ${operation} requests (ms)`,
      who: 'service',
      kind: 'measure',
      where: () => `kind = 'span' AND duration_count > 0`,
      // Of a few requests it is nearly the longest one: no figure to be alarmed by.
      sql: `if(sum(duration_count) < 100, NULL, quantilesBFloat16Merge(0.5, 0.9, 0.95, 0.99)(duration_quantiles)[3])`,
    },
  ];
}

/** Whether the roll-up of traffic can tell these events from all others: figures of no others are watched. */
export function canBeWatched(events: Filter): boolean {
  return keepsApart('traffic_1m', { fields: [], filter: events });
}

/** Attempts that are told by a field that the roll-up does not have are not watched: weeks of events are too many to read. */
function attemptCounts({ spec, attempts }: Journeys): WatchedFigure[] {
  if (!canBeWatched(attempts)) return [];
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

interface WatchedQuestion {
  readonly journeys: Journeys;
  readonly buckets: Buckets;
  readonly filter: Filter;
}

/** Every watched figure by service (and operation), provider or type over the intervals; without events a count is 0. */
export async function readWatchedSeries(
  store: Store,
  question: WatchedQuestion,
  options: QueryOptions,
): Promise<{
  readonly series: readonly WatchedValues[];
  readonly missingShards: readonly number[];
}> {
  const answers = await Promise.all(
    watchedFigures(question.journeys).map(async (figure, index) => {
      const { rows, missingShards } = await askParts(
        store,
        { name: `watched_series_${index}`, build: (params) => figureSql(figure, question, params) },
        toValue,
        options,
      );
      return { series: seriesOf(figure, rows, question.buckets), missingShards };
    }),
  );
  return {
    series: answers.flatMap(({ series }) => series),
    missingShards: [...new Set(answers.flatMap(({ missingShards }) => missingShards))],
  };
}

interface WatchedValue {
  readonly startMs: number;
  readonly label: string;
  /** Empty where operations are not told apart, and of requests that say none. */
  readonly operation: string;
  readonly value: number;
}

function toValue(row: Readonly<Record<string, unknown>>): WatchedValue {
  return {
    startMs: Number(row['start']),
    label: row['label'] as string,
    operation: row['part'] as string,
    value: Number(row['value']),
  };
}

function figureSql(
  { who, whatOf, where, sql }: WatchedFigure,
  { buckets, filter }: WatchedQuestion,
  params: SqlParams,
): string {
  return `
    SELECT roundDown(toInt64(toUnixTimestamp(minute)) * 1000, ${params.add('Array(Int64)', buckets.startsMs)}) AS start,
      toString(${who}) AS label, ${whatOf === undefined ? `''` : 'toString(operation)'} AS part, ${sql} AS value
    FROM traffic_1m
    WHERE minute >= toDateTime(${params.add('Int64', (buckets.startsMs[0] ?? 0) / 1000)}, 'UTC')
      AND minute < toDateTime(${params.add('Int64', buckets.endMs / 1000)}, 'UTC')
      AND (${where(params)}) AND (${filterToSql(filter, params)}) AND label != ''
    GROUP BY start, label, part
    HAVING value IS NOT NULL
    ORDER BY label, part, start
    LIMIT ${params.add('UInt32', ROWS_MAX)}`;
}

function seriesOf(
  { what, whatOf, kind }: WatchedFigure,
  rows: readonly WatchedValue[],
  { startsMs }: Buckets,
): WatchedValues[] {
  const at = new Map(startsMs.map((ms, index) => [ms, index]));
  const byName = new Map<string, WatchedValues & { readonly values: (number | null)[] }>();
  for (const { startMs, label, operation, value } of rows) {
    const name = whatOf === undefined || operation === '' ? what : whatOf(operation);
    const key = `${name}\0${label}`;
    const values =
      byName.get(key)?.values ?? startsMs.map((): number | null => (kind === 'count' ? 0 : null));
    const place = at.get(startMs);
    if (place !== undefined) values[place] = value;
    byName.set(key, { what: name, who: label, kind, values });
  }
  return [...byName.values()];
}
