import type { Clock } from '../../model/clock.js';
import type { Random } from '../../model/random.js';

interface Step {
  readonly actor: string;
  readonly take: () => void;
}

/**
 * Runs what several actors do one step at a time, in an order that a seed decides. A step is one call to the outside; between two of them an
 * actor runs by itself, so that every interleaving of calls can come up, and none hangs on the machine's own timing.
 */
export class Scheduler {
  readonly #random: Random;
  #waiting: Step[] = [];
  readonly #ended = new Set<string>();
  #now = 0;
  /** Their steps are taken last, most of the time. */
  readonly slow = new Set<string>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Resolves with what `act` returns, once it is this step's turn; never, when the actor is ended before. */
  async step<T>(actor: string, act: () => T): Promise<T> {
    await new Promise<void>((resolve) => {
      if (!this.#ended.has(actor)) this.#waiting.push({ actor, take: resolve });
    });
    return act();
  }

  /** As by SIGKILL: nothing that it waits for ever happens, and nothing that it goes on to ask for. */
  end(actor: string): void {
    this.#ended.add(actor);
    this.drop(actor);
  }

  /** What it waits for never happens; what it asks for later does. */
  drop(actor: string): void {
    this.#waiting = this.#waiting.filter((step) => step.actor !== actor);
  }

  clockOf(actor: string): Clock {
    return { nowMs: () => this.#now, sleep: () => this.step(actor, () => undefined) };
  }

  /** One step, once everybody waits; false when nobody does. */
  async next(): Promise<boolean> {
    // All microtasks run before the next immediate: every actor gets to its next step.
    await new Promise(setImmediate);
    const { length } = this.#waiting;
    if (length === 0) return false;
    let at = this.#random.integerBelow(length);
    for (let again = 0; again < SLOW_AGAIN && this.slow.has(this.#waiting[at]!.actor); again += 1) {
      at = this.#random.integerBelow(length);
    }
    this.#now += 1;
    const [step] = this.#waiting.splice(at, 1);
    step!.take();
    return true;
  }
}

/** Tries to find a step of somebody who is not slow. */
const SLOW_AGAIN = 3;
