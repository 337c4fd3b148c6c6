import { fieldsOf, type FieldRef, type Filter } from '../../engine/model/filter.js';

/** Roll-ups per minute (migration 0003) and the event fields that they keep apart. */
export const ROLLUPS = {
  traffic_1m: ['kind', 'type', 'level', 'service', 'operation', 'provider', 'status', 'currency'],
  requests_1m: ['service', 'operation', 'status', 'type'],
  users_1m: ['type', 'service', 'operation'],
  sessions_1m: ['user_id', 'session_id', 'operation'],
  metrics_1m: ['metric', 'unit', 'service', 'host', 'node', 'pod', 'container'],
} as const satisfies Readonly<Record<string, readonly FieldName[]>>;

export type RollupName = keyof typeof ROLLUPS;

/** A field of the event that can be a dimension. */
export type FieldName = Extract<FieldRef, { kind: 'field' }>['name'];

/** Whether a roll-up keeps apart all that is asked for, so that its answer is the events' own. */
export function keepsApart(
  rollup: RollupName,
  asked: { readonly fields: readonly FieldName[]; readonly filter: Filter },
): boolean {
  const kept: readonly string[] = ROLLUPS[rollup];
  return [...asked.fields, ...fieldsOf(asked.filter)].every((field) => kept.includes(field));
}
