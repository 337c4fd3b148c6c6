import { z } from 'zod';
import { defineQuery } from '../clickhouse/define-query.js';

/** What each service did since then: events, errors, and how long its requests took (99 of 100 took less). Busiest first. */
export const serviceFigures = defineQuery({
  name: 'service_figures',
  params: z.object({ fromMs: z.int(), limit: z.int().positive() }),
  row: z.object({
    service: z.string(),
    eventCount: z.coerce.number(),
    errorCount: z.coerce.number(),
    durationMsP99: z.number().nullable(),
  }),
  sql: `
    SELECT
      service,
      count() AS eventCount,
      countIf(level IN ('error', 'fatal')) AS errorCount,
      if(count(duration_ms) = 0, NULL, quantileBFloat16(0.99)(duration_ms)) AS durationMsP99
    FROM events
    WHERE ts >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
    GROUP BY service
    ORDER BY eventCount DESC, service
    LIMIT {limit:UInt32}`,
});
