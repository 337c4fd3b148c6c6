import type { Action } from '../action/action.js';
import type { Session } from '../action/session.js';
import type { Random } from '../chance/random.js';
import type { ServiceTrouble } from '../fault/service-trouble.js';
import type { Emitter } from '../render/emitter.js';
import type { Fleet } from '../shop/fleet.js';
import type { Provider } from '../shop/provider.js';
import type { Operation } from '../shop/service-name.js';
import type { TextPool } from '../shop/text-pool.js';
import type { ShopSpec } from '../shop-spec.js';
import type { TruthBook } from '../truth-book.js';
import type { Task } from './task-heap.js';

/** All that the parts of a simulation share. */
export interface World {
  readonly spec: ShopSpec;
  /** End of the run in microseconds since its start. */
  readonly toUs: number;
  /** Begun anew by every task, so that nobody's draws depend on who was there before. */
  readonly random: Random;
  readonly fleet: Fleet;
  readonly providers: readonly Provider[];
  readonly pool: TextPool;
  readonly trouble: ServiceTrouble;
  readonly emitter: Emitter;
  readonly book: TruthBook;
  /** What lies past the end is left out. */
  schedule(atUs: number, task: Task): void;
  beginAction(start: BeginAction): Action;
  nextOrderNumber(): number;
  nextSessionNumber(): number;
}

/** What an action begins with; its number and its ids follow from the order in which actions begin. */
export interface BeginAction {
  readonly operation: Operation;
  readonly user: number;
  /** null for what the shop does by itself. */
  readonly session: Session | null;
  readonly orderNumber: number | null;
  readonly atUs: number;
}
