import { hash2 } from '../chance/hash.js';
import { activeAt, type FaultOf } from '../fault/fault.js';
import type { Task } from '../simulation/task-heap.js';
import type { World } from '../simulation/world.js';
import { Visitor } from './visitor.js';

/** Events of a visit in the mean, what the shop does later on account of it included (measured; a test holds it). */
const EVENTS_PER_VISIT = 31;

/** How long a visit takes in the mean (measured): so many are in the shop already when the run begins. */
const VISIT_SECONDS = 32;

/** The load's swing around its mean between night and evening. */
const DIURNAL_SWING = 0.6;

/** UTC hour of most visits. */
const PEAK_HOUR = 19;

const US_PER_HOUR = 3_600_000_000;

/** Visitors come as a Poisson process at the rate that gives the events a second that were asked for. */
export class Arrivals implements Task {
  readonly #world: World;
  readonly #meanGapUs: number;
  readonly #peakShare: number;
  readonly #crowds: readonly FaultOf<'crowd'>[];
  #count = 0;

  constructor(world: World, visitorEventsPerSecond: number) {
    this.#world = world;
    this.#crowds = world.spec.faults.filter((fault) => fault.kind === 'crowd');
    const crowdMax = Math.max(1, ...this.#crowds.map(({ factor }) => factor));
    this.#peakShare = (world.spec.isDiurnal ? 1 + DIURNAL_SWING : 1) * crowdMax;
    // Thinned out from the peak's rate, so that chance is drawn the same way at all hours.
    this.#meanGapUs = (1e6 * EVENTS_PER_VISIT) / visitorEventsPerSecond / this.#peakShare;
  }

  begin(): void {
    const { random, spec } = this.#world;
    const presentCount = Math.round((VISIT_SECONDS * 1e6) / this.#meanGapUs);
    for (let index = 0; index < presentCount; index += 1) {
      random.begin(hash2(spec.seed ^ 0x9e5e27, index));
      const isIn = random.chance(this.#loadAt(0) / this.#peakShare);
      const user = random.below(spec.userCount);
      const restShare = random.unit();
      const atUs = Math.floor(random.unit() * 7_000_000);
      if (isIn) this.#world.schedule(atUs, new Visitor(this.#world, { user, restShare }));
    }
    this.run(0);
  }

  run(atUs: number): void {
    const { random, spec } = this.#world;
    random.begin(hash2(spec.seed ^ 0xa221, this.#count));
    this.#count += 1;
    const gapUs = Math.ceil(random.exponential(this.#meanGapUs));
    const isIn = random.chance(this.#loadAt(atUs) / this.#peakShare);
    const user = random.below(spec.userCount);
    if (isIn && atUs > 0) new Visitor(this.#world, { user, restShare: 1 }).run(atUs);
    this.#world.schedule(atUs + gapUs, this);
  }

  /** Against the mean; of two crowds at once the larger counts. */
  #loadAt(atUs: number): number {
    let crowd = 1;
    for (const fault of this.#crowds) {
      if (activeAt(fault, atUs) && fault.factor > crowd) crowd = fault.factor;
    }
    const { isDiurnal, fromMs } = this.#world.spec;
    if (!isDiurnal) return crowd;
    const hour = (fromMs * 1000 + atUs) / US_PER_HOUR;
    return crowd * (1 + DIURNAL_SWING * Math.cos(((hour - PEAK_HOUR) / 24) * 2 * Math.PI));
  }
}
