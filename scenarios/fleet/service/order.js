// Turns a reservation into an order, has it paid, and takes it back.
import { call, CallFailed } from '../kit/action.js';
import { createLog } from '../kit/log.js';
import { serve } from '../kit/serve.js';

const { RESERVATION_URL, PAYMENT_URL } = process.env;
const log = createLog('order');
const paidOrders = new Map();

serve(log, {
  '/buy': { operation: 'buy', handle: buy },
  '/refund': { operation: 'refund', handle: refund },
  '/cancel': { operation: 'cancel', handle: cancel },
});

async function buy({ action, body, log }) {
  const { order_id, amount, currency } = body;
  await call(`${RESERVATION_URL}/confirm`, { action, body });
  record(log, 'order.placed', { status: 'placed', amount, currency });
  try {
    await call(`${PAYMENT_URL}/charge`, { action, body });
  } catch (err) {
    record(log, 'order.failed', { status: 'failed', amount, currency });
    log.error({ err }, `${order_id} is not paid: its goods go back`);
    await call(`${RESERVATION_URL}/release`, { action, body });
    throw err;
  }
  paidOrders.set(order_id, { amount, currency });
  record(log, 'order.paid', { status: 'paid', amount, currency });
  return { order_id };
}

async function refund({ action, body, log }) {
  const paid = paidOrders.get(body.order_id);
  if (paid === undefined) {
    log.warn(`${body.order_id} was never paid`);
    throw new CallFailed('not paid', { status: 409, reason: 'not_paid' });
  }
  record(log, 'refund.requested', { status: 'requested', ...paid });
  await call(`${PAYMENT_URL}/refund`, { action, body: { ...body, ...paid } });
  await call(`${RESERVATION_URL}/release`, { action, body });
  paidOrders.delete(body.order_id);
  record(log, 'refund.done', { status: 'done', ...paid });
  return {};
}

async function cancel({ action, body, log }) {
  await call(`${RESERVATION_URL}/release`, { action, body });
  record(log, 'order.cancelled', { status: 'cancelled' });
  return {};
}

function record(log, type, facts) {
  log.info({ kind: 'record', type, ...facts }, type);
}
