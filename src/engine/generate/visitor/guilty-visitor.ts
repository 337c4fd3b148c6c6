import type { Action } from '../action/action.js';
import { Buy } from '../action/buy.js';
import { cancel } from '../action/cancel.js';
import { Order } from '../action/order.js';
import { reserve } from '../action/reserve.js';
import { Run } from '../action/run.js';
import { Session } from '../action/session.js';
import { view } from '../action/view.js';
import { hash2, hash3 } from '../chance/hash.js';
import type { FaultOf } from '../fault/fault.js';
import { currencyOf, providerOf } from '../shop/customer.js';
import type { Operation } from '../shop/service-name.js';
import type { Task } from '../simulation/task-heap.js';
import type { World } from '../simulation/world.js';
import { Visitor } from './visitor.js';

/** Members of a ring do not come like clockwork: up to this share of the time between two purchases earlier or later. */
const RING_JITTER = 0.3;

/** From a reservation to what follows it, and from a payment to the wish for the money back. */
const FOLLOW_US = 400_000;
const REFUND_US = 15_000_000;

type Guilt = FaultOf<'hammering-user' | 'refund-ring'>;

/** Brings the users who misbehave into the shop; the truth about each is told when he begins. */
export function scheduleGuilty(world: World): void {
  const taken = new Set<number>();
  for (const [index, fault] of world.spec.faults.entries()) {
    if (fault.kind !== 'hammering-user' && fault.kind !== 'refund-ring') continue;
    const count = fault.kind === 'refund-ring' ? Math.min(fault.users, world.spec.userCount) : 1;
    for (let member = 0; member < count; member += 1) {
      const user = chooseUser(world, hash3(world.spec.seed ^ 0x6011, index, member), taken);
      const guilty = new GuiltyVisitor(world, { fault, user });
      world.schedule(Math.floor(fault.fromMs * 1000 + guilty.firstGapUs()), guilty);
    }
  }
}

/** Nobody is guilty twice, as long as there are enough users. */
function chooseUser({ spec }: World, hash: number, taken: Set<number>): number {
  let user = hash % spec.userCount;
  for (let tries = 0; taken.has(user) && tries < spec.userCount; tries += 1) {
    user = (user + 1) % spec.userCount;
  }
  taken.add(user);
  return user;
}

/** Does one thing again and again, each time as a visit of its own. */
class GuiltyVisitor implements Task {
  readonly #world: World;
  readonly #fault: Guilt;
  readonly #user: number;
  readonly #seed: number;
  #turn = 0;

  constructor(world: World, { fault, user }: { readonly fault: Guilt; readonly user: number }) {
    this.#world = world;
    this.#fault = fault;
    this.#user = user;
    this.#seed = hash2(world.spec.seed ^ 0x6017, user);
  }

  /** A ring does not begin all at once. */
  firstGapUs(): number {
    const { random } = this.#world;
    random.begin(this.#seed);
    return this.#fault.kind === 'refund-ring' ? random.unit() * this.#fault.every * 1000 : 0;
  }

  run(atUs: number): void {
    const fault = this.#fault;
    if (atUs >= fault.toMs * 1000) return;
    // Whose time never comes has done nothing.
    if (this.#turn === 0) this.#world.book.accuse(this.#user, fault.kind);
    this.#turn += 1;
    const { random } = this.#world;
    random.begin(hash2(this.#seed, this.#turn));
    const gapUs =
      fault.kind === 'hammering-user'
        ? 1e6 / fault.perSecond
        : fault.every * 1000 * (1 + RING_JITTER * (2 * random.unit() - 1));
    this.#world.schedule(Math.ceil(atUs + gapUs), this);
    this.#visit(fault.kind === 'hammering-user' ? fault.operation : 'refund', atUs);
  }

  #visit(operation: Operation, atUs: number): void {
    const world = this.#world;
    const session = new Session(world.spec.seed, world.nextSessionNumber(), this.#user);
    world.book.beginSession(session);
    const order = this.#newOrder();
    if (operation === 'view') {
      const run = this.#begin('view', session, null, atUs);
      world.book.endAction(
        run.action,
        view(run, { kind: 'product', product: order.product }),
        run.nowUs,
      );
      world.book.endSession(session);
      return;
    }
    session.purpose = 'buying';
    const run = this.#begin('reserve', session, order, atUs);
    const outcome = reserve(run, order);
    world.book.endAction(run.action, outcome, run.nowUs);
    const isDone = operation === 'reserve' || outcome !== 'ok';
    if (isDone) world.book.endSession(session);
    else this.#follow(operation, session, order, run.nowUs + FOLLOW_US);
  }

  /** What a reservation was made for. */
  #follow(operation: Operation, session: Session, order: Order, atUs: number): void {
    const world = this.#world;
    const isInTime = atUs < world.toUs;
    if (!isInTime) world.book.endSession(session);
    world.schedule(Math.floor(atUs), {
      run: (nowUs) => {
        if (operation === 'cancel') {
          const run = this.#begin('cancel', session, order, nowUs);
          world.book.endAction(run.action, cancel(run, order), run.nowUs);
        } else this.#buy(operation, session, order, nowUs);
        world.book.endSession(session);
      },
    });
  }

  #buy(operation: Operation, session: Session, order: Order, atUs: number): void {
    const world = this.#world;
    const action = this.#beginAction('buy', session, order, atUs);
    const after = (paid: Order, endUs: number): void => {
      if (operation !== 'refund') return;
      world.schedule(Math.floor(endUs + REFUND_US), {
        run: (nowUs) => {
          Visitor.forRefund(world, paid).run(nowUs);
        },
      });
    };
    new Buy(world, action, { order, after }).begin(atUs);
  }

  #newOrder(): Order {
    const { random, pool, providers, spec } = this.#world;
    random.begin(hash3(this.#seed, this.#turn, 1));
    const product = pool.products[random.below(pool.products.length)];
    const provider = providers[providerOf(spec.seed, this.#user)];
    if (product === undefined || provider === undefined) throw new Error('BUG: an empty shop');
    return new Order({
      number: this.#world.nextOrderNumber(),
      user: this.#user,
      product,
      quantity: 1,
      money: { minorUnits: product.price, currency: currencyOf(spec.seed, this.#user) },
      provider,
    });
  }

  #begin(operation: Operation, session: Session, order: Order | null, atUs: number): Run {
    const action = this.#beginAction(operation, session, order, atUs);
    this.#world.random.begin(hash2(action.seed, 3));
    return new Run(this.#world, action, atUs);
  }

  #beginAction(operation: Operation, session: Session, order: Order | null, atUs: number): Action {
    const orderNumber = order === null ? null : order.number;
    return this.#world.beginAction({ operation, user: this.#user, session, orderNumber, atUs });
  }
}
