import type { Filter } from '../../../engine/model/filter.js';
import { defineQuery, type QueryAnswer, type QueryOptions } from '../../clickhouse/define-query.js';
import type { Store } from '../../clickhouse/store.js';
import { filterToSql } from '../filter-sql.js';
import { instantSql, SqlParams } from '../sql-params.js';

/** Which actions are asked for. */
export interface ActionSearch {
  /** What must hold for the action: each comparison in it when some event of the action satisfies it. */
  readonly condition: Filter;
  /** One event must satisfy all of it. */
  readonly isOneEvent: boolean;
  /** Only these events are looked at. */
  readonly events: Filter;
  /** null: without that end. */
  readonly fromNs: bigint | null;
  readonly toNs: bigint | null;
  readonly limit: number;
}

/** An action that was found, and how many there are in all. */
export interface FoundAction {
  readonly opId: string;
  readonly actionCount: number;
}

/** Finds the actions for which a condition holds, the latest first. */
export function findActions(
  store: Store,
  search: ActionSearch,
  options: QueryOptions,
): Promise<QueryAnswer<FoundAction>> {
  const { condition, isOneEvent, events, fromNs, toNs, limit } = search;
  const params = new SqlParams();
  const range = [
    ...(fromNs === null ? [] : [`ts >= ${instantSql(fromNs, params)}`]),
    ...(toNs === null ? [] : [`ts < ${instantSql(toNs, params)}`]),
  ];
  const where = [...range, `op_id != ''`, filterToSql(events, params)];
  const having = isOneEvent ? eventSql(condition, params) : actionSql(condition, params);
  const sql = `
    SELECT op_id AS opId, count() OVER () AS actionCount
    FROM events
    WHERE ${where.map((part) => `(${part})`).join(' AND ')}
    GROUP BY op_id
    HAVING ${having}
    ORDER BY max(ts) DESC, op_id
    LIMIT ${params.add('UInt32', limit)}`;
  const query = defineQuery({
    name: 'find_actions',
    params: { parse: (values) => values as SqlParams['values'] },
    row: {
      parse: (row) => {
        const { opId, actionCount } = row as { opId: string; actionCount: string };
        return { opId, actionCount: Number(actionCount) };
      },
    },
    sql,
  });
  return query(store, params.values, options);
}

/** Some event satisfies the whole. */
function eventSql(filter: Filter, params: SqlParams): string {
  return `countIf(${filterToSql(filter, params)}) > 0`;
}

/** Each comparison holds when some event satisfies it; they are joined for the action as a whole, so `!` says: no event. */
function actionSql(filter: Filter, params: SqlParams): string {
  if (filter.kind === 'not') return `NOT (${actionSql(filter.part, params)})`;
  if (filter.kind !== 'all' && filter.kind !== 'any') return eventSql(filter, params);
  if (filter.parts.length === 0) return filter.kind === 'all' ? '1' : '0';
  const parts = filter.parts.map((part) => `(${actionSql(part, params)})`);
  return parts.join(filter.kind === 'all' ? ' AND ' : ' OR ');
}
