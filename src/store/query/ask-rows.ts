import { defineQuery, type QueryAnswer, type QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import type { SqlParams } from './sql-params.js';

/** A row of an answer whose columns are of our own choice. */
export type Row = Readonly<Record<string, unknown>>;

/** SQL that was put together from parts, and its values. */
export interface BuiltQuery {
  /** Becomes log_comment. */
  readonly name: string;
  readonly sql: string;
  readonly params: SqlParams;
  /** See `QueryDefinition`. */
  readonly stopsEarly?: boolean;
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** Asks it on all shards. */
export function askRows(
  store: Store,
  { name, sql, params, stopsEarly = false, settings = {} }: BuiltQuery,
  options: QueryOptions,
): Promise<QueryAnswer<Row>> {
  const query = defineQuery({
    name,
    params: { parse: (values) => values as SqlParams['values'] },
    row: { parse: (row) => row as Row },
    sql,
    stopsEarly,
    settings,
  });
  return query(store, params.values, options);
}
