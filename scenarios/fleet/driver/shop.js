import { setTimeout as sleep } from 'node:timers/promises';
import { call, CallFailed } from '../kit/action.js';

/**
 * Plays the plan against the gateway, all shoppers side by side; counts done, refused and skipped
 * actions by name. A step whose order never came to be (sold out, not paid) is skipped.
 */
export async function shop({ plan, gatewayUrl, signal, onStep = () => undefined }) {
  const outcomes = {};
  const count = (action, outcome) => {
    outcomes[action] ??= { done: 0, refused: 0, skipped: 0 };
    outcomes[action][outcome] += 1;
    onStep(outcomes);
  };
  const began = performance.now();
  await Promise.all(plan.map((steps) => playShopper({ steps, gatewayUrl, signal, began, count })));
  return outcomes;
}

async function playShopper({ steps, gatewayUrl, signal, began, count }) {
  let orderId;
  for (const { atMs, action, opId, ...body } of steps) {
    await sleep(Math.max(0, began + atMs - performance.now()), undefined, { signal });
    if (action === 'reserve') orderId = undefined;
    if (needsOrder(action) && orderId === undefined) {
      count(action, 'skipped');
      continue;
    }
    const asked = needsOrder(action) ? { ...body, order_id: orderId } : body;
    const answer = await ask({ url: `${gatewayUrl}/${action}`, opId, asked });
    count(action, answer === undefined ? 'refused' : 'done');
    if (action === 'reserve' || answer === undefined) orderId = answer?.order_id;
  }
}

function needsOrder(action) {
  return action === 'buy' || action === 'refund' || action === 'cancel';
}

/** The answer, or undefined when the shop says no. */
async function ask({ url, opId, asked }) {
  try {
    return await call(url, { action: { op_id: opId }, body: asked });
  } catch (error) {
    if (error instanceof CallFailed) return undefined;
    throw error;
  }
}
