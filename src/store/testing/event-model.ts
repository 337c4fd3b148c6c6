import { EVENT_FIELDS, type EventField } from '../../engine/model/event.js';
import { lowerAscii } from '../../engine/model/filter.js';

// What migration 0002 makes of an event, said a second time and by other means: the test holds one against the other.

/** A field's own columns as they are read back: text, a number or null. */
export interface StoredRow {
  readonly ts_source: 'event' | 'queue' | 'clamped';
  readonly columns: Readonly<Record<string, string | number | null>>;
  /** In order; a name may stand twice. */
  readonly attrs: readonly (readonly [string, string])[];
  /** Sorted: their order says nothing. */
  readonly flags: readonly string[];
}

/** What the event's `ts` means: judged by who made it up, so that the parser is not written a second time. */
export type TimeMeaning = 'good' | 'far' | 'unreadable';

type JsonObject = Readonly<Record<string, unknown>>;

/** Kept as a number, else as text in attrs. */
const NUMBER_FIELDS = ['line', 'duration_ms', 'attempt', 'amount', 'value'] as const;

const TEXT_FIELDS = (Object.keys(EVENT_FIELDS) as EventField[]).filter(
  (field) => EVENT_FIELDS[field] === 'string',
);

/** The row of an event with a queue time that is one. */
export function modelRow(event: JsonObject, time: TimeMeaning): StoredRow {
  const text = (field: string): string => textOf(event[field]) ?? '';
  const numbers = NUMBER_FIELDS.map((field) => {
    const given = textOf(event[field]);
    return { field, given, value: given === undefined ? null : numberOf(field, given) };
  });
  const unread = numbers.filter(({ given, value }) => given !== undefined && value === null);
  const ts = textOf(event['ts']);
  const source = ts === undefined || time === 'unreadable' ? 'queue' : SOURCE_OF[time];
  return {
    ts_source: source,
    columns: {
      ...Object.fromEntries(TEXT_FIELDS.map((field) => [field, text(field)])),
      ...Object.fromEntries(numbers.map(({ field, value }) => [field, value])),
      level: lowerAscii(text('level')),
      kind: kindOf(event),
      type: text('type') === '' && kindOf(event) === 'log' ? 'log' : text('type'),
    },
    attrs: [
      ...Object.entries(event).flatMap(foreignAttrs),
      ...(source !== 'event' && ts !== undefined ? [['ts', ts] as const] : []),
      ...unread.map(({ field, given }) => [field, given ?? ''] as const),
    ],
    flags: [
      ...(ts !== undefined && time === 'unreadable' ? ['unreadable:ts'] : []),
      ...unread.map(({ field }) => `unreadable:${field}`),
      ...missingFields(event).map((field) => `missing:${field}`),
    ].toSorted(),
  };
}

const SOURCE_OF = { good: 'event', far: 'clamped' } as const;

/** A value as text; undefined for what is not there. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** An amount is exact, so it stays text. */
function numberOf(field: (typeof NUMBER_FIELDS)[number], text: string): string | number | null {
  if (field === 'amount') return /^-?\d{1,28}(?:\.\d{1,9})?$/.test(text) ? decimalOf(text) : null;
  if (field === 'line' || field === 'attempt')
    return /^\+?\d+$/.test(text) && Number(text) <= UINT32_MAX ? Number(text) : null;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : null;
}

const UINT32_MAX = 2 ** 32 - 1;

/** Without zeros that say nothing. */
function decimalOf(text: string): string {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)0*(\d*)\.?(\d*)$/.exec(text) ?? [];
  const digits = fraction.replace(/0+$/, '');
  const value = `${whole === '' ? '0' : whole}${digits === '' ? '' : `.${digits}`}`;
  return value === '0' ? value : `${sign}${value}`;
}

function kindOf(event: JsonObject): string {
  const kind = textOf(event['kind']) ?? '';
  const type = textOf(event['type']) ?? '';
  if (kind !== '') return lowerAscii(kind);
  if (type === 'request') return 'span';
  if (type === 'metric') return 'metric';
  return type === '' || type === 'log' ? 'log' : 'record';
}

function foreignAttrs([name, value]: readonly [string, unknown]): (readonly [string, string])[] {
  if (Object.hasOwn(EVENT_FIELDS, name) && name !== 'attrs') return [];
  const isNested = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (name !== 'attrs' || !isNested) return [[name, textOf(value) ?? 'null']];
  return Object.entries(value).map(([inner, at]) => [inner, textOf(at) ?? 'null'] as const);
}

const ORDER = ['op_id', 'user_id', 'order_id', 'status'];
const MONEY = [...ORDER, 'amount', 'currency'];

/** What a type must have besides ts and service (the table of types). */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'page.view': ['user_id', 'session_id', 'page'],
  'order.reserved': ORDER,
  'order.placed': ORDER,
  'order.cancelled': ORDER,
  'payment.attempt': [...ORDER, 'provider', 'attempt', 'amount', 'currency'],
  'order.paid': MONEY,
  'order.failed': MONEY,
  'refund.requested': MONEY,
  'refund.done': MONEY,
  request: ['op_id', 'span_id', 'operation', 'duration_ms', 'status'],
  metric: ['metric', 'value', 'unit'],
};

/** For a number it is enough to be there: one that cannot be read has a flag of its own. */
function missingFields(event: JsonObject): string[] {
  const type = textOf(event['type']) ?? '';
  const kind = textOf(event['kind']) ?? '';
  const isLog = (type === '' || type === 'log') && (kind === '' || kind === 'log');
  const needed = ['ts', 'service', ...(isLog ? ['level', 'message'] : (NEEDED[type] ?? []))];
  return needed.filter((field) => {
    const text = textOf(event[field]);
    const isNullable = field === 'ts' || (NUMBER_FIELDS as readonly string[]).includes(field);
    return isNullable ? text === undefined : text === undefined || text === '';
  });
}
