import { setMaxListeners } from 'node:events';
import type { Clock } from '../model/clock.js';
import type { Lane } from './lane.js';

export interface RunOptions {
  readonly clock: Clock;
  /** When the last request arrives. */
  readonly endMs: number;
  /** How long answers are waited for after that. */
  readonly drainMsMax: number;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Runs lanes side by side to their end, to the end of the drain, or to the signal; resolves in each case. */
export async function runLanes(lanes: readonly Lane[], options: RunOptions): Promise<void> {
  const { clock, endMs, drainMsMax, signal } = options;
  const stop = new AbortController();
  // Every request in flight listens: hundreds are meant, and no leak.
  setMaxListeners(0, stop.signal);
  const onAbort = (): void => {
    stop.abort(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const limit = new AbortController();
  clock.sleep(endMs + drainMsMax - clock.nowMs(), limit.signal).then(
    () => {
      stop.abort(new Error('the drain is over'));
    },
    () => undefined,
  );
  try {
    await Promise.all(lanes.map((lane) => lane.run(stop.signal)));
  } finally {
    limit.abort();
    signal.removeEventListener('abort', onAbort);
  }
}
