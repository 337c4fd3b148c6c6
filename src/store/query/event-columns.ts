import { EVENT_FIELDS } from '../../engine/model/event.js';
import {
  selectedName,
  type SelectedField,
  type StoredEvent,
} from '../../engine/model/stored-event.js';
import { formatRfc3339 } from '../../engine/model/timestamp.js';
import type { SqlParams } from './sql-params.js';

/** What a question selects of `events`, and how a row of the answer becomes an event. */
export interface EventColumns {
  /** Aliased `c0`, `c1`, …: an alias with a column's name would replace the column in WHERE. */
  readonly sql: string;
  decode(row: EventRow): StoredEvent;
}

/** A row as the server sends it. */
export type EventRow = Readonly<Record<string, unknown>>;

/** Time and place come with every row, whatever is asked for. */
const HEAD = ['toUnixTimestamp64Nano(ts)', 'topic', 'epoch', 'partition', 'offset', 'item'];

/** Only these columns are read on the server, besides time and place. */
export function selectColumns(fields: readonly SelectedField[], params: SqlParams): EventColumns {
  const isHead = (field: SelectedField): boolean =>
    field.kind === 'column' && (field.name === 'ts' || HEAD.includes(field.name));
  const read = fields.filter((field) => !isHead(field));
  const columns = read.map((field) => fieldSql(field, params));
  const indexByName = new Map(
    read.map((field, index) => [selectedName(field), HEAD.length + index]),
  );
  const names = fields.map((field) => ({
    name: selectedName(field),
    isNumber: field.kind === 'column' && NUMBER_COLUMNS.has(field.name),
  }));
  return {
    sql: [...HEAD, ...columns].map((column, index) => `${column} AS c${index}`).join(', '),
    decode(row) {
      const stored = decodeHead(row);
      const event: Record<string, unknown> = {};
      for (const { name, isNumber } of names) {
        const index = indexByName.get(name);
        const value = index === undefined ? headValue(name, stored) : row[`c${index}`];
        if (!isEmpty(value)) event[name] = isNumber ? Number(value) : value;
      }
      return { ...stored, event };
    },
  };
}

function decodeHead(row: EventRow): Omit<StoredEvent, 'event'> {
  // 64-bit integers come as text.
  const { c0, c1, c2, c3, c4, c5 } = row;
  return {
    tsNs: BigInt(c0 as string),
    position: {
      topic: c1 as string,
      epoch: Number(c2),
      partition: Number(c3),
      offset: BigInt(c4 as string),
      item: Number(c5),
    },
  };
}

/** 64-bit offsets stay text in an answer: JSON's numbers would round them. */
function headValue(name: string, { tsNs, position }: Omit<StoredEvent, 'event'>): unknown {
  switch (name) {
    case 'ts':
      return formatRfc3339(tsNs);
    case 'topic':
      return position.topic;
    case 'epoch':
      return position.epoch;
    case 'partition':
      return position.partition;
    default:
      return String(position.offset);
  }
}

const NUMBER_COLUMNS: ReadonlySet<string> = new Set(
  Object.entries(EVENT_FIELDS)
    .filter(([, type]) => type === 'integer' || type === 'number')
    .map(([name]) => name),
);

/** Names come from our own list; keys of attrs are values like any other. */
function fieldSql(field: SelectedField, params: SqlParams): string {
  if (field.kind === 'attr') return `attrs[${params.add('String', field.key)}]`;
  const { name } = field;
  if (name === 'amount') return 'toString(amount)';
  if (name !== 'ingested_at' && name !== 'queue_time') return `\`${name}\``;
  return `concat(replaceOne(toString(${name}), ' ', 'T'), 'Z')`;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
