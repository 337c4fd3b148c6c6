import { z } from 'zod';
import { defineQuery } from '../../clickhouse/define-query.js';

/** How many events some actions have together, where more were found than are read. */
export const countOfTrace = defineQuery({
  name: 'trace_count',
  params: z.object({ ids: z.array(z.string()).readonly() }),
  row: z.object({ eventCount: z.coerce.number() }),
  sql: `SELECT count() AS eventCount FROM events WHERE op_id IN {ids:Array(String)} LIMIT 1`,
});
