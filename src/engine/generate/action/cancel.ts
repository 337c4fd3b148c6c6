import { serviceIndexOf } from '../shop/service.js';
import { GATEWAY_LOG, ORDER_LOG, RESERVATION_LOG } from '../statement/shop-log.js';
import type { ActionOutcome } from '../truth.js';
import type { Order } from './order.js';
import type { Run, Visit } from './run.js';

const GATEWAY = serviceIndexOf('gateway');
const RESERVATION = serviceIndexOf('reservation');
const ORDER = serviceIndexOf('order');

/** A customer gives back what was put aside. */
export function cancel(run: Run, order: Order): ActionOutcome {
  const gateway = run.enter(GATEWAY, null);
  if (run.fails(gateway)) return 'failed';
  run.work(gateway, 800);
  const isDone = cancelOrder(run, gateway, order);
  const ms = Math.round((run.nowUs - gateway.startUs) / 1000);
  const request = `DELETE /api/orders/${order.id}`;
  if (isDone) run.say(gateway, GATEWAY_LOG.served, [request, 204, ms]);
  else run.say(gateway, GATEWAY_LOG.upstreamFailed, [request, ms, 'order']);
  run.leave(gateway, isDone ? 'ok' : 'error');
  return isDone ? 'ok' : 'failed';
}

function cancelOrder(run: Run, gateway: Visit, order: Order): boolean {
  const visit = run.enter(ORDER, gateway);
  if (run.fails(visit)) return false;
  run.work(visit, 2_400);
  const reservation = run.enter(RESERVATION, visit);
  if (run.fails(reservation)) {
    run.leave(visit, 'error');
    return false;
  }
  run.work(reservation, 3_000);
  run.say(reservation, RESERVATION_LOG.released, [order.product.id]);
  run.leave(reservation, 'ok');
  run.record(visit, { type: 'order.cancelled', status: 'cancelled', money: order.money });
  run.say(visit, ORDER_LOG.cancelled, [order.id]);
  run.leave(visit, 'ok');
  return true;
}

/** The second click: the shop knows the order already and refuses to take it twice. */
export function clickAgain(run: Run, order: Order): ActionOutcome {
  const gateway = run.enter(GATEWAY, null);
  if (run.fails(gateway)) return 'failed';
  run.work(gateway, 900);
  const visit = run.enter(ORDER, gateway);
  const isBroken = run.fails(visit);
  if (!isBroken) {
    run.work(visit, 1_200);
    run.say(visit, ORDER_LOG.doubleClick, [order.id]);
    run.leave(visit, 'ok');
  }
  const ms = Math.round((run.nowUs - gateway.startUs) / 1000);
  if (isBroken) run.say(gateway, GATEWAY_LOG.upstreamFailed, ['POST /api/orders', ms, 'order']);
  else run.say(gateway, GATEWAY_LOG.served, ['POST /api/orders', 409, ms]);
  run.leave(gateway, isBroken ? 'error' : 'ok');
  return isBroken ? 'failed' : 'refused';
}
