import { Action } from './action/action.js';
import { Random } from './chance/random.js';
import { ServiceTrouble } from './fault/service-trouble.js';
import { Emitter } from './render/emitter.js';
import { Fleet } from './shop/fleet.js';
import { Provider } from './shop/provider.js';
import { PROVIDER_NAMES } from './shop/service-name.js';
import { createTextPool } from './shop/text-pool.js';
import type { ShopSpec } from './shop-spec.js';
import { PendingLines } from './simulation/pending-lines.js';
import { TaskHeap } from './simulation/task-heap.js';
import type { World } from './simulation/world.js';
import { Transport } from './transport/transport.js';
import type { Truth, TruthFact } from './truth.js';
import { TruthBook } from './truth-book.js';
import { scheduleAnnouncements } from './upkeep/announcements.js';
import { metricPlan, Metrics } from './upkeep/metrics.js';
import { Arrivals } from './visitor/arrivals.js';
import { scheduleGuilty } from './visitor/guilty-visitor.js';

/** How far the simulation runs ahead of what is handed over. */
const STEP_US = 50_000;

/** One record for the queue. */
export interface Sending {
  /** Simulated time of sending; later than the event's own time when the transport holds it back. */
  readonly sendMs: number;
  readonly key: string;
  readonly value: Buffer | string;
}

/** A simulated shop. Two shops of one spec send the same records in the same order. */
export interface Shop {
  /**
   * Goes on to `untilMs` (simulated, exclusive; Infinity: to the end) and hands over what is sent until then, in the
   * order of `sendMs`. Returns false when the end was reached; what was late is sent after the end of the run.
   */
  advance(untilMs: number, send: (sending: Sending) => void): boolean;
  /** Complete once `advance` has returned false. */
  readonly truth: Truth;
}

export interface ShopOptions {
  /** Takes each fact of the truth as soon as it is decided; in the same order in every run. */
  readonly onFact?: (fact: TruthFact) => void;
}

/** Makes a shop that stands at the beginning of its run. */
export function createShop(spec: ShopSpec, { onFact }: ShopOptions = {}): Shop {
  const toUs = (spec.toMs - spec.fromMs) * 1000;
  const book = new TruthBook({ fromMs: spec.fromMs, toUs, faults: spec.faults, onFact });
  const tasks = new TaskHeap();
  const lines = new PendingLines();
  const world = createWorld({ spec, toUs, book, tasks, lines });
  scheduleAnnouncements(world);
  scheduleGuilty(world);
  new Metrics(world).begin();
  const metricsPerSecond = metricPlan(world, spec.eventsPerSecond).perSecond;
  new Arrivals(world, spec.eventsPerSecond - metricsPerSecond).begin();
  return new RunningShop({ spec, book, tasks, lines });
}

interface Parts {
  readonly spec: ShopSpec;
  readonly book: TruthBook;
  readonly tasks: TaskHeap;
  readonly lines: PendingLines;
}

class RunningShop implements Shop {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get truth(): Truth {
    return this.#parts.book;
  }

  advance(untilMs: number, send: (sending: Sending) => void): boolean {
    const { spec, book, tasks, lines } = this.#parts;
    // Lines are sent at whole milliseconds.
    const untilUs = (Math.ceil(untilMs) - spec.fromMs) * 1000;
    const take = (offsetMs: number, key: string, value: string | Buffer): void => {
      send({ sendMs: spec.fromMs + offsetMs, key, value });
    };
    while (tasks.size > 0 || lines.count > 0) {
      const nextUs =
        lines.count > 0 ? Math.min(lines.nextMs * 1000, tasks.nextAtUs) : tasks.nextAtUs;
      if (nextUs >= untilUs) return true;
      // Over a silence nothing was handed over: without this what is said next would seem too far ahead to wait.
      lines.drain(Math.floor(nextUs / 1000), take);
      // In steps, so that what waits to be sent stays little.
      const stepUs = Math.min(untilUs, nextUs + STEP_US);
      runTasks(tasks, stepUs);
      lines.drain(Math.floor(stepUs / 1000), take);
    }
    if (!book.isComplete) book.close();
    return false;
  }
}

function runTasks(tasks: TaskHeap, untilUs: number): void {
  for (;;) {
    const atUs = tasks.nextAtUs;
    if (atUs >= untilUs) return;
    tasks.pop()?.run(atUs);
  }
}

function createWorld({ spec, book, tasks, lines, toUs }: Parts & { toUs: number }): World {
  const emitter = new Emitter({
    fromMs: spec.fromMs,
    toUs,
    share: spec.share,
    totals: book.totals,
    transport: new Transport(spec.faults),
    lines,
    tasks,
  });
  let orderCount = 0;
  let sessionCount = 0;
  let actionCount = 0;
  return {
    spec,
    toUs,
    book,
    emitter,
    random: new Random(),
    fleet: new Fleet(spec.seed),
    providers: PROVIDER_NAMES.map(
      (_, index) => new Provider(index, spec.eventsPerSecond, spec.faults),
    ),
    pool: createTextPool(spec.seed),
    trouble: new ServiceTrouble(spec.faults),
    schedule(atUs, task) {
      if (atUs < toUs) tasks.add(atUs, task);
    },
    beginAction({ operation, user, session, orderNumber, atUs }) {
      const number = actionCount++;
      const isOurs = number % spec.share.count === spec.share.index;
      const action = new Action({
        seed: spec.seed,
        number,
        operation,
        user,
        session,
        orderNumber,
        startUs: atUs,
        isOurs,
      });
      book.beginAction(action);
      return action;
    },
    nextOrderNumber: () => orderCount++,
    nextSessionNumber: () => sessionCount++,
  };
}
