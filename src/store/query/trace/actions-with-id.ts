import { z } from 'zod';
import { LOOKUP_FIELDS } from '../../../engine/model/action-summary.js';
import { defineQuery } from '../../clickhouse/define-query.js';

/** The actions that have an event with this value in a field, the newest first, and in each row how many there are in all. */
export const actionsWithId = defineQuery({
  name: 'actions_with_id',
  params: z.object({
    field: z.enum(LOOKUP_FIELDS),
    id: z.string(),
    limit: z.int().positive(),
  }),
  row: z.object({ opId: z.string(), actionCount: z.coerce.number() }),
  // The field is one of our own names; what stands in it is a parameter.
  sql: ({ field }) => `
    SELECT op_id AS opId, count() OVER () AS actionCount
    FROM events
    WHERE op_id != '' AND ${field} = {id:String}
    GROUP BY op_id
    ORDER BY min(ts) DESC, op_id
    LIMIT {limit:UInt32}`,
});
