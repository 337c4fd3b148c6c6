// Has the provider charge an order, and asks again, later and later, while the provider fails.
import { setTimeout as sleep } from 'node:timers/promises';
import { call, CallFailed, childSpanOf } from '../kit/action.js';
import { createLog, logFrom } from '../kit/log.js';
import { serve } from '../kit/serve.js';

const { PROVIDER_URL } = process.env;
const PROVIDER = 'paybridge';
const ATTEMPTS_MAX = 4;

/** A provider that is silent for so long counts as failed: shoppers do not wait longer. */
const PROVIDER_TIMEOUT_MS = 600;

/** Doubles from attempt to attempt. */
const BACK_OFF_MS = 120;

const serviceLog = createLog('payment');

serve(serviceLog, {
  '/charge': { operation: 'buy', handle: (request) => settle(request, '/charge') },
  '/refund': { operation: 'refund', handle: (request) => settle(request, '/refund') },
});

async function settle({ action, body, log }, path) {
  for (let attempt = 1; ; attempt += 1) {
    const failure = await askProvider({ action, body, path, attempt });
    if (failure === undefined) return {};
    log.error({ err: failure, provider: PROVIDER, attempt }, failure.message);
    if (failure.reason === 'declined' || attempt === ATTEMPTS_MAX) throw failure;
    const waitMs = BACK_OFF_MS * 2 ** (attempt - 1);
    log.warn({ provider: PROVIDER, attempt, wait_ms: waitMs }, `asks again in ${waitMs} ms`);
    await sleep(waitMs);
  }
}

/** One attempt and its line, with a span of its own; gives the failure, or undefined when all is well. */
async function askProvider({ action, body, path, attempt }) {
  const { order_id, user_id, amount, currency } = body;
  const beganMs = Date.now();
  const began = performance.now();
  const failure = await failureOf(
    call(`${PROVIDER_URL}${path}`, {
      to: PROVIDER,
      action,
      body: { order_id, amount, currency, attempt },
      timeoutMs: PROVIDER_TIMEOUT_MS,
    }),
  );
  const line = {
    kind: 'record',
    type: 'payment.attempt',
    op_id: action.op_id,
    ...childSpanOf(action),
    operation: path === '/charge' ? 'buy' : 'refund',
    ...{ user_id, order_id, provider: PROVIDER, attempt, amount, currency },
    status: statusOf(failure),
    duration_ms: Number((performance.now() - began).toFixed(3)),
  };
  logFrom(beganMs, () => serviceLog.info(line, `attempt ${attempt}`));
  return failure;
}

function statusOf(failure) {
  if (failure === undefined) return 'ok';
  return failure.status === 504 ? 'timeout' : 'failed';
}

async function failureOf(answer) {
  try {
    await answer;
    return undefined;
  } catch (error) {
    if (error instanceof CallFailed) return error;
    throw error;
  }
}
