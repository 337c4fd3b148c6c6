import type { Filter } from '../../engine/model/filter.js';
import type { AnswerRange } from '../../engine/model/question/answer.js';
import { defineQuery, type QueryAnswer, type QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { filterToSql } from '../query/filter-sql.js';
import { SqlParams } from '../query/sql-params.js';

/** Which events are looked at. */
export interface AnomalyScope {
  readonly range: AnswerRange;
  readonly filter: Filter;
}

/** Asks a question that is put together from parts; rows are taken as `toRow` makes them. */
export async function askParts<Row>(
  store: Store,
  { name, build }: { readonly name: string; readonly build: (params: SqlParams) => string },
  toRow: (row: Readonly<Record<string, unknown>>) => Row,
  options: QueryOptions,
): Promise<QueryAnswer<Row>> {
  const params = new SqlParams();
  const sql = build(params);
  const query = defineQuery({
    name,
    params: { parse: (values) => values as SqlParams['values'] },
    row: { parse: (row) => toRow(row as Readonly<Record<string, unknown>>) },
    sql,
  });
  return query(store, params.values, options);
}

/** The condition on `events` that the scope says. */
export function scopeSql({ range, filter }: AnomalyScope, params: SqlParams): string {
  return [
    `ts >= fromUnixTimestamp64Nano(${params.add('Int64', String(range.fromNs))}, 'UTC')`,
    `ts < fromUnixTimestamp64Nano(${params.add('Int64', String(range.toNs))}, 'UTC')`,
    `(${filterToSql(filter, params)})`,
  ].join(' AND ');
}
