import { defineQuery } from '../../clickhouse/define-query.js';
import { number, paramsOf, rowOf } from '../../clickhouse/row-check.js';

/** How many events some actions have together, where more were found than are read. */
export const countOfTrace = defineQuery({
  name: 'trace_count',
  params: paramsOf<{ readonly ids: readonly string[] }>(),
  row: rowOf({ eventCount: number }),
  sql: `SELECT count() AS eventCount FROM events WHERE op_id IN {ids:Array(String)} LIMIT 1`,
});
