import type { Random } from '../chance/random.js';
import { activeAt, type Fault, type FaultOf } from '../fault/fault.js';
import { PROVIDER_NAMES, type ProviderName } from './service-name.js';

/** How long the shop waits for an answer. */
export const PROVIDER_TIMEOUT_US = 10_000_000;

/** Calls (payments and refunds) for each event of the shop (measured), and the shares of the providers in them. */
const CALLS_PER_EVENT = 0.0083;
const CALL_SHARES = [0.45, 0.3, 0.15, 0.1];

/** What a call usually takes, by provider. */
const MEDIAN_US = [190_000, 260_000, 340_000, 230_000];

/** A provider is built for this much more than what usually comes. */
const SPARE_CAPACITY = 2.5;
const SLOT_COUNT_MIN = 4;

const DECLINED_SHARE = 0.025;
const ERROR_SHARE = 0.006;
const LOST_SHARE = 0.002;

/** However overloaded: by then the shop has long given up, and the end of the trouble must be felt. */
const WORK_US_MAX = 2 * PROVIDER_TIMEOUT_US;

/** A refused connection is known at once. */
const REFUSED_US = 4_000;

/** Of the calls to a provider that is down some are refused, the others get no answer. */
const REFUSED_SHARE = 0.6;

export type CallResult = 'ok' | 'declined' | 'error' | 'refused' | 'timeout';

/** A call's answer, and when it comes (or is no longer waited for). */
export interface ProviderAnswer {
  readonly result: CallResult;
  readonly endUs: number;
}

type ProviderFault = FaultOf<
  | 'provider-down'
  | 'provider-maintenance'
  | 'provider-slow'
  | 'provider-overloaded'
  | 'provider-flapping'
>;

/**
 * A payment company: so many calls at once, the others wait in line. A call that the shop no longer waits for is
 * still worked off, which is why retries make an overload worse.
 */
export class Provider {
  readonly name: ProviderName;
  readonly #medianUs: number;
  /** Calls at once that it was built for; below 1 where few are made. */
  readonly #capacity: number;
  /** When each slot is free again. */
  readonly #freeAtUs: Float64Array;
  readonly #faults: readonly ProviderFault[];

  constructor(index: number, eventsPerSecond: number, faults: readonly Fault[]) {
    const name = PROVIDER_NAMES[index];
    if (name === undefined) throw new Error(`BUG: no provider ${index}`);
    this.name = name;
    this.#medianUs = MEDIAN_US[index] ?? 0;
    const callsPerSecond = eventsPerSecond * CALLS_PER_EVENT * (CALL_SHARES[index] ?? 0);
    this.#capacity = ((callsPerSecond * this.#medianUs) / 1e6) * SPARE_CAPACITY;
    this.#freeAtUs = new Float64Array(Math.max(SLOT_COUNT_MIN, Math.ceil(this.#capacity)));
    this.#faults = faults.filter(
      (fault): fault is ProviderFault => 'provider' in fault && fault.provider === name,
    );
  }

  /** Calls must come in the order of their time. */
  call(atUs: number, random: Random): ProviderAnswer {
    let factor = 1;
    let overload = 1;
    for (const fault of this.#faults) {
      if (!activeAt(fault, atUs)) continue;
      if (fault.kind === 'provider-slow') factor *= fault.factor;
      else if (fault.kind === 'provider-overloaded') overload *= fault.factor;
      else if (fault.kind === 'provider-maintenance') {
        return { result: 'error', endUs: atUs + random.around(30_000) };
      } else if (fault.kind === 'provider-down' || isInBadHalf(fault, atUs)) {
        return this.#unreachable(atUs, random);
      }
    }
    return this.#answer(atUs, { factor, overload, random });
  }

  #unreachable(atUs: number, random: Random): ProviderAnswer {
    return random.chance(REFUSED_SHARE)
      ? { result: 'refused', endUs: atUs + random.around(REFUSED_US) }
      : { result: 'timeout', endUs: atUs + PROVIDER_TIMEOUT_US };
  }

  #answer(atUs: number, { factor, overload, random }: Load): ProviderAnswer {
    const aloneUs = random.around(this.#medianUs * factor);
    const luck = random.unit();
    const slots = overload > 1 ? this.#capacity / overload : this.#freeAtUs.length;
    // Less than one call at once: the others' calls take their part of its time.
    const workUs = Math.round(
      Math.min(aloneUs / Math.min(1, slots), Math.max(aloneUs, WORK_US_MAX)),
    );
    const slot = this.#firstFree(Math.max(1, Math.floor(slots)));
    const startUs = Math.max(atUs, this.#freeAtUs[slot] ?? 0);
    // Whose turn comes when the shop has long given up is not worked on any more.
    if (startUs - atUs < WORK_US_MAX) this.#freeAtUs[slot] = startUs + workUs;
    const endUs = startUs + workUs;
    if (endUs - atUs >= PROVIDER_TIMEOUT_US || luck < LOST_SHARE) {
      return { result: 'timeout', endUs: atUs + PROVIDER_TIMEOUT_US };
    }
    if (luck < LOST_SHARE + ERROR_SHARE) return { result: 'error', endUs };
    return { result: luck > 1 - DECLINED_SHARE ? 'declined' : 'ok', endUs };
  }

  #firstFree(slotCount: number): number {
    let first = 0;
    for (let slot = 1; slot < slotCount; slot += 1) {
      if ((this.#freeAtUs[slot] ?? 0) < (this.#freeAtUs[first] ?? 0)) first = slot;
    }
    return first;
  }
}

interface Load {
  readonly factor: number;
  /** So much less than it was built for is left for us; 1 when it is not overloaded. */
  readonly overload: number;
  readonly random: Random;
}

function isInBadHalf(fault: FaultOf<'provider-flapping'>, atUs: number): boolean {
  const sinceMs = atUs / 1000 - fault.fromMs;
  return sinceMs % fault.every < fault.every / 2;
}
