import { EVENT_FIELDS, type EventField } from '../../../model/event.js';
import type { EventFields } from '../../line-format.js';
import type { ParseTime } from '../../parse-time.js';
import { setOwn } from '../../set-own.js';
import { type Decoded, refused } from '../mapped-record.js';
import type { TopicSpec } from '../topic-spec.js';
import { type Change, readChange } from './change.js';
import { valuesOf } from './row-values.js';

/** Set by the change itself; columns of these names go to attrs. */
const OURS: ReadonlySet<string> = new Set(['ts', 'kind', 'type', 'attrs']);

/** Fields that a column can be. */
export const COLUMN_FIELDS: readonly string[] = (Object.keys(EVENT_FIELDS) as EventField[]).filter(
  (field) => !OURS.has(field),
);

/** What is known of a change beside its row stands in attrs under names with this in front. */
const PREFIX = 'change.';

/** Makes business records of the changes of a database's rows. */
export function createDecodeChange(
  { types = {}, columns = {}, service, serviceFromKey }: TopicSpec,
  parseTime: ParseTime,
): (value: EventFields) => Decoded {
  const fields = fieldsByColumn(columns);
  const isServiceSet = service !== undefined || serviceFromKey === true;
  return (value) => {
    const change = readChange(value);
    if (typeof change === 'string') return refused(change);
    const event: EventFields = { kind: 'record', type: typeOf(change, types) };
    const ts = timeOf(change.source, parseTime) ?? timeOf(change.payload, parseTime);
    if (ts !== undefined) event['ts'] = ts;
    const attrs: EventFields = {};
    for (const [column, each] of valuesOf(change.row, change.rowSchema)) {
      const field = fields.get(column);
      const fit = field === undefined || field in event ? undefined : asField(each);
      if (field !== undefined && fit !== undefined) event[field] = fit;
      else setOwn(attrs, column.startsWith(PREFIX) ? `column.${column}` : column, each);
    }
    const { name } = change.source;
    if (!isServiceSet && event['service'] === undefined && typeof name === 'string')
      event['service'] = name;
    event['attrs'] = { ...attrs, ...factsOf(change) };
    return { kind: 'events', events: [event] };
  };
}

/** What fills a field: its own name, in camel case, too, and what the settings call it. */
function fieldsByColumn(columns: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map<string, string>([
    ...COLUMN_FIELDS.map((field) => [camelCase(field), field] as const),
    ...COLUMN_FIELDS.map((field) => [field, field] as const),
    ...Object.entries(columns),
  ]);
}

function camelCase(field: string): string {
  return field.replaceAll(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

/** `orders.created` in the settings is one kind of change, `orders` all of them. */
function typeOf({ table, name }: Change, types: Readonly<Record<string, string>>): string {
  const byDefault = `${table}.${name}`;
  for (const key of [byDefault, table])
    if (Object.hasOwn(types, key)) return types[key] ?? byDefault;
  return byDefault;
}

/** The finest that is given; 0 stands for a time that the database did not say. */
function timeOf(from: EventFields, parseTime: ParseTime): string | undefined {
  for (const name of ['ts_ns', 'ts_us', 'ts_ms']) {
    const value = from[name];
    if ((typeof value === 'number' && value > 0) || typeof value === 'string') {
      const ts = parseTime(value);
      if (ts !== undefined) return ts;
    }
  }
  return undefined;
}

function asField(value: unknown): string | number | undefined {
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

/** Where the change comes from: enough to find it in the database's own log. */
function factsOf({ op, table, source, payload, before }: Change): EventFields {
  const { transaction } = payload;
  const facts = {
    op,
    table,
    db: source['db'],
    schema: source['schema'],
    snapshot: source['snapshot'] === 'false' ? undefined : source['snapshot'],
    position: source['lsn'] ?? source['scn'] ?? source['pos'],
    file: source['file'],
    transaction:
      typeof transaction === 'object' && transaction !== null && 'id' in transaction
        ? transaction.id
        : undefined,
    before,
  };
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) =>
      value === undefined || value === null || value === false ? [] : [[PREFIX + name, value]],
    ),
  );
}
