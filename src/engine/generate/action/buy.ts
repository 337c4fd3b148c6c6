import { hash2 } from '../chance/hash.js';
import { serviceIndexOf } from '../shop/service.js';
import type { Task } from '../simulation/task-heap.js';
import type { World } from '../simulation/world.js';
import { GATEWAY_LOG, ORDER_LOG, PAYMENT_LOG, RESERVATION_LOG } from '../statement/shop-log.js';
import type { ActionOutcome } from '../truth.js';
import type { Action } from './action.js';
import { book, notify } from './after-sale.js';
import { callProvider, isAnswer, moneyText } from './call-provider.js';
import type { Order } from './order.js';
import { identify } from './reserve.js';
import { Run, type Visit } from './run.js';

const GATEWAY = serviceIndexOf('gateway');
const RESERVATION = serviceIndexOf('reservation');
const ORDER = serviceIndexOf('order');
const PAYMENT = serviceIndexOf('payment');

/** Attempts while the customer waits. */
const ATTEMPTS_AT_ONCE = 3;

/** Before the second and the third of them. */
const BACK_OFF_MS = [400, 1_600];

/** What the shop does by itself when they all failed: one more attempt after each of these, the last an hour later. */
const LATER_US = [60_000_000, 600_000_000, 3_600_000_000];

/** Waiting times differ by so much, so that retries do not come as one wave. */
const JITTER = 0.2;

/** What follows when an action of buying is done: the customer acts on it. */
export type AfterBuying = (order: Order, endUs: number) => void;

/** One action that tries to get an order paid: the customer's own, or a later one of the shop. */
export class Buy implements Task {
  readonly #world: World;
  readonly #action: Action;
  readonly #order: Order;
  readonly #after: AfterBuying;
  /** How many of the later attempts have been made; 0 while the customer waits. */
  readonly #laterCount: number;
  #gateway: Visit | null = null;
  #visit: Visit | null = null;
  #payment: Visit | null = null;
  #tryCount = 0;

  constructor(
    world: World,
    action: Action,
    parts: { readonly order: Order; readonly after: AfterBuying; readonly laterCount?: number },
  ) {
    this.#world = world;
    this.#action = action;
    this.#order = parts.order;
    this.#after = parts.after;
    this.#laterCount = parts.laterCount ?? 0;
  }

  /** All up to the first call to the provider. */
  begin(atUs: number): void {
    const run = this.#runAt(atUs);
    if (this.#laterCount === 0 && !this.#takeOrder(run)) return;
    if (this.#laterCount > 0 && !this.#takeUpAgain(run)) return;
    this.#askForPayment(run);
  }

  /** One attempt; it goes through the provider's line in the order of time, so each is a task of its own. */
  run(atUs: number): void {
    const run = this.#runAt(atUs);
    const payment = this.#payment;
    if (payment === null) throw new Error('BUG: an attempt without a request');
    const order = this.#order;
    order.attemptCount += 1;
    this.#tryCount += 1;
    const attempt = order.attemptCount;
    const { name } = order.provider;
    run.say(payment, PAYMENT_LOG.charging, [moneyText(order), name, attempt]);
    const result = callProvider(run, payment, order, attempt);
    const status = result === 'ok' ? 'ok' : result === 'timeout' ? 'timeout' : 'failed';
    this.#recordAttempt(run, payment, status);
    if (isAnswer(result)) this.#settle(run, payment, result);
    else if (this.#laterCount === 0 && this.#tryCount < ATTEMPTS_AT_ONCE)
      this.#backOff(run, payment);
    else this.#giveUp(run, payment);
  }

  #runAt(atUs: number): Run {
    this.#world.random.begin(hash2(this.#action.seed, 10 + this.#tryCount));
    return new Run(this.#world, this.#action, atUs);
  }

  /** The customer's order is written down and the goods are set aside for good. */
  #takeOrder(run: Run): boolean {
    const gateway = run.enter(GATEWAY, null);
    if (run.fails(gateway)) return this.#end(run, 'failed');
    this.#gateway = gateway;
    run.work(gateway, 900);
    run.say(gateway, GATEWAY_LOG.sessionKnown, [this.#action.session?.id ?? '', 30]);
    if (!identify(run, gateway)) return this.#answer(run, 'failed', 'identity');
    const visit = run.enter(ORDER, gateway);
    if (run.fails(visit)) return this.#answer(run, 'failed', 'order');
    this.#visit = visit;
    const order = this.#order;
    run.work(visit, 3_800);
    run.say(visit, ORDER_LOG.keyChecked, [order.id]);
    run.record(visit, {
      type: 'order.placed',
      status: 'pending',
      money: order.money,
      fields: `,"product_id":"${order.product.id}"`,
    });
    run.say(visit, ORDER_LOG.placed, [order.id, order.quantity, moneyText(order)]);
    if (this.#commitHold(run, visit)) return true;
    return this.#fail(run, visit, 'reservation could not be kept');
  }

  /** The shop itself tries again. */
  #takeUpAgain(run: Run): boolean {
    const visit = run.enter(ORDER, null);
    if (run.fails(visit)) {
      this.#tryLater(run);
      return this.#end(run, 'failed');
    }
    this.#visit = visit;
    run.work(visit, 2_500);
    run.say(visit, ORDER_LOG.retrying, [this.#order.id, this.#order.attemptCount + 1]);
    return true;
  }

  #commitHold(run: Run, parent: Visit): boolean {
    const reservation = run.enter(RESERVATION, parent);
    if (run.fails(reservation)) return false;
    run.work(reservation, 4_000);
    run.say(reservation, RESERVATION_LOG.committed, [this.#order.product.id]);
    run.leave(reservation, 'ok');
    return true;
  }

  #askForPayment(run: Run): void {
    const visit = this.#open(this.#visit);
    const payment = run.enter(PAYMENT, visit);
    if (run.fails(payment)) {
      this.#postpone(run, visit);
      return;
    }
    this.#payment = payment;
    run.work(payment, 3_000);
    this.#world.schedule(run.nowUs, this);
  }

  #recordAttempt(run: Run, payment: Visit, status: 'ok' | 'failed' | 'timeout'): void {
    const order = this.#order;
    const attempt = order.attemptCount;
    const atUs = run.nowUs;
    const isWithin = run.record(payment, {
      type: 'payment.attempt',
      status,
      money: order.money,
      fields: `,"provider":"${order.provider.name}","attempt":${attempt}`,
    });
    if (!isWithin) return;
    if (order.attempts.length === 0) this.#world.book.beginChain(order);
    order.attempts.push({ action: this.#action, attempt, status, atUs });
  }

  #backOff(run: Run, payment: Visit): void {
    const { random } = this.#world;
    const baseMs = BACK_OFF_MS[this.#tryCount - 1] ?? 0;
    const waitMs = Math.round(baseMs * (1 + JITTER * (2 * random.unit() - 1)));
    run.say(payment, PAYMENT_LOG.backingOff, [
      this.#order.attemptCount,
      this.#order.provider.name,
      waitMs,
    ]);
    this.#world.schedule(run.nowUs + waitMs * 1000, this);
  }

  #settle(run: Run, payment: Visit, result: 'ok' | 'declined'): void {
    const order = this.#order;
    const visit = this.#open(this.#visit);
    if (result === 'declined') {
      run.leave(payment, 'ok');
      this.#fail(run, visit, 'card declined');
      return;
    }
    const ms = Math.round((run.nowUs - payment.startUs) / 1000);
    run.say(payment, PAYMENT_LOG.charged, [order.provider.name, moneyText(order), ms]);
    run.leave(payment, 'ok');
    run.work(visit, 1_500);
    this.#pay(run, visit);
    book(run, visit, order, 'sale');
    run.leave(visit, 'ok');
    const answeredUs = run.nowUs;
    this.#answer(run, 'ok', 'order');
    // The mail goes out when the customer has the answer already.
    run.nowUs = answeredUs + 900;
    notify(run, visit, 'Your order is on its way');
    this.#end(run, 'ok');
  }

  #pay(run: Run, visit: Visit): void {
    const order = this.#order;
    const atUs = run.nowUs;
    run.record(visit, { type: 'order.paid', status: 'paid', money: order.money });
    run.say(visit, ORDER_LOG.paid, [order.id, moneyText(order)]);
    if (atUs >= this.#world.toUs) return;
    order.isPaid = true;
    this.#world.book.endChain(order, order.attempts.length === 1 ? 'ok_first' : 'recovered');
  }

  /** Nobody answered: the request ends, the order may live on. */
  #giveUp(run: Run, payment: Visit): void {
    run.leave(payment, 'error');
    this.#postpone(run, this.#open(this.#visit));
  }

  #postpone(run: Run, visit: Visit): void {
    if (LATER_US[this.#laterCount] === undefined) {
      this.#fail(run, visit, `no payment after ${this.#order.attemptCount} attempts`);
      return;
    }
    const waitUs = this.#tryLater(run);
    run.say(visit, ORDER_LOG.unpaid, [this.#order.id, Math.round(waitUs / 1e6)]);
    run.leave(visit, 'error');
    this.#answer(run, 'failed', 'payment');
  }

  /** Under an op_id of its own, as nobody waits for it any more. Returns how long it takes until then. */
  #tryLater(run: Run): number {
    const { random } = this.#world;
    const baseUs = LATER_US[Math.min(this.#laterCount, LATER_US.length - 1)] ?? 0;
    const waitUs = Math.round(baseUs * (1 + JITTER * (2 * random.unit() - 1)));
    const order = this.#order;
    const laterCount = this.#laterCount + 1;
    const world = this.#world;
    const after = this.#after;
    world.schedule(run.nowUs + waitUs, {
      run: (atUs) => {
        const action = world.beginAction({
          operation: 'buy',
          user: order.user,
          session: null,
          orderNumber: order.number,
          atUs,
        });
        new Buy(world, action, { order, after, laterCount }).begin(atUs);
      },
    });
    return waitUs;
  }

  /** The order is lost. Always false, for a caller that cannot go on. */
  #fail(run: Run, visit: Visit, why: string): false {
    const order = this.#order;
    const atUs = run.nowUs;
    run.record(visit, { type: 'order.failed', status: 'failed', money: order.money });
    run.say(visit, ORDER_LOG.failed, [order.id, why]);
    run.leave(visit, 'error');
    if (order.attempts.length > 0 && atUs < this.#world.toUs) {
      this.#world.book.endChain(order, 'failed');
    }
    const isRefused = why === 'card declined';
    return this.#answer(run, isRefused ? 'refused' : 'failed', 'order');
  }

  /** What the customer gets to see, when there is one. */
  #answer(run: Run, outcome: Exclude<ActionOutcome, 'open'>, culprit: string): false {
    const gateway = this.#gateway;
    if (gateway !== null) {
      const ms = Math.round((run.nowUs - gateway.startUs) / 1000);
      if (outcome === 'failed') {
        run.say(gateway, GATEWAY_LOG.upstreamFailed, ['POST /api/orders', ms, culprit]);
      } else {
        run.say(gateway, GATEWAY_LOG.served, [
          'POST /api/orders',
          outcome === 'ok' ? 201 : 402,
          ms,
        ]);
      }
      run.leave(gateway, outcome === 'failed' ? 'error' : 'ok');
    }
    return outcome === 'ok' ? false : this.#end(run, outcome);
  }

  #end(run: Run, outcome: ActionOutcome): false {
    this.#world.book.endAction(this.#action, outcome, run.nowUs);
    if (outcome === 'ok') this.#after(this.#order, run.nowUs);
    return false;
  }

  #open(visit: Visit | null): Visit {
    if (visit === null) throw new Error('BUG: a payment without an order');
    return visit;
  }
}
