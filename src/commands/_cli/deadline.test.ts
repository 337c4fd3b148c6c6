import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startDeadline } from './deadline.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function anyWithDeadline(afterMs: number): AbortSignal {
  return AbortSignal.any([new AbortController().signal, startDeadline(afterMs).signal]);
}

it('aborts in time although nobody but AbortSignal.any holds it', async () => {
  // Some collections long: the engine keeps what the present job has made.
  const signal = anyWithDeadline(200);
  const onAbort = vi.fn();
  signal.addEventListener('abort', onAbort, { once: true });
  await vi.waitFor(() => {
    collectGarbage();
    expect(onAbort).toHaveBeenCalledOnce();
  });
});

it('does not abort once it is let go', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const deadline = startDeadline(1_000);
  const kept = startDeadline(1_000);
  deadline[Symbol.dispose]();
  vi.advanceTimersByTime(1_000);
  expect([deadline.signal.aborted, kept.signal.aborted]).toEqual([false, true]);
});
