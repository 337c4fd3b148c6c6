import { decimalText } from '../render/decimal-text.js';
import {
  CATALOGUE_LOG,
  GATEWAY_LOG,
  IDENTITY_LOG,
  RESERVATION_LOG,
} from '../statement/shop-log.js';
import { userIdOf } from '../shop/customer.js';
import { serviceIndexOf } from '../shop/service.js';
import type { ActionOutcome } from '../truth.js';
import type { Order } from './order.js';
import type { Run, Visit } from './run.js';

const GATEWAY = serviceIndexOf('gateway');
const IDENTITY = serviceIndexOf('identity');
const CATALOGUE = serviceIndexOf('catalogue');
const RESERVATION = serviceIndexOf('reservation');

const SOLD_OUT_SHARE = 0.02;
const LOW_STOCK_SHARE = 0.06;

/** A product is put aside for a customer: who is he, what does it cost, is it there. */
export function reserve(run: Run, order: Order): ActionOutcome {
  const gateway = run.enter(GATEWAY, null);
  if (run.fails(gateway)) return 'failed';
  run.work(gateway, 800);
  if (!identify(run, gateway) || !quote(run, gateway, order)) return answer(run, gateway, 'failed');
  return answer(run, gateway, hold(run, gateway, order));
}

/** Shared with buying: the token is checked before anything that costs money. */
export function identify(run: Run, parent: Visit): boolean {
  const identity = run.enter(IDENTITY, parent);
  if (run.fails(identity)) return false;
  run.work(identity, 1_400);
  const { pool, random } = run.world;
  const city = pool.cities[random.below(pool.cities.length)] ?? '';
  run.say(identity, IDENTITY_LOG.checked, [userIdOf(run.action.user), city]);
  run.leave(identity, 'ok');
  return true;
}

function quote(run: Run, parent: Visit, { product, quantity, money }: Order): boolean {
  const catalogue = run.enter(CATALOGUE, parent);
  if (run.fails(catalogue)) return false;
  run.work(catalogue, 2_600);
  run.say(catalogue, CATALOGUE_LOG.priced, [decimalText(money.minorUnits), quantity, product.id]);
  run.leave(catalogue, 'ok');
  return true;
}

function hold(run: Run, parent: Visit, { product, quantity }: Order): Decided {
  const { random } = run.world;
  const visit = run.enter(RESERVATION, parent);
  if (run.fails(visit)) return 'failed';
  run.work(visit, 6_500);
  const luck = random.unit();
  const isSoldOut = luck < SOLD_OUT_SHARE;
  const fields = `,"product_id":"${product.id}"`;
  if (isSoldOut) {
    run.say(visit, RESERVATION_LOG.soldOut, [product.id]);
    run.record(visit, { type: 'order.reserved', status: 'sold_out', fields });
  } else {
    run.record(visit, { type: 'order.reserved', status: 'reserved', fields });
    run.say(visit, RESERVATION_LOG.held, [quantity, product.id, userIdOf(run.action.user)]);
    if (luck > 1 - LOW_STOCK_SHARE) {
      run.say(visit, RESERVATION_LOG.lowStock, [product.id, 1 + random.below(5)]);
    }
  }
  run.leave(visit, 'ok');
  return isSoldOut ? 'refused' : 'ok';
}

type Decided = Exclude<ActionOutcome, 'open'>;

const HTTP_STATUS = { ok: 201, refused: 409, failed: 502 } as const;

function answer(run: Run, gateway: Visit, outcome: Decided): ActionOutcome {
  const ms = Math.round((run.nowUs - gateway.startUs) / 1000);
  if (outcome === 'failed') {
    run.say(gateway, GATEWAY_LOG.upstreamFailed, ['POST /api/reservations', ms, 'reservation']);
  } else run.say(gateway, GATEWAY_LOG.served, ['POST /api/reservations', HTTP_STATUS[outcome], ms]);
  run.leave(gateway, outcome === 'failed' ? 'error' : 'ok');
  return outcome;
}
