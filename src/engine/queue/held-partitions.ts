import type { Clock } from '../model/clock.js';
import { beginsAnew } from './begins-anew.js';

/** A partition that a member of a group holds; `fence` is its proof at every commit. */
export interface HeldLease {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly fence: number | string;
}

/** Names a partition by its topic's identity, so that one of a topic made again is another. */
export function nameOf({ topicId, partition }: Omit<HeldLease, 'topic' | 'fence'>): string {
  return `${topicId}/${partition}`;
}

/** A partition being worked on; `done` never rejects. */
interface Work<Lease> {
  readonly lease: Lease;
  readonly controller: AbortController;
  readonly done: Promise<void>;
  /** Set as soon as it is being let go. */
  released?: Promise<void>;
}

export interface HeldPartitionsOptions<Lease extends HeldLease> {
  readonly clock: Clock;
  /** Work that goes on for so long after it was told to end has lost its partition all the same. */
  readonly sessionTimeoutMs: number;
  readonly lookIntervalMs: number;
  /** Tells the group that a partition is free; a rejection ends the member. */
  readonly letGo: (lease: Lease) => Promise<void>;
  /** Tells the group that the member is gone; the last that is done. */
  readonly leave: () => Promise<void>;
}

/**
 * What a member of a group works on, where the group is kept by leases: it looks at the group again and again, works on each
 * partition that it holds, and lets go what it must, after the work on it has ended.
 */
export class HeldPartitions<Lease extends HeldLease> {
  readonly #options: HeldPartitionsOptions<Lease>;
  readonly #closing = new AbortController();
  readonly #works = new Map<string, Work<Lease>>();
  #failure: { readonly error: unknown } | undefined;
  #wake = new AbortController();
  #running: Promise<void> | undefined;
  #letGoCount = 0;

  constructor(options: HeldPartitionsOptions<Lease>) {
    this.#options = options;
  }

  /** Looks until `signal` is aborted or the member is closed, then lets everything go. Rejects with what ended a look or a work before. */
  async run(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (this.#running) throw new Error('BUG: a consumer runs once');
    this.#running = this.#run(look, AbortSignal.any([signal, this.#closing.signal]));
    await this.#running;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the consumer is closed'));
    // Whoever called `run` gets its error; closing only waits for the end.
    await this.#running?.catch(() => undefined);
  }

  /** How many were let go so far: what the group said before the latest of them may be out of date. */
  get letGoCount(): number {
    return this.#letGoCount;
  }

  /** In the order in which they were started, those that are being let go included. */
  get leases(): readonly Lease[] {
    return [...this.#works.values()].map(({ lease }) => lease);
  }

  has(lease: Omit<HeldLease, 'topic' | 'fence'>): boolean {
    return this.#works.has(nameOf(lease));
  }

  /** Works on a partition until it is let go; a failure that is not the partition's own ends the member. */
  start(lease: Lease, work: (signal: AbortSignal) => Promise<void>): void {
    const controller = new AbortController();
    const done = (async () => {
      try {
        await work(controller.signal);
      } catch (error) {
        if (controller.signal.aborted) return;
        if (beginsAnew(error)) await this.#beginAnew(lease, controller.signal);
        else this.#fail(error);
      }
    })();
    this.#works.set(nameOf(lease), { lease, controller, done });
  }

  /** Ends the work and lets the partition go; nothing to do where it is not held. */
  release(lease: Omit<HeldLease, 'topic' | 'fence'>): void {
    const work = this.#works.get(nameOf(lease));
    if (work !== undefined) void this.#release(work);
  }

  async #run(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const wake = (): void => {
      this.#wake.abort();
    };
    signal.addEventListener('abort', wake, { once: true });
    try {
      while (!signal.aborted && !this.#failure) {
        await look();
        await this.#sleep(this.#options.lookIntervalMs);
      }
    } finally {
      signal.removeEventListener('abort', wake);
      await Promise.all([...this.#works.values()].map((work) => this.#release(work)));
      await this.#options.leave();
    }
    if (this.#failure) throw this.#failure.error;
  }

  /** The work lets its own partition go, and gets it anew if it is still there. */
  async #beginAnew(lease: Lease, signal: AbortSignal): Promise<void> {
    const { clock, lookIntervalMs } = this.#options;
    // Seldom enough that a log that stays as it is costs nothing.
    await clock.sleep(lookIntervalMs, signal).catch(() => undefined);
    this.release(lease);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake.abort();
  }

  async #release(work: Work<Lease>): Promise<void> {
    work.released ??= this.#letGo(work);
    await work.released;
  }

  /** Stops the work, waits for it (a session at most), then lets the partition go. */
  async #letGo({ lease, controller, done }: Work<Lease>): Promise<void> {
    const { clock, sessionTimeoutMs, letGo } = this.#options;
    controller.abort(new Error(`${lease.topic}/${lease.partition} is let go`));
    const timer = new AbortController();
    const timeout = clock.sleep(sessionTimeoutMs, timer.signal).catch(() => undefined);
    await Promise.race([done, timeout]);
    timer.abort();
    try {
      await letGo(lease);
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#works.delete(nameOf(lease));
    this.#letGoCount += 1;
    this.#wake.abort();
  }

  /** Sleeps until it is time to look again, or something here has changed. */
  async #sleep(delayMs: number): Promise<void> {
    await this.#options.clock.sleep(delayMs, this.#wake.signal).catch(() => undefined);
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
  }
}
