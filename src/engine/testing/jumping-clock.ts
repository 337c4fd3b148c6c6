import type { Clock } from '../model/clock.js';

/** Time that passes only where somebody sleeps: every sleep jumps to its end, one at a time. */
export class JumpingClock implements Clock {
  #nowMs: number;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    this.#nowMs += delayMs;
    return Promise.resolve();
  }
}
