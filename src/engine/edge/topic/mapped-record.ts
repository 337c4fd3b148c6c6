import type { EventFields } from '../line-format.js';

/**
 * Why a record of a foreign topic could not be made an event; they become reasons of dead letters, beside those that the store
 * gives itself.
 */
export const MAP_REASONS = [
  'tombstone',
  'value_too_large',
  /** No JSON at all. */
  'invalid_json',
  'not_an_object',
  /** Nested deeper than anybody writes by hand or by program. */
  'too_deep',
  /** A text of blanks. */
  'blank',
  /** A text that the topic's pattern does not fit. */
  'no_match',
  /** An object that is no change of a row as Debezium writes it. */
  'not_a_change',
  /** An object that is no export request of OTLP. */
  'not_otlp',
  /** An export request with nothing in it. */
  'no_events',
  /** More events, or larger ones, than a record of its size could mean. */
  'too_many_events',
  /** An event, but larger than an event may be. */
  'mapped_too_large',
] as const;
export type MapReason = (typeof MAP_REASONS)[number];

/** What a format makes of a value. */
export type Decoded =
  | { readonly kind: 'events'; readonly events: Iterable<EventFields> }
  | { readonly kind: 'deadLetter'; readonly reason: MapReason };

/** What becomes of a record: events as the JSON that is stored, at least one, or a dead letter. */
export type MappedRecord =
  | { readonly kind: 'events'; readonly values: readonly Buffer[] }
  | { readonly kind: 'deadLetter'; readonly reason: MapReason };

export function refused(reason: MapReason): {
  readonly kind: 'deadLetter';
  readonly reason: MapReason;
} {
  return { kind: 'deadLetter', reason };
}
