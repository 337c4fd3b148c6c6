import { hash2, hash3 } from '../chance/hash.js';
import type { Action } from '../action/action.js';
import { Buy } from '../action/buy.js';
import { cancel, clickAgain } from '../action/cancel.js';
import { Order } from '../action/order.js';
import { Refund } from '../action/refund.js';
import { reserve } from '../action/reserve.js';
import { Run } from '../action/run.js';
import { Session } from '../action/session.js';
import { view, type Page } from '../action/view.js';
import { activeAt, type FaultOf } from '../fault/fault.js';
import { currencyOf, providerOf } from '../shop/customer.js';
import type { Operation } from '../shop/service-name.js';
import type { Product } from '../shop/text-pool.js';
import type { Task } from '../simulation/task-heap.js';
import type { World } from '../simulation/world.js';
import type { ActionOutcome } from '../truth.js';

/** What customers do, as shares of those who could. */
const BUYING_SHARE = 0.3;
const MISTAKE_SHARE = 0.01;
const SEARCH_SHARE = 0.2;
const DOUBLE_CLICK_SHARE = 0.015;
const CANCEL_SHARE = 0.08;
const ABANDON_SHARE = 0.07;
const REFUND_SHARE = 0.04;

/** Pages that a visitor looks at: one, and then this many more in the mean. */
const FURTHER_VIEWS_MEAN = 3.5;
const VIEWS_MAX = 60;

/** Between two actions. */
const THINK_US_MIN = 700_000;
const THINK_US_MEAN = 7_000_000;

/** From a purchase to the wish for the money back. */
const REGRET_US_MIN = 60_000_000;
const REGRET_US_MEAN = 1_200_000_000;

/** The second click of an impatient finger. */
const SECOND_CLICK_US = 180_000;

const QUANTITY_MAX = 3;

type Step = 'view' | 'reserve' | 'buy' | 'cancel' | 'refund';

/** How long a visit has been going on when the run begins: it did not begin with an empty shop. */
export interface VisitorStart {
  readonly user: number;
  /** Only the rest of the visit lies within the run, this share of it; 1 for a whole one. */
  readonly restShare: number;
}

/** One customer in the shop: looks, decides, pays, changes his mind. A task that comes again after each think time. */
export class Visitor implements Task {
  readonly #world: World;
  readonly #session: Session;
  readonly #seed: number;
  readonly #doubleClicks: readonly FaultOf<'double-click'>[];
  #viewsLeft: number;
  #next: Step = 'view';
  #isBuying: boolean;
  #product: Product | null = null;
  #order: Order | null = null;

  constructor(world: World, { user, restShare }: VisitorStart) {
    const { random, book, spec } = world;
    this.#world = world;
    this.#session = new Session(spec.seed, world.nextSessionNumber(), user);
    this.#seed = this.#session.seed;
    this.#doubleClicks = spec.faults.filter((fault) => fault.kind === 'double-click');
    random.begin(this.#seed);
    const further = Math.floor(random.exponential(FURTHER_VIEWS_MEAN + 0.5));
    this.#viewsLeft = Math.ceil((1 + Math.min(VIEWS_MAX, further)) * restShare);
    this.#isBuying = random.chance(BUYING_SHARE);
    book.beginSession(this.#session);
  }

  /** A visit of one who wants his money back for an order. */
  static forRefund(world: World, order: Order): Visitor {
    const visitor = new Visitor(world, { user: order.user, restShare: 1 });
    visitor.#viewsLeft = 1;
    visitor.#isBuying = false;
    visitor.#order = order;
    return visitor;
  }

  run(atUs: number): void {
    const { random } = this.#world;
    const session = this.#session;
    session.stepCount += 1;
    random.begin(hash2(this.#seed, session.stepCount));
    const step = this.#next;
    // What the services do draws from the action's own seed, so what comes next is decided before.
    const hash = random.seed();
    const endUs = this.#act(step, atUs);
    random.begin(hash);
    if (endUs === null) return;
    this.#goOn(endUs + THINK_US_MIN + random.exponential(THINK_US_MEAN - THINK_US_MIN));
  }

  /** Returns when it was done; null when the visit goes on (or ends) by something else. */
  #act(step: Step, atUs: number): number | null {
    switch (step) {
      case 'view':
        return this.#view(atUs);
      case 'reserve':
        return this.#reserve(atUs);
      case 'buy':
        this.#buy(atUs);
        return null;
      case 'cancel':
        return this.#simple('cancel', atUs, (run, order) => cancel(run, order));
      case 'refund':
        this.#refund(atUs);
        return null;
    }
  }

  #goOn(atUs: number): void {
    if (this.#next === 'view' && this.#viewsLeft === 0 && !this.#decide()) {
      this.#leave();
      return;
    }
    this.#world.schedule(Math.floor(atUs), this);
  }

  /** What follows the last page; false when nothing does. */
  #decide(): boolean {
    if (this.#order !== null) {
      this.#next = 'refund';
      return !this.#order.isRefunded;
    }
    this.#next = 'reserve';
    return this.#isBuying && this.#product !== null;
  }

  #leave(): void {
    this.#world.book.endSession(this.#session);
  }

  #view(atUs: number): number {
    const page = this.#choosePage();
    this.#viewsLeft -= 1;
    const action = this.#begin('view', null, atUs);
    const run = this.#runOf(action, atUs);
    this.#finish(run, view(run, page));
    return run.nowUs;
  }

  #choosePage(): Page {
    const { random, pool } = this.#world;
    const product = pool.products[Math.floor(random.unit() ** 2 * pool.products.length)];
    if (product === undefined) throw new Error('BUG: a shop without products');
    const luck = random.unit();
    if (luck < MISTAKE_SHARE) return { kind: 'missing', product };
    const isLast = this.#viewsLeft === 1;
    if (luck < MISTAKE_SHARE + SEARCH_SHARE && !isLast) {
      const [word = ''] = product.page.slice(3).split('-');
      return { kind: 'search', word, hitCount: 1 + random.below(40) };
    }
    this.#product = product;
    return { kind: 'product', product };
  }

  #reserve(atUs: number): number | null {
    const order = this.#newOrder();
    if (order === null) return null;
    const action = this.#begin('reserve', order.number, atUs);
    const run = this.#runOf(action, atUs);
    const outcome = reserve(run, order);
    this.#finish(run, outcome);
    this.#world.random.begin(hash3(this.#seed, this.#session.stepCount, 1));
    const luck = this.#world.random.unit();
    if (outcome !== 'ok' || luck < ABANDON_SHARE) {
      this.#leave();
      return null;
    }
    this.#order = order;
    this.#next = luck < ABANDON_SHARE + CANCEL_SHARE ? 'cancel' : 'buy';
    return run.nowUs;
  }

  #newOrder(): Order | null {
    const { random, providers, spec } = this.#world;
    const product = this.#product;
    const { user } = this.#session;
    const provider = providers[providerOf(spec.seed, user)];
    if (product === null || provider === undefined) return null;
    this.#session.purpose = 'buying';
    const quantity = 1 + Math.floor(random.unit() ** 3 * QUANTITY_MAX);
    return new Order({
      number: this.#world.nextOrderNumber(),
      user,
      product,
      quantity,
      money: { minorUnits: product.price * quantity, currency: currencyOf(spec.seed, user) },
      provider,
    });
  }

  #buy(atUs: number): void {
    const order = this.#order;
    if (order === null) throw new Error('BUG: nothing to buy');
    const { random } = this.#world;
    const isDouble = random.chance(this.#doubleClickShareAt(atUs));
    const action = this.#begin('buy', order.number, atUs);
    new Buy(this.#world, action, {
      order,
      after: (paid, endUs) => {
        this.#regret(paid, endUs);
      },
    }).begin(atUs);
    if (isDouble) {
      this.#world.schedule(atUs + SECOND_CLICK_US, {
        run: (againUs) => {
          this.#simple('buy', againUs, (run, known) => clickAgain(run, known));
          this.#leave();
        },
      });
    } else this.#leave();
  }

  #doubleClickShareAt(atUs: number): number {
    return this.#doubleClicks.reduce(
      (share, fault) => (activeAt(fault, atUs) ? Math.max(share, fault.share) : share),
      DOUBLE_CLICK_SHARE,
    );
  }

  /** Some come back for their money. */
  #regret(order: Order, paidUs: number): void {
    const world = this.#world;
    world.random.begin(hash3(this.#seed, order.number, 2));
    if (!world.random.chance(REFUND_SHARE)) return;
    const waitUs = REGRET_US_MIN + world.random.exponential(REGRET_US_MEAN - REGRET_US_MIN);
    world.schedule(Math.floor(paidUs + waitUs), {
      run: (atUs) => {
        Visitor.forRefund(world, order).run(atUs);
      },
    });
  }

  #refund(atUs: number): void {
    const order = this.#order;
    if (order === null) throw new Error('BUG: nothing to give back');
    order.isRefunded = true;
    const action = this.#begin('refund', order.number, atUs);
    new Refund(this.#world, action, { order }).begin(atUs);
    this.#leave();
  }

  /** An action that is over when the services have answered; the visit is, too, when it was a cancellation. */
  #simple(
    operation: Operation,
    atUs: number,
    act: (run: Run, order: Order) => ActionOutcome,
  ): null {
    const order = this.#order;
    if (order === null) throw new Error(`BUG: nothing to ${operation}`);
    const action = this.#begin(operation, order.number, atUs);
    const run = this.#runOf(action, atUs);
    this.#finish(run, act(run, order));
    if (operation === 'cancel') this.#leave();
    return null;
  }

  #begin(operation: Operation, orderNumber: number | null, atUs: number): Action {
    const { user } = this.#session;
    return this.#world.beginAction({ operation, user, session: this.#session, orderNumber, atUs });
  }

  #runOf(action: Action, atUs: number): Run {
    this.#world.random.begin(hash2(action.seed, 3));
    return new Run(this.#world, action, atUs);
  }

  #finish(run: Run, outcome: ActionOutcome): void {
    this.#world.book.endAction(run.action, outcome, run.nowUs);
  }
}
