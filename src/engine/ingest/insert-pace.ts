import type { Clock } from '../model/clock.js';

/** At low rates a record waits this long for company; it bounds what ingest adds to freshness. */
const LINGER_MS_MIN = 200;

/** With few records an insert is quick: this and two of them keep what is produced visible within a second. */
const LINGER_MS_SHARED = 700;

/** However slow the store is, nobody waits longer for company. */
const LINGER_MS_MAX = 1_000;

/** Inserts of all partitions together, one after the other, are to take at most this part of the time. */
const INSERT_SHARE = 0.75;

/** A partition that inserted nothing for so long has no part in the store's work. */
const ACTIVE_MS = 2 * LINGER_MS_MAX;

/**
 * How long the partitions of a worker wait for company before they insert. An insert costs the store nearly the same
 * whatever its size, and the more partitions have records, the more inserts a second: so they share the time that
 * inserts may take. One that is slow, because the store is busy, makes for fewer and larger ones, too: what waits
 * is visible sooner.
 */
export class InsertPace {
  readonly #clock: Clock;
  readonly #latest = new Map<string, { readonly insertMs: number; readonly endMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A partition's insert took so long, and ended now. */
  add(partition: string, insertMs: number): void {
    this.#latest.set(partition, { insertMs, endMs: this.#clock.nowMs() });
  }

  /** For the partition's next chunk. */
  lingerMs(partition: string): number {
    const own = this.#latest.get(partition)?.insertMs ?? 0;
    const fairMs = Math.min(LINGER_MS_SHARED, this.#activeInsertMs() / INSERT_SHARE);
    return Math.min(LINGER_MS_MAX, Math.max(LINGER_MS_MIN, fairMs, 2 * own));
  }

  #activeInsertMs(): number {
    const sinceMs = this.#clock.nowMs() - ACTIVE_MS;
    let sum = 0;
    for (const { insertMs, endMs } of this.#latest.values()) if (endMs >= sinceMs) sum += insertMs;
    return sum;
  }
}
