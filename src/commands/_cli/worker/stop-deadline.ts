import type { WorkerLog } from './worker-log.js';

/** Supervisors give ten seconds and kill then; what can be finished is finished by now. */
const STOP_MS_MAX = 9_000;

/**
 * Ends the process some seconds after it was told to stop, should a queue or a shard that does not answer hold it. What was on its
 * way is announced, so that the next owner sends it again under the same token.
 */
export function endAfter(signal: AbortSignal, log: WorkerLog): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => {
      log.note({
        level: 'warn',
        message: `stopped by force after ${STOP_MS_MAX / 1000} s: the queue or a shard did not answer; what was on its way is sent again`,
        fields: {},
      });
      process.exit(0);
    }, STOP_MS_MAX).unref();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    [Symbol.dispose]() {
      signal.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    },
  };
}
