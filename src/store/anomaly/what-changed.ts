import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { askParts, scopeSql, type AnomalyScope } from './anomaly-query.js';

interface ValueCounts {
  readonly field: string;
  readonly value: string;
  readonly bad: number;
  readonly all: number;
}

/** Values of a field that are compared: those that are most often in what went wrong. */
const VALUES_MAX = 200;

/** Fields in which a cause can show; `source` is file:line. */
const FIELDS = [
  ['provider', 'toString(provider)'],
  ['service', 'toString(service)'],
  ['operation', 'toString(operation)'],
  ['node', 'toString(node)'],
  ['host', 'toString(host)'],
  ['pod', 'toString(pod)'],
  ['module', 'toString(module)'],
  ['source', `if(file = '', '', concat(file, ':', toString(ifNull(line, 0))))`],
  ['currency', 'toString(currency)'],
] as const;

/** What went wrong: an error that is said, a request, an attempt or an order that failed. */
const IS_BAD = `level IN ('error', 'fatal') OR (kind != 'metric' AND status IN ('error', 'failed', 'timeout'))`;

/**
 * How often each value of each field stands in what went wrong and in all that happened; metrics, which cannot go
 * wrong, are left out. Of `totals` the events that have the field at all.
 */
export async function readWhatChanged(
  store: Store,
  scope: AnomalyScope,
  options: QueryOptions,
): Promise<{
  readonly values: readonly ValueCounts[];
  readonly totals: readonly Omit<ValueCounts, 'value'>[];
  readonly missingShards: readonly number[];
}> {
  const pairs = FIELDS.map(([name, sql]) => `('${name}', ${sql})`).join(', ');
  const { rows, missingShards } = await askParts(
    store,
    {
      name: 'what_changed',
      build: (params) => `
    SELECT pair.1 AS field, pair.2 AS value, countIf(${IS_BAD}) AS bad, count() AS all,
      sum(bad) OVER (PARTITION BY field) AS field_bad, sum(all) OVER (PARTITION BY field) AS field_all
    FROM events ARRAY JOIN [${pairs}] AS pair
    WHERE ${scopeSql(scope, params)} AND kind != 'metric' AND pair.2 != ''
    GROUP BY field, value
    ORDER BY field, bad DESC, value
    LIMIT ${params.add('UInt32', VALUES_MAX)} BY field`,
    },
    (row) => ({
      field: row['field'] as string,
      value: row['value'] as string,
      bad: Number(row['bad']),
      all: Number(row['all']),
      total: { bad: Number(row['field_bad']), all: Number(row['field_all']) },
    }),
    options,
  );
  const totals = new Map(rows.map(({ field, total }) => [field, { field, ...total }]));
  return {
    values: rows.map(({ field, value, bad, all }) => ({ field, value, bad, all })),
    totals: [...totals.values()],
    missingShards,
  };
}
