import { isObject } from '../../format/common-names.js';
import type { EventFields } from '../../line-format.js';
import type { MapReason } from '../mapped-record.js';
import { readJson } from '../read-json.js';

/** What happened to a row, by Debezium's letter. `read` is a row that a snapshot found. */
const CHANGES = {
  c: 'created',
  u: 'updated',
  d: 'deleted',
  r: 'read',
  t: 'truncated',
} as const;
export type ChangeName = (typeof CHANGES)[keyof typeof CHANGES];

/** One change of one row (of a whole table, where it was truncated). */
export interface Change {
  readonly op: string;
  readonly name: ChangeName;
  readonly table: string;
  /** The row as it is, or as it was before it was deleted. */
  readonly row: EventFields;
  /** The row as it was before an update, where the database says so. */
  readonly before: EventFields | undefined;
  readonly source: EventFields;
  readonly payload: EventFields;
  /** What the envelope says of the row's columns; null without one. */
  readonly rowSchema: unknown;
}

/** A change as Debezium's JSON has it, with or without the envelope that carries the schema. */
export function readChange(value: EventFields): Change | MapReason {
  const { schema, payload = value } = value;
  if (payload === null) return 'tombstone';
  if (!isObject(payload)) return 'not_a_change';
  const { op, source } = payload;
  const name = typeof op === 'string' && Object.hasOwn(CHANGES, op) ? nameOf(op) : undefined;
  if (typeof op !== 'string' || name === undefined || !isObject(source)) return 'not_a_change';
  const table = source['table'] ?? source['collection'];
  if (typeof table !== 'string' || table === '') return 'not_a_change';
  const side = name === 'deleted' ? 'before' : 'after';
  const row = name === 'truncated' ? {} : rowOf(payload[side]);
  if (row === undefined) return 'not_a_change';
  return {
    ...{ op, name, table, row, source, payload },
    before: name === 'updated' ? rowOf(payload['before']) : undefined,
    rowSchema: isObject(schema) ? fieldOf(schema, side) : null,
  };
}

function nameOf(op: string): ChangeName {
  return CHANGES[op as keyof typeof CHANGES];
}

/** Of MongoDB a row is a text of JSON. */
function rowOf(value: unknown): EventFields | undefined {
  if (isObject(value)) return value;
  if (typeof value !== 'string') return undefined;
  const read = readJson(value);
  return read.kind === 'object' ? read.value : undefined;
}

/** The schema of one field of a struct. */
function fieldOf(schema: EventFields, name: string): unknown {
  const { fields } = schema;
  if (!Array.isArray(fields)) return undefined;
  return fields.find((field) => isObject(field) && field['field'] === name);
}
