import { z } from 'zod';
import { defineQuery } from '../clickhouse/define-query.js';

/**
 * Which of these actions have an event that queries find; at most 1,000 are asked for. One whose events are on several shards is
 * named by each. Events before `fromMs` are not looked at.
 */
export const visibleOps = defineQuery({
  name: 'visible_ops',
  params: z.object({ ids: z.array(z.string()).max(1_000), fromMs: z.int() }),
  row: z.object({ id: z.string() }),
  sql: `
    SELECT DISTINCT op_id AS id
    FROM events_local
    WHERE ts >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC') AND op_id IN {ids:Array(String)}
    ORDER BY id
    LIMIT 1000`,
  merge: { compare: (a, b) => (a.id === b.id ? 0 : a.id < b.id ? -1 : 1), limit: 1_000 },
});
