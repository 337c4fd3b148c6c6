import type { Clock } from '../../model/clock.js';
import type { LogFile } from './log-file.js';

/** Delay after something came: readers of a busy queue hardly wait. */
const DELAY_MS_MIN = 2;

/** Delay on a quiet queue: bounds the latency of the first record, at about 1 % of a core for six partitions. */
const DELAY_MS_MAX = 45;

interface Waiter {
  readonly isReady: () => boolean;
  readonly deadlineMs: number;
  readonly settle: (outcome: { readonly error?: unknown }) => void;
}

/**
 * Wakes readers when their condition holds. Other processes append without telling us, so the
 * conditions (a key or two of the memory map) are checked again and again, more rarely on a quiet queue.
 */
export class TailWatch {
  readonly #file: LogFile;
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  #delayMs = DELAY_MS_MIN;
  #isPolling = false;

  constructor(file: LogFile, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** Resolves when `isReady` or after `waitMs`; rejects with its error, or the signal's reason. */
  async wait(isReady: () => boolean, waitMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#file.refresh();
    if (isReady() || waitMs <= 0) return;
    let onAbort = (): void => undefined;
    let waiter: Waiter | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const settle = ({ error }: { readonly error?: unknown }): void => {
          if (error === undefined) resolve();
          else reject(error instanceof Error ? error : new Error('aborted', { cause: error }));
        };
        waiter = { isReady, deadlineMs: this.#clock.nowMs() + waitMs, settle };
        onAbort = () => {
          settle({ error: signal.reason as unknown });
        };
        signal.addEventListener('abort', onAbort, { once: true });
        this.#waiters.add(waiter);
        if (!this.#isPolling) void this.#poll();
      });
    } finally {
      signal.removeEventListener('abort', onAbort);
      if (waiter) this.#waiters.delete(waiter);
    }
  }

  /** Checks at once; for appends of this process and changes of a reader's own state. */
  notify(): void {
    if (this.#waiters.size > 0) this.#check();
  }

  async #poll(): Promise<void> {
    this.#isPolling = true;
    while (this.#waiters.size > 0) {
      const now = this.#clock.nowMs();
      let delayMs = this.#delayMs;
      for (const { deadlineMs } of this.#waiters) delayMs = Math.min(delayMs, deadlineMs - now);
      await this.#clock.sleep(Math.max(1, delayMs));
      this.#check();
    }
    this.#isPolling = false;
  }

  #check(): void {
    this.#file.refresh();
    const now = this.#clock.nowMs();
    let hasWoken = false;
    for (const waiter of [...this.#waiters]) {
      try {
        const isReady = waiter.isReady();
        hasWoken ||= isReady;
        if (!isReady && now < waiter.deadlineMs) continue;
        waiter.settle({});
      } catch (error) {
        waiter.settle({ error });
      }
      this.#waiters.delete(waiter);
    }
    this.#delayMs = hasWoken ? DELAY_MS_MIN : Math.min(this.#delayMs * 2, DELAY_MS_MAX);
  }
}
