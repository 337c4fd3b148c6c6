import { expect, it } from 'vitest';
import { untilAborted } from './until-aborted.js';

it('resolves when the signal is aborted, and not before', async () => {
  const controller = new AbortController();
  const order: string[] = [];
  const waiting = untilAborted(controller.signal).then(() => order.push('resolved'));
  await new Promise(setImmediate);
  order.push('aborts');
  controller.abort();
  await waiting;
  expect(order).toEqual(['aborts', 'resolved']);
});

it('resolves at once when it was aborted before', async () => {
  await expect(untilAborted(AbortSignal.abort())).resolves.toBeUndefined();
});
