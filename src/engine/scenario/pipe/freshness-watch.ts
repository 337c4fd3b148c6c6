import type { Clock } from '../../model/clock.js';
import { AtbdError } from '../../model/error.js';
import type { QueueTimeSample, StoryStore } from '../../model/story-store.js';

/** How long records took from being produced until a question could see them. */
export interface Freshness {
  /** Records that were looked at. */
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** A look at every partition costs the store a millisecond; the figure is right to this length. */
const LOOK_INTERVAL_MS = 100;

/** Looks that are kept: three quarters of an hour of steady traffic. */
const LOOKS_MAX = 150_000;

/** Records whose times are compared in the end. */
const SAMPLE_MAX = 100_000;

/** At `atMs` everything up to and with `end` could be seen. */
interface Look {
  readonly atMs: number;
  readonly end: bigint;
}

/** Watches from outside what a question can see, and says in the end how long it took. */
export class FreshnessWatch {
  readonly #store: StoryStore;
  readonly #clock: Clock;
  readonly #looks = new Map<number, Look[]>();
  #lookCount = 0;

  constructor(store: StoryStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Looks again and again until the signal is aborted; a store that does not answer is asked again. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (this.#lookCount < LOOKS_MAX) {
        await this.#tryLook(signal);
        await this.#clock.sleep(LOOK_INTERVAL_MS, signal);
      }
    } catch (error) {
      // What an abort interrupts may fail in any way.
      if (!signal.aborted) throw error;
    }
  }

  /** After the last record was stored. Records that were never seen are left out: other expectations miss them. */
  async measure(signal: AbortSignal): Promise<Freshness> {
    this.#note(await this.#store.visibleEnds(signal));
    const delays: number[] = [];
    for (const sample of await this.#store.sampleQueueTimes(SAMPLE_MAX, signal)) {
      const seenMs = this.#seenMs(sample);
      if (seenMs !== undefined) delays.push(Math.max(0, seenMs - sample.queueTimeMs));
    }
    delays.sort((a, b) => a - b);
    const rank = (share: number): number => delays[Math.ceil(delays.length * share) - 1] ?? 0;
    return { count: delays.length, p50Ms: rank(0.5), p99Ms: rank(0.99), maxMs: rank(1) };
  }

  async #tryLook(signal: AbortSignal): Promise<void> {
    try {
      this.#note(await this.#store.visibleEnds(signal));
    } catch (error) {
      if (!(error instanceof AtbdError && error.isRetryable)) throw error;
    }
  }

  #note(ends: ReadonlyMap<number, bigint>): void {
    const atMs = this.#clock.nowMs();
    for (const [partition, end] of ends) {
      const looks = this.#looks.get(partition) ?? [];
      this.#looks.set(partition, looks);
      if (looks.at(-1)?.end === end) continue;
      looks.push({ atMs, end });
      this.#lookCount += 1;
    }
  }

  /** The first look that had the record, by halving: looks ascend. */
  #seenMs({ partition, offset }: QueueTimeSample): number | undefined {
    const looks = this.#looks.get(partition) ?? [];
    let [low, high] = [0, looks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((looks[middle]?.end ?? 0n) < offset) low = middle + 1;
      else high = middle;
    }
    return looks[low]?.atMs;
  }
}
