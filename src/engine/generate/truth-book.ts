import type { Action } from './action/action.js';
import type { Session } from './action/session.js';
import type { Order } from './action/order.js';
import type { Fault } from './fault/fault.js';
import { SERVICE_NAMES, type ServiceName } from './shop/service-name.js';
import { userIdOf } from './shop/customer.js';
import type { ActionOutcome, ChainOutcome, GuiltyUser, Truth, TruthFact } from './truth.js';
import { TruthTotals } from './truth-totals.js';

export interface TruthBookOptions {
  readonly fromMs: number;
  readonly toUs: number;
  readonly faults: readonly Fault[];
  /** Takes each fact as soon as it is decided; without it none is made. */
  readonly onFact: ((fact: TruthFact) => void) | undefined;
}

/** Writes down what happens. Counts stay here; facts go out one by one, so that memory does not grow with the run. */
export class TruthBook implements Truth {
  readonly totals = new TruthTotals();
  readonly faults: readonly Fault[];
  readonly guilty: GuiltyUser[] = [];
  readonly chains: Record<ChainOutcome, number> = { ok_first: 0, recovered: 0, failed: 0, open: 0 };
  isComplete = false;
  actionCount = 0;
  sessionCount = 0;
  readonly #options: TruthBookOptions;
  readonly #openActions = new Set<Action>();
  readonly #openSessions = new Set<Session>();
  readonly #openOrders = new Set<Order>();

  constructor(options: TruthBookOptions) {
    this.#options = options;
    this.faults = options.faults;
  }

  get sent(): Truth['sent'] {
    return this.totals.sent();
  }

  get amounts(): Truth['amounts'] {
    return this.totals.amounts();
  }

  accuse(user: number, why: GuiltyUser['why']): void {
    this.guilty.push({ userId: userIdOf(user), why });
  }

  beginSession(session: Session): void {
    this.sessionCount += 1;
    this.#openSessions.add(session);
  }

  /** No step follows; its last action may still be on its way. */
  endSession(session: Session): void {
    session.isOver = true;
    this.#closeIfDone(session);
  }

  beginAction(action: Action): void {
    this.actionCount += 1;
    if (action.session) action.session.openActionCount += 1;
    this.#openActions.add(action);
  }

  /** An action whose end lies past the end of the run stays open. */
  endAction(action: Action, outcome: ActionOutcome, endUs: number): void {
    if (endUs >= this.#options.toUs) return;
    action.outcome = outcome;
    action.endUs = endUs;
    this.#closeAction(action);
  }

  /** A chain begins with its order's first attempt to be paid. */
  beginChain(order: Order): void {
    this.#openOrders.add(order);
  }

  endChain(order: Order, outcome: Exclude<ChainOutcome, 'open'>): void {
    this.#openOrders.delete(order);
    this.#closeChain(order, outcome);
  }

  /** The run is over: what is open is written down as such. */
  close(): void {
    for (const action of [...this.#openActions]) {
      action.endUs = this.#options.toUs;
      this.#closeAction(action);
    }
    for (const order of this.#openOrders) this.#closeChain(order, 'open');
    this.#openOrders.clear();
    for (const session of [...this.#openSessions]) this.endSession(session);
    this.isComplete = true;
  }

  #closeAction(action: Action): void {
    this.#openActions.delete(action);
    this.#options.onFact?.(this.#actionFact(action));
    const { session } = action;
    if (session === null) return;
    session.openActionCount -= 1;
    this.#closeIfDone(session);
  }

  #closeIfDone(session: Session): void {
    if (!session.isOver || session.openActionCount > 0) return;
    if (!this.#openSessions.delete(session)) return;
    const hasEvents = session.eventCount > 0;
    this.#options.onFact?.({
      kind: 'session',
      sessionId: session.id,
      userId: userIdOf(session.user),
      purpose: session.purpose,
      firstMs: hasEvents ? this.#ms(session.firstUs) : null,
      lastMs: hasEvents ? this.#ms(session.lastUs) : null,
      eventCount: session.eventCount,
    });
  }

  #closeChain(order: Order, outcome: ChainOutcome): void {
    this.chains[outcome] += 1;
    this.#options.onFact?.({
      kind: 'chain',
      orderId: order.id,
      provider: order.provider.name,
      outcome,
      attempts: order.attempts.map(({ action, attempt, status, atUs }) => ({
        opId: action.opId,
        attempt,
        status,
        atMs: this.#ms(atUs),
      })),
    });
  }

  #actionFact(action: Action): TruthFact {
    return {
      kind: 'action',
      opId: action.opId,
      operation: action.operation,
      userId: userIdOf(action.user),
      sessionId: action.session?.id ?? null,
      orderId: action.orderId,
      outcome: action.outcome,
      eventsByService: countsByService(action.eventCounts),
      eventCount: action.eventCount,
      startMs: this.#ms(action.startUs),
      endMs: this.#ms(action.endUs),
      latencyMs: (action.endUs - action.startUs) / 1000,
    };
  }

  #ms(us: number): number {
    return this.#options.fromMs + us / 1000;
  }
}

function countsByService(counts: Uint32Array): Partial<Record<ServiceName, number>> {
  const byService: Partial<Record<ServiceName, number>> = {};
  for (const [index, name] of SERVICE_NAMES.entries()) {
    const count = counts[index] ?? 0;
    if (count > 0) byService[name] = count;
  }
  return byService;
}
