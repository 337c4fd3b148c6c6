import type { Journeys } from '../../engine/model/question/journeys.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { filterToSql } from '../query/filter-sql.js';
import type { SqlParams } from '../query/sql-params.js';
import { askParts, scopeSql, type AnomalyScope } from './anomaly-query.js';

/** What one user bought and was paid back; orders, each once. */
interface UserOrders {
  readonly userId: string;
  readonly bought: number;
  readonly refunded: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Users that are looked at: those with the most refunds. */
const USERS_MAX = 10_000;

/** Orders bought and refunded by those who were paid back at all, and by everybody together. */
export async function readUserOrders(
  store: Store,
  scope: AnomalyScope & { readonly journeys: Journeys },
  options: QueryOptions,
): Promise<{
  readonly users: readonly UserOrders[];
  readonly all: { readonly bought: number; readonly refunded: number };
  readonly missingShards: readonly number[];
}> {
  const [users, all] = await Promise.all([
    askParts(
      store,
      {
        name: 'user_orders',
        build: (params) => `
    SELECT user_id, ${orderCounts(scope.journeys, params)},
      toUnixTimestamp64Milli(min(ts)) AS first, toUnixTimestamp64Milli(max(ts)) AS last
    FROM events
    WHERE ${scopeSql(scope, params)} AND order_id != '' AND user_id != '' AND ${isOrder(scope.journeys, params)}
    GROUP BY user_id
    HAVING refunded > 0
    ORDER BY refunded DESC, user_id
    LIMIT ${params.add('UInt32', USERS_MAX)}`,
      },
      (row) => ({
        userId: row['user_id'] as string,
        firstMs: Number(row['first']),
        lastMs: Number(row['last']),
        ...toCounts(row),
      }),
      options,
    ),
    askParts(
      store,
      {
        name: 'all_orders',
        build: (params) => `
    SELECT ${orderCounts(scope.journeys, params)}
    FROM events
    WHERE ${scopeSql(scope, params)} AND order_id != '' AND user_id != '' AND ${isOrder(scope.journeys, params)}
    LIMIT 1`,
      },
      toCounts,
      options,
    ),
  ]);
  return {
    users: users.rows,
    all: all.rows[0] ?? { bought: 0, refunded: 0 },
    missingShards: [...new Set([...users.missingShards, ...all.missingShards])],
  };
}

function toCounts(row: Readonly<Record<string, unknown>>): { bought: number; refunded: number } {
  return { bought: Number(row['bought']), refunded: Number(row['refunded']) };
}

/** An order that is said to be paid twice is one. */
function orderCounts({ settledOk, refunded }: Journeys, params: SqlParams): string {
  return (
    `uniqExactIf(order_id, ${filterToSql(settledOk, params)}) AS bought, ` +
    `uniqExactIf(order_id, ${filterToSql(refunded, params)}) AS refunded`
  );
}

function isOrder({ settledOk, refunded }: Journeys, params: SqlParams): string {
  return `((${filterToSql(settledOk, params)}) OR (${filterToSql(refunded, params)}))`;
}
