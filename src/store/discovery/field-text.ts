import { EVENT_FIELDS } from '../../engine/model/event.js';
import type { FieldRef } from '../../engine/model/filter.js';
import type { SqlParams } from '../query/sql-params.js';

/** SQL for a field as text; empty where an event has none, as in every filter. Keys of attrs are values like any other. */
export function fieldText(field: FieldRef, params: SqlParams): string {
  if (field.kind === 'attr') return `attrs[${params.add('String', field.key)}]`;
  if (EVENT_FIELDS[field.name] === 'string') return `\`${field.name}\``;
  return `ifNull(toString(\`${field.name}\`), '')`;
}

/** As it is typed in a filter and in --fields. */
export function fieldLabel(field: FieldRef): string {
  return field.kind === 'field' ? field.name : `attrs.${field.key}`;
}
