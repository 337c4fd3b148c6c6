import type { Clock } from '../model/clock.js';
import { AtbdError } from '../model/error.js';

/** The first wait: long enough for a connection that was just dropped to come back. */
const DELAY_MS_FIRST = 100;

/** The longest wait: an operator who repaired a shard sees rows again within it. */
const DELAY_MS_MAX = 5_000;

/** Expected errors that waiting does not heal: the partition is somebody else's, or we were told to stop. */
const FINAL_CODES: readonly string[] = ['QUEUE_FENCED', 'INTERRUPTED', 'OFFSET_OUT_OF_RANGE'];

export interface RetryOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of every failed attempt, before the wait. */
  readonly onFailure: (error: AtbdError, attempt: number) => void;
}

/**
 * Runs `attempt` until it succeeds, with doubling waits. Expected errors are retried for as long as
 * the signal lets it: a store that refuses stays the operator's to mend, and giving up would help
 * nobody. Anything else is a bug and is thrown at once.
 */
export async function retryUntilDone<T>(
  attempt: () => Promise<T>,
  { clock, signal, onFailure }: RetryOptions,
): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || !(error instanceof AtbdError)) throw error;
      if (FINAL_CODES.includes(error.code)) throw error;
      onFailure(error, count);
      await clock.sleep(Math.min(DELAY_MS_FIRST * 2 ** (count - 1), DELAY_MS_MAX), signal);
    }
  }
}
