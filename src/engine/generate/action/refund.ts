import { hash2 } from '../chance/hash.js';
import { serviceIndexOf } from '../shop/service.js';
import type { Task } from '../simulation/task-heap.js';
import type { World } from '../simulation/world.js';
import { GATEWAY_LOG, ORDER_LOG, PAYMENT_LOG } from '../statement/shop-log.js';
import type { ActionOutcome } from '../truth.js';
import type { Action } from './action.js';
import { book, notify } from './after-sale.js';
import { callProvider, moneyText } from './call-provider.js';
import type { Order } from './order.js';
import { Run, type Visit } from './run.js';

const GATEWAY = serviceIndexOf('gateway');
const ORDER = serviceIndexOf('order');
const PAYMENT = serviceIndexOf('payment');

/** When the provider does not answer the shop tries again by itself after each of these. */
const LATER_US = [300_000_000, 3_600_000_000];

/** One action that tries to give a customer the money back. */
export class Refund implements Task {
  readonly #world: World;
  readonly #action: Action;
  readonly #order: Order;
  /** How many of the later attempts have been made; 0 while the customer waits. */
  readonly #laterCount: number;
  #gateway: Visit | null = null;
  #visit: Visit | null = null;
  #payment: Visit | null = null;

  constructor(
    world: World,
    action: Action,
    parts: { readonly order: Order; readonly laterCount?: number },
  ) {
    this.#world = world;
    this.#action = action;
    this.#order = parts.order;
    this.#laterCount = parts.laterCount ?? 0;
  }

  begin(atUs: number): void {
    const run = this.#runAt(atUs, 1);
    const gateway = this.#laterCount === 0 ? run.enter(GATEWAY, null) : null;
    if (gateway !== null) {
      if (run.fails(gateway)) {
        this.#end(run, 'failed');
        return;
      }
      this.#gateway = gateway;
      run.work(gateway, 800);
    }
    const visit = run.enter(ORDER, gateway);
    if (run.fails(visit)) {
      this.#answer(run, 'failed');
      return;
    }
    this.#visit = visit;
    this.#request(run, visit);
  }

  /** The call to the provider, in the order of time. */
  run(atUs: number): void {
    const run = this.#runAt(atUs, 2);
    const order = this.#order;
    const { name } = order.provider;
    const [visit, payment] = [this.#visit, this.#payment];
    if (visit === null || payment === null) throw new Error('BUG: a refund that nobody asked for');
    run.say(payment, PAYMENT_LOG.refunding, [moneyText(order), name]);
    const result = callProvider(run, payment, order, this.#laterCount + 1);
    // A refund is not declined: there is no card to be charged.
    if (result === 'ok' || result === 'declined') {
      const ms = Math.round((run.nowUs - payment.startUs) / 1000);
      run.say(payment, PAYMENT_LOG.refunded, [name, moneyText(order), ms]);
      run.leave(payment, 'ok');
      this.#settle(run, visit);
    } else {
      run.leave(payment, 'error');
      this.#tryLater(run, visit);
    }
  }

  #runAt(atUs: number, step: number): Run {
    this.#world.random.begin(hash2(this.#action.seed, step));
    return new Run(this.#world, this.#action, atUs);
  }

  #request(run: Run, visit: Visit): void {
    const order = this.#order;
    run.work(visit, 2_200);
    if (this.#laterCount === 0) {
      run.record(visit, { type: 'refund.requested', status: 'requested', money: order.money });
      run.say(visit, ORDER_LOG.refundAsked, [moneyText(order), order.id]);
    }
    const payment = run.enter(PAYMENT, visit);
    if (run.fails(payment)) {
      this.#tryLater(run, visit);
      return;
    }
    this.#payment = payment;
    run.work(payment, 2_800);
    this.#world.schedule(run.nowUs, this);
  }

  #settle(run: Run, visit: Visit): void {
    const order = this.#order;
    run.record(visit, { type: 'refund.done', status: 'done', money: order.money });
    run.say(visit, ORDER_LOG.refundDone, [moneyText(order), order.id]);
    book(run, visit, order, 'refund');
    notify(run, visit, 'Your refund is on its way');
    run.leave(visit, 'ok');
    this.#answer(run, 'ok');
  }

  #tryLater(run: Run, visit: Visit): void {
    const waitUs = LATER_US[this.#laterCount];
    if (waitUs !== undefined) {
      run.say(visit, ORDER_LOG.refundLater, [this.#order.id, waitUs / 1e6]);
      this.#scheduleLater(run.nowUs + waitUs);
    }
    run.leave(visit, 'error');
    this.#answer(run, 'failed');
  }

  #scheduleLater(atUs: number): void {
    const world = this.#world;
    const order = this.#order;
    const laterCount = this.#laterCount + 1;
    world.schedule(atUs, {
      run: (startUs) => {
        const action = world.beginAction({
          operation: 'refund',
          user: order.user,
          session: null,
          orderNumber: order.number,
          atUs: startUs,
        });
        new Refund(world, action, { order, laterCount }).begin(startUs);
      },
    });
  }

  #answer(run: Run, outcome: 'ok' | 'failed'): void {
    const gateway = this.#gateway;
    if (gateway !== null) {
      const ms = Math.round((run.nowUs - gateway.startUs) / 1000);
      const request = `POST /api/orders/${this.#order.id}/refund`;
      if (outcome === 'ok') run.say(gateway, GATEWAY_LOG.served, [request, 201, ms]);
      else run.say(gateway, GATEWAY_LOG.upstreamFailed, [request, ms, 'payment']);
      run.leave(gateway, outcome === 'ok' ? 'ok' : 'error');
    }
    this.#end(run, outcome);
  }

  #end(run: Run, outcome: ActionOutcome): void {
    this.#world.book.endAction(this.#action, outcome, run.nowUs);
  }
}
