import type { Clock } from '../model/clock.js';

export interface ProbeWatchOptions {
  /** Which of these records a query finds. */
  readonly findVisible: (ids: readonly string[], signal: AbortSignal) => Promise<readonly string[]>;
  readonly clock: Clock;
  /** From one question to the next: what the measure cannot resolve. */
  readonly pollMs: number;
  readonly onPollError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Waits for records to become visible in queries. One question asks for all that are awaited, so that many probes cost as much as one. */
export class ProbeWatch {
  readonly #options: ProbeWatchOptions;
  readonly #awaited = new Map<string, () => void>();
  #isPolling = false;

  constructor(options: ProbeWatchOptions) {
    this.#options = options;
  }

  /** Resolves when a query has found it; stays open when that never happens. */
  untilVisible(id: string): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited.set(id, resolve);
      if (!this.#isPolling) void this.#poll();
    });
  }

  async #poll(): Promise<void> {
    const { clock, pollMs, signal } = this.#options;
    this.#isPolling = true;
    while (this.#awaited.size > 0 && !signal.aborted) {
      const askedMs = clock.nowMs();
      await this.#ask();
      const restMs = pollMs - (clock.nowMs() - askedMs);
      if (restMs > 0) await clock.sleep(restMs, signal).catch(() => undefined);
    }
    this.#isPolling = false;
  }

  async #ask(): Promise<void> {
    const { findVisible, onPollError, signal } = this.#options;
    try {
      for (const id of await findVisible([...this.#awaited.keys()], signal)) {
        this.#awaited.get(id)?.();
        this.#awaited.delete(id);
      }
    } catch (error) {
      if (!signal.aborted) onPollError(error);
    }
  }
}
