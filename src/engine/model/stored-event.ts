import type { Event } from './event.js';

/** An event as the store gives it back: the event itself, and where it came from. */
export interface StoredEvent {
  /** Nanoseconds since the epoch; what the store orders by. */
  readonly tsNs: bigint;
  /** Its place in the queue: unique, and the last word in every order. */
  readonly position: EventPosition;
  /** Fields without a value are left out. */
  readonly event: Event;
}

export interface EventPosition {
  readonly topic: string;
  readonly epoch: number;
  readonly partition: number;
  readonly offset: bigint;
}

/** Oldest first; events of one moment by their position, so that an order is always the same. */
export function compareStoredEvents(a: StoredEvent, b: StoredEvent): number {
  if (a.tsNs !== b.tsNs) return a.tsNs < b.tsNs ? -1 : 1;
  const [x, y] = [a.position, b.position];
  if (x.topic !== y.topic) return x.topic < y.topic ? -1 : 1;
  if (x.epoch !== y.epoch) return x.epoch - y.epoch;
  if (x.partition !== y.partition) return x.partition - y.partition;
  if (x.offset === y.offset) return 0;
  return x.offset < y.offset ? -1 : 1;
}
