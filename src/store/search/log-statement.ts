import { EVENT_FIELDS } from '../../engine/model/event.js';
import type { SelectedField } from '../../engine/model/stored-event.js';
import { ORDER_KEY } from '../query/event-order.js';
import { logConditions, type LogQuestion } from '../query/log-query.js';
import { SqlParams } from '../query/sql-params.js';
import type { StatementParts } from './readable-sql.js';

/** The page of a search as one would write it by hand: columns by their names, from all shards at once. */
export function logStatement(question: LogQuestion): StatementParts {
  const { fields, isAscending, limit } = question;
  const params = new SqlParams();
  const columns = fields.map((field) => columnOf(field, params));
  const conditions = logConditions(question, params);
  const order = ORDER_KEY.map((column) => `${column} ${isAscending ? 'ASC' : 'DESC'}`);
  const sql = `
    SELECT ${columns.join(', ')}
    FROM events
    WHERE ${conditions.map((condition) => `(${condition})`).join('\n      AND ')}
    ORDER BY ${order.join(', ')}
    LIMIT ${params.add('UInt32', limit)}`;
  return { sql, params };
}

/** Names come from our own list; keys of attrs are values like any other. */
function columnOf(field: SelectedField, params: SqlParams): string {
  if (field.kind === 'attr') return `attrs[${params.add('String', field.key)}]`;
  // Those of the queue's position are words of SQL, too.
  return Object.hasOwn(EVENT_FIELDS, field.name) ? field.name : `\`${field.name}\``;
}
