import { EVENT_FIELDS, type Event, type EventField } from './event.js';

/** What the store knows of an event besides its own fields; columns of the same names. */
export const STORE_FIELDS = [
  'ts_source',
  'flags',
  'topic',
  'epoch',
  'partition',
  'offset',
  'queue_time',
  'ingested_at',
] as const;
export type StoreField = (typeof STORE_FIELDS)[number];

/** A column of a stored event, or a key of its attrs. */
export type SelectedField =
  | { readonly kind: 'column'; readonly name: EventField | StoreField }
  | { readonly kind: 'attr'; readonly key: string };

/** How a field is called in a row: a key of attrs by itself, unless a column has that name. */
export function selectedName(field: SelectedField): string {
  if (field.kind === 'column') return field.name;
  return COLUMN_NAMES.has(field.key) ? `attrs.${field.key}` : field.key;
}

/** All columns, the event's own first. */
export const ALL_FIELDS: readonly SelectedField[] = [
  ...(Object.keys(EVENT_FIELDS) as EventField[]),
  ...STORE_FIELDS,
].map((name) => ({ kind: 'column', name }));

/** An event as the store gives it back: the event itself, and where it came from. */
export interface StoredEvent {
  /** Nanoseconds since the epoch; what the store orders by. */
  readonly tsNs: bigint;
  /** Its place in the queue: unique, and the last word in every order. */
  readonly position: EventPosition;
  /** The fields that were asked for, attrs keys among them; those without a value are left out. */
  readonly event: Event & Readonly<Record<string, unknown>>;
}

export interface EventPosition {
  readonly topic: string;
  readonly epoch: number;
  readonly partition: number;
  readonly offset: bigint;
  /** Which of its record's events: 0 but where a record of a foreign topic holds many. */
  readonly item: number;
}

/** Oldest first; events of one moment by their position, so that an order is always the same. */
export function compareStoredEvents(a: StoredEvent, b: StoredEvent): number {
  if (a.tsNs !== b.tsNs) return a.tsNs < b.tsNs ? -1 : 1;
  const [x, y] = [a.position, b.position];
  if (x.topic !== y.topic) return x.topic < y.topic ? -1 : 1;
  if (x.epoch !== y.epoch) return x.epoch - y.epoch;
  if (x.partition !== y.partition) return x.partition - y.partition;
  if (x.offset === y.offset) return x.item - y.item;
  return x.offset < y.offset ? -1 : 1;
}

const COLUMN_NAMES: ReadonlySet<string> = new Set([...Object.keys(EVENT_FIELDS), ...STORE_FIELDS]);
