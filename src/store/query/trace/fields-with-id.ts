import { z } from 'zod';
import { LOOKUP_FIELDS } from '../../../engine/model/action-summary.js';
import { defineQuery } from '../../clickhouse/define-query.js';

/** Which fields have this value in some event that belongs to an action. No index knows these fields: it reads all four columns. */
export const fieldsWithId = defineQuery({
  name: 'fields_with_id',
  params: z.object({ id: z.string() }),
  row: z.object({ field: z.enum(LOOKUP_FIELDS) }),
  sql: `
    SELECT DISTINCT arrayJoin(arrayFilter(
      field -> field != '',
      [${LOOKUP_FIELDS.map((field) => `if(${field} = {id:String}, '${field}', '')`).join(', ')}]
    )) AS field
    FROM events
    WHERE op_id != '' AND (${LOOKUP_FIELDS.map((field) => `${field} = {id:String}`).join(' OR ')})
    LIMIT 10`,
});
