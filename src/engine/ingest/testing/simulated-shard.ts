import type { Chunk } from '../../model/chunk.js';
import { AtbdError } from '../../model/error.js';
import type { Random } from '../../model/random.js';
import { recordsOf } from '../../model/record-run.js';
import type { Scheduler } from './scheduler.js';

/** What one insert fills, each for itself, in an order that is the server's. */
const TARGETS = ['events', 'dead', 'ledger', 'figures'] as const;
type TargetName = (typeof TARGETS)[number];

/** Records whose offset is a multiple of it are no events. */
export const DEAD_EVERY = 7n;

class Target {
  /** Tokens that it has seen. */
  readonly tokens = new Set<string>();
  /** `PARTITION/OFFSET`, or `PARTITION/FIRST-LAST` of the ledger; once for each time that it was stored. */
  readonly rows: string[] = [];
  /** A token whose part a kill kept from coming to be. */
  torn: string | undefined;

  add(token: string, rows: readonly string[]): void {
    if (this.tokens.has(token)) return;
    this.tokens.add(token);
    this.rows.push(...rows);
  }
}

interface Insert {
  readonly token: string;
  readonly chunk: Chunk;
  readonly rest: TargetName[];
  readonly fail: (error: Error) => void;
}

/** One server: inserts that take their time, are cut by a kill between two targets, and go on when their client has gone. */
export class SimulatedShard {
  readonly targets: Readonly<Record<TargetName, Target>> = {
    events: new Target(),
    dead: new Target(),
    ledger: new Target(),
    figures: new Target(),
  };
  readonly #name: string;
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #inserts = new Set<Insert>();
  #isUp = true;

  constructor(name: string, random: Random, scheduler: Scheduler) {
    this.#name = name;
    this.#random = random;
    this.#scheduler = scheduler;
  }

  /** Resolves when all targets are filled and the answer arrived; rejects when it was cut, lost, or took too long. */
  insert(token: string, chunk: Chunk): Promise<void> {
    if (!this.#isUp) return Promise.reject(unsure());
    return new Promise((resolve, reject) => {
      const rest = shuffled(TARGETS, this.#random);
      const insert = { token, chunk, rest, fail: reject };
      this.#inserts.add(insert);
      void this.#fill(insert).then(resolve);
    });
  }

  /** A client of one of them gives up; the insert goes on. */
  timeOut(): void {
    const inserts = [...this.#inserts];
    inserts[this.#random.integerBelow(Math.max(1, inserts.length))]?.fail(unsure());
  }

  /** SIGKILL, at a moment of an insert at which its next target may know the token and not have the rows. */
  kill(): void {
    this.#scheduler.drop(this.#name);
    const [cut] = this.#inserts;
    const target = cut && this.targets[cut.rest[0] ?? 'events'];
    if (cut && target && cut.rest.length > 0 && this.#random.next() < TORN_SHARE) {
      if (!target.tokens.has(cut.token)) {
        target.tokens.add(cut.token);
        target.torn = cut.token;
      }
    }
    for (const { fail } of this.#inserts) fail(unsure());
    this.#inserts.clear();
    this.#isUp = false;
  }

  start({ forgetsTorn }: { readonly forgetsTorn: boolean }): void {
    for (const target of Object.values(this.targets)) {
      if (target.torn !== undefined && forgetsTorn) target.tokens.delete(target.torn);
      target.torn = undefined;
    }
    this.#isUp = true;
  }

  async #fill(insert: Insert): Promise<void> {
    while (insert.rest.length > 0) {
      await this.#scheduler.step(this.#name, () => {
        const name = insert.rest.shift()!;
        this.targets[name].add(insert.token, rowsOf(name, insert.chunk));
      });
    }
    await this.#scheduler.step(this.#name, () => this.#inserts.delete(insert));
  }
}

/** How many kills leave a token without its rows: far more than in life, so that it is seen. */
const TORN_SHARE = 0.3;

function rowsOf(target: TargetName, { partition, first, last, runs }: Chunk): string[] {
  if (target === 'ledger') return [`${partition}/${first}-${last}`];
  return recordsOf(runs)
    .filter(({ offset }) => (offset % DEAD_EVERY === 0n) === (target === 'dead'))
    .map(({ offset }) => `${partition}/${offset}`);
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const all = [...list];
  return list.map(() => all.splice(random.integerBelow(all.length), 1)[0]!);
}

/** What a client knows when the answer does not come. */
export function unsure(): AtbdError {
  return new AtbdError({
    code: 'TIMEOUT',
    message: 'cannot say whether it was stored',
    hint: 'again',
  });
}
