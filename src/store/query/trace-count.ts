import { z } from 'zod';
import { defineQuery } from '../clickhouse/define-query.js';

/** How many events an action has, where more were found than are read. */
export const countOfTrace = defineQuery({
  name: 'trace_count',
  params: z.object({ id: z.string() }),
  row: z.object({ eventCount: z.coerce.number() }),
  sql: `SELECT count() AS eventCount FROM events WHERE op_id = {id:String} LIMIT 1`,
});
