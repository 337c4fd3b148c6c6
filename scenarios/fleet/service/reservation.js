// Keeps goods aside until they are paid for.
import { CallFailed } from '../kit/action.js';
import { createLog } from '../kit/log.js';
import { serve } from '../kit/serve.js';

/** The one thing that everybody wants and nobody gets. */
const SOLD_OUT_PRODUCT = 'p-07';
const STOCK = 500;

const log = createLog('reservation');
const reservations = new Map();

serve(log, {
  '/stock': { operation: 'view', handle: tellStock },
  '/reserve': { operation: 'reserve', handle: reserve },
  '/confirm': { operation: 'buy', handle: confirm },
  '/release': { operation: 'cancel', handle: release },
});

function tellStock({ body, log }) {
  const stock = stockOf(body.product_id);
  log.debug({ stock }, `${stock} of ${body.product_id} in stock`);
  return { stock };
}

function reserve({ action, body, log }) {
  if (stockOf(body.product_id) === 0) {
    log.warn(`${body.product_id} is sold out`);
    throw new CallFailed('sold out', { status: 409, reason: 'sold_out' });
  }
  const order_id = `o-${action.op_id.slice(0, 8)}`;
  reservations.set(order_id, { ...body, isConfirmed: false });
  const fact = { kind: 'record', type: 'order.reserved', order_id, status: 'reserved' };
  log.info(fact, `${body.product_id} is kept for ${body.user_id}`);
  return { order_id };
}

function confirm({ body, log }) {
  const reservation = reservations.get(body.order_id);
  if (reservation === undefined) {
    throw new CallFailed('no such reservation', { status: 404, reason: 'not_reserved' });
  }
  reservation.isConfirmed = true;
  log.debug(`reservation of ${body.order_id} holds`);
  return { product_id: reservation.product_id };
}

function release({ body, log }) {
  const isReleased = reservations.delete(body.order_id);
  log.info({ is_released: isReleased }, `${body.order_id} is free again`);
  return {};
}

function stockOf(productId) {
  if (productId === SOLD_OUT_PRODUCT) return 0;
  const keptCount = [...reservations.values()].filter(
    (kept) => kept.product_id === productId,
  ).length;
  return STOCK - keptCount;
}
