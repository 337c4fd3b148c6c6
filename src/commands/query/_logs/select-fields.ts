import { AtbdError } from '../../../engine/model/error.js';
import { EVENT_FIELDS } from '../../../engine/model/event.js';
import { nearestName } from '../../../engine/model/nearest-name.js';
import {
  ALL_FIELDS,
  STORE_FIELDS,
  type SelectedField,
} from '../../../engine/model/stored-event.js';
import type { SearchFormat } from './log-format.js';

/** Fields as the server reads them, and what the user may have meant instead. */
export interface FieldSelection {
  readonly fields: readonly SelectedField[];
  /** Sentences for stderr: keys of attrs that look like a mistyped column. */
  readonly doubts: readonly string[];
}

const COLUMNS: readonly string[] = [...Object.keys(EVENT_FIELDS), ...STORE_FIELDS];
const ATTRS_PREFIX = 'attrs.';

/** More columns than this cannot be read by anyone; bounds the SQL. */
const FIELDS_MAX = 100;

/** Reads `--fields a,b`: columns by name, everything else as keys of attrs; rejects with USAGE_INVALID. */
export function selectFields(text: string): FieldSelection {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '' || name === ATTRS_PREFIX) || names.length > FIELDS_MAX) {
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: `cannot read --fields: ${names.length > FIELDS_MAX ? `more than ${FIELDS_MAX} names` : 'a name is empty'}`,
      hint: 'Write names parted by commas, for example --fields ts,service,message.',
    });
  }
  const fields = [...new Set(names)].map((name) => toField(name));
  const doubts = fields.flatMap((field) => {
    if (field.kind === 'column' || names.includes(`${ATTRS_PREFIX}${field.key}`)) return [];
    const near = nearestName(field.key, COLUMNS);
    return near === undefined ? [] : [`${field.key} is read from attrs; did you mean ${near}?`];
  });
  return { fields, doubts };
}

function toField(name: string): SelectedField {
  if (COLUMNS.includes(name)) {
    return { kind: 'column', name: name as Extract<SelectedField, { kind: 'column' }>['name'] };
  }
  const key = name.startsWith(ATTRS_PREFIX) ? name.slice(ATTRS_PREFIX.length) : name;
  return { kind: 'attr', key };
}

/** What the table without --fields shows: the line's columns, and the facts that stand in for a missing message. */
const TABLE_FIELDS = [
  'ts',
  'kind',
  'type',
  'level',
  'service',
  'module',
  'file',
  'line',
  'message',
  'operation',
  'user_id',
  'order_id',
  'product_id',
  'page',
  'provider',
  'status',
  'attempt',
  'amount',
  'currency',
  'metric',
  'value',
  'unit',
] as const;

/** The fields that a format reads when none were named: no more than it shows. */
export function fieldsOfFormat(format: SearchFormat): readonly SelectedField[] {
  if (format === 'raw') return [{ kind: 'column', name: 'message' }];
  if (format !== 'table') return ALL_FIELDS;
  return TABLE_FIELDS.map((name) => ({ kind: 'column', name }));
}
