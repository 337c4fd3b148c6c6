import type { Random } from '../../../../engine/model/random.js';

/** Where a chunk was when something was hit, as its next owner would find it. */
export const STEPS = ['intent → insert', 'between views', 'insert → commit', 'idle'] as const;
export type Step = (typeof STEPS)[number];
export type Histogram = Readonly<Record<Step, number>>;

/** What is done to whom. */
export type HitKind =
  | 'worker killed'
  | 'worker frozen'
  | 'shard killed'
  | 'shard frozen'
  | 'queue killed'
  | 'connection cut';

/**
 * When it is done: as an insert is asked for and the shard knows nothing of it, while the shard works on it, as the first
 * part of one of its tables appears, as the shard has answered and the worker does not know, or just so.
 */
export type Moment = 'asked' | 'working' | 'part' | 'answered' | 'whenever';

export interface Hit {
  readonly kind: HitKind;
  readonly moment: Moment;
  /** In [0, 1): which victim, and how long. */
  readonly victim: number;
  readonly delay: number;
}

/** What must be hit often enough; `idle` comes by itself. */
export const STEERED = ['intent → insert', 'between views', 'insert → commit'] as const;

/** Twenty-five hits, in an order that the seed decides; the next twenty-five in another one. */
const DECK: readonly (readonly [HitKind, Moment, count: number])[] = [
  ['worker killed', 'asked', 3],
  ['worker killed', 'answered', 3],
  ['worker killed', 'whenever', 1],
  ['worker frozen', 'asked', 1],
  ['worker frozen', 'answered', 1],
  ['shard killed', 'part', 5],
  ['shard killed', 'working', 2],
  ['shard killed', 'whenever', 1],
  ['shard frozen', 'working', 1],
  ['queue killed', 'asked', 1],
  ['queue killed', 'answered', 1],
  ['queue killed', 'whenever', 1],
  ['connection cut', 'asked', 1],
  ['connection cut', 'working', 1],
  ['connection cut', 'answered', 2],
];

/** What most likely hits a step. */
const STEERING: Readonly<Record<(typeof STEERED)[number], readonly [HitKind, Moment]>> = {
  'intent → insert': ['worker killed', 'asked'],
  'between views': ['shard killed', 'part'],
  'insert → commit': ['worker killed', 'answered'],
};

export interface KillPlanOptions {
  readonly killCount: number;
  readonly random: Random;
  /** The embedded queue is no process that could be killed. */
  readonly canKillQueue: boolean;
  /** Hits that each of STEERED must have in the end. */
  readonly hitsMin: number;
}

/** A schedule that one seed decides wholly, and after it what is still lacking of the steps that count. */
export class KillPlan {
  readonly schedule: readonly Hit[];
  readonly #random: Random;
  readonly #hitsMin: number;
  #next = 0;

  constructor({ killCount, random, canKillQueue, hitsMin }: KillPlanOptions) {
    this.#random = random;
    this.#hitsMin = hitsMin;
    const deck = DECK.filter(([kind]) => canKillQueue || kind !== 'queue killed').flatMap(
      ([kind, moment, count]) => Array.from({ length: count }, () => [kind, moment] as const),
    );
    const schedule: Hit[] = [];
    while (schedule.length < killCount)
      schedule.push(...shuffled(deck, random).map(([kind, moment]) => this.#hit(kind, moment)));
    this.schedule = schedule.slice(0, killCount);
  }

  /** undefined: done, and each step was hit often enough. */
  next(histogram: Histogram): Hit | undefined {
    const scheduled = this.schedule[this.#next];
    this.#next += 1;
    if (scheduled !== undefined) return scheduled;
    const lacking = STEERED.find((step) => histogram[step] < this.#hitsMin);
    return lacking && this.#hit(...STEERING[lacking]);
  }

  #hit(kind: HitKind, moment: Moment): Hit {
    return { kind, moment, victim: this.#random.next(), delay: this.#random.next() };
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.integerBelow(left.length), 1)[0]!);
}
