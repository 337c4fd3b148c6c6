import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { askParts, scopeSql, type AnomalyScope } from './anomaly-query.js';

/** How many actions somebody began within one window. */
interface OperationCount {
  readonly operation: string;
  readonly who: string;
  readonly windowMs: number;
  readonly actions: number;
}

interface CountFrequency {
  readonly operation: string;
  readonly actions: number;
  readonly windows: number;
}

/** Windows of one operation that are looked at closely: the ones with the most actions. */
const LARGEST_MAX = 1_000;

/** Different numbers of actions within a window, of all operations. */
const FREQUENCIES_MAX = 1_000_000;

/** Who acts is a user, or the session where nobody is known. */
const WHO = `if(user_id != '', concat('user ', user_id), concat('session ', session_id))`;

/**
 * Actions (distinct op_ids) by operation, user and window: those with the most, and how often each number occurs. An action counts
 * in the window of its first event.
 */
export async function readOperationCounts(
  store: Store,
  scope: AnomalyScope & { readonly windowMs: number },
  options: QueryOptions,
): Promise<{
  readonly largest: readonly OperationCount[];
  readonly frequencies: readonly CountFrequency[];
  readonly missingShards: readonly number[];
}> {
  const [largest, frequencies] = await Promise.all([
    askParts(
      store,
      {
        name: 'largest_operation_counts',
        build: (params) => `
    SELECT action_operation AS operation, who, window, count() AS actions
    FROM (${actionsSql(scopeSql(scope, params), params.add('Int64', scope.windowMs))})
    GROUP BY operation, who, window
    ORDER BY operation, actions DESC, who, window
    LIMIT ${params.add('UInt32', LARGEST_MAX)} BY operation`,
      },
      (row) => ({
        operation: row['operation'] as string,
        who: row['who'] as string,
        windowMs: Number(row['window']) * scope.windowMs,
        actions: Number(row['actions']),
      }),
      options,
    ),
    askParts(
      store,
      {
        name: 'operation_count_frequencies',
        build: (params) => `
    SELECT operation, actions, count() AS windows
    FROM (
      SELECT action_operation AS operation, who, window, count() AS actions
      FROM (${actionsSql(scopeSql(scope, params), params.add('Int64', scope.windowMs))})
      GROUP BY operation, who, window
    )
    GROUP BY operation, actions
    ORDER BY operation, actions
    LIMIT ${params.add('UInt32', FREQUENCIES_MAX)}`,
      },
      (row) => ({
        operation: row['operation'] as string,
        actions: Number(row['actions']),
        windows: Number(row['windows']),
      }),
      options,
    ),
  ]);
  return {
    largest: largest.rows,
    frequencies: frequencies.rows,
    missingShards: [...new Set([...largest.missingShards, ...frequencies.missingShards])],
  };
}

/** One row for each action: it is of the operation and of whom its first event says. */
function actionsSql(condition: string, windowMs: string): string {
  return `
      SELECT argMin(events.operation, (ts, events.operation)) AS action_operation, argMin(${WHO}, (ts, ${WHO})) AS who,
        intDiv(toUnixTimestamp64Milli(min(ts)), ${windowMs}) AS window
      FROM events
      WHERE ${condition} AND op_id != '' AND operation != '' AND (user_id != '' OR session_id != '')
      GROUP BY op_id`;
}
