import { parseAmount } from '../model/amount.js';
import { EVENT_FIELDS, type EventField } from '../model/event.js';
import { lowerAscii, type FieldRef } from '../model/filter.js';
import type { QueueRecord } from '../model/queue-record.js';
import { isBackfill, usableTime } from '../model/record-row.js';
import { readEventTime } from '../time/event-time.js';

/** An event as JSON.parse gives it: fields may be missing or of any type. */
export type ParsedEvent = Readonly<Record<string, unknown>>;

/** What the queue says of an event: the store takes its time where the event's own is missing or cannot be. */
export type Arrival = Pick<QueueRecord, 'timestampMs' | 'headers'>;

/** Reads something of an event as the store would keep it. */
export type Read<T> = (event: ParsedEvent, arrival: Arrival | undefined) => T;

/** The field's text; empty where it has none. */
export function createReadText(field: FieldRef): Read<string> {
  if (field.kind === 'attr') return createReadAttr(field.key);
  const { name } = field;
  if (name === 'level') return (event) => lowerAscii(textOf(event[name]));
  if (name === 'kind') return kindOf;
  if (name === 'type') return typeOf;
  return (event) => textOf(event[name]);
}

/** The field's number; undefined where it has none. */
export function createReadNumber(field: FieldRef): Read<number | undefined> {
  const read = createReadText(field);
  const type = field.kind === 'field' ? EVENT_FIELDS[field.name] : 'number';
  return (event, arrival) => toNumber(read(event, arrival), type);
}

/** The field's exact decimal in its smallest units; undefined where it has none. */
export function createReadDecimal(field: FieldRef): Read<bigint | undefined> {
  const read = createReadText(field);
  return (event, arrival) => {
    const text = read(event, arrival);
    return DECIMAL.test(text) ? parseAmount(text) : undefined;
  };
}

/**
 * The event's time in nanoseconds since the epoch: its own, or the queue's where that is missing, unreadable, or too far from
 * when it arrived. Undefined where the queue would have to say it and nothing is known of the arrival.
 */
export function readTime(event: ParsedEvent, arrival: Arrival | undefined): bigint | undefined {
  const own = ownTime(event, arrival);
  if (own !== undefined || arrival === undefined) return own;
  return BigInt(usableTime(arrival.timestampMs)) * NS_PER_MS;
}

/** Whether a field keeps text, or only what can be read as a number. */
export function isTextField(field: FieldRef): boolean {
  return field.kind === 'attr' || EVENT_FIELDS[field.name] === 'string';
}

/** A value as the store keeps it in a text column. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : '';
}

const NS_PER_MS = 1_000_000n;

/** Farther in the past or the future of its arrival, a time is believed to be a clock's mistake (migration 0002). */
const PAST_NS_MAX = 400n * 86_400_000n * NS_PER_MS;
const FUTURE_NS_MAX = 10n * 60_000n * NS_PER_MS;

function ownTime(event: ParsedEvent, arrival: Arrival | undefined): bigint | undefined {
  const own = readEventTime(textOf(event['ts']));
  if (own === undefined || arrival === undefined || isBackfill(arrival.headers)) return own;
  const queueTimeMs = usableTime(arrival.timestampMs);
  if (queueTimeMs === 0) return own;
  const ahead = own - BigInt(queueTimeMs) * NS_PER_MS;
  return ahead >= -PAST_NS_MAX && ahead <= FUTURE_NS_MAX ? own : undefined;
}

/** The kind, or what the store makes of its absence. */
function kindOf(event: ParsedEvent): string {
  const kind = lowerAscii(textOf(event['kind']));
  if (kind !== '') return kind;
  const type = textOf(event['type']);
  if (type === 'request') return 'span';
  if (type === 'metric') return 'metric';
  return type === '' || type === 'log' ? 'log' : 'record';
}

function typeOf(event: ParsedEvent): string {
  const type = textOf(event['type']);
  return type === '' && kindOf(event) === 'log' ? 'log' : type;
}

/** Unknown top-level fields land in attrs when they are stored; of two with one key the first counts. */
function createReadAttr(key: string): Read<string> {
  const isOwnField = Object.hasOwn(EVENT_FIELDS, key);
  return (event, arrival) => {
    for (const name in event) {
      if (name === key && !isOwnField) return attrText(event[name]);
      const attrs = event[name];
      if (name !== 'attrs' || typeof attrs !== 'object' || attrs === null) continue;
      if (!Array.isArray(attrs) && Object.hasOwn(attrs, key)) {
        return attrText((attrs as ParsedEvent)[key]);
      }
    }
    return isOwnField ? leftInAttrs(event, key as EventField, arrival) : '';
  };
}

/** A number that cannot be read stays in attrs under its name, and so does a time that is not taken. */
function leftInAttrs(event: ParsedEvent, name: EventField, arrival: Arrival | undefined): string {
  const type = EVENT_FIELDS[name];
  const text = textOf(event[name]);
  if (type === 'time') return ownTime(event, arrival) === undefined ? text : '';
  const isNumber = type === 'integer' || type === 'number' || type === 'decimal';
  return isNumber && toNumber(text, type) === undefined ? text : '';
}

/** As attrs keep it: JSON's null as the word. */
function attrText(value: unknown): string {
  return value === null ? 'null' : textOf(value);
}

/** A text as the store converts it to a number of the type; undefined where it cannot. */
function toNumber(text: string, type: (typeof EVENT_FIELDS)[EventField]): number | undefined {
  if (type === 'integer') {
    const value = /^\+?\d+$/u.test(text) ? Number(text) : NaN;
    return value <= UINT32_MAX ? value : undefined;
  }
  const shape = type === 'decimal' ? DECIMAL : FLOAT;
  const value = shape.test(text) ? Number(text) : NaN;
  return Number.isFinite(value) ? value : undefined;
}

const UINT32_MAX = 2 ** 32 - 1;
const DECIMAL = /^-?\d{1,28}(?:\.\d{1,9})?$/u;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu;
