// The way in: shows pages and hands each action on to the service that does it.
import { call } from '../kit/action.js';
import { createLog } from '../kit/log.js';
import { serve } from '../kit/serve.js';

const { RESERVATION_URL, ORDER_URL } = process.env;
const log = createLog('gateway');

serve(log, {
  '/view': { operation: 'view', handle: view },
  '/reserve': { operation: 'reserve', handle: forwardTo(`${RESERVATION_URL}/reserve`) },
  '/buy': { operation: 'buy', handle: forwardTo(`${ORDER_URL}/buy`) },
  '/refund': { operation: 'refund', handle: forwardTo(`${ORDER_URL}/refund`) },
  '/cancel': { operation: 'cancel', handle: forwardTo(`${ORDER_URL}/cancel`) },
});

async function view({ action, body, log }) {
  const page = `/product/${body.product_id}`;
  const { stock } = await call(`${RESERVATION_URL}/stock`, { action, body });
  log.info({ kind: 'record', type: 'page.view', page }, `shows ${page}`);
  return { page, stock };
}

function forwardTo(url) {
  return async function forward({ action, body, log }) {
    try {
      return await call(url, { action, body });
    } catch (err) {
      log.warn({ reason: err.message }, `tells ${body.user_id}: ${err.reason}`);
      throw err;
    }
  };
}
