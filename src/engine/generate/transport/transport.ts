import { hash2, unitOf } from '../chance/hash.js';
import { activeAt, type Fault, type FaultOf } from '../fault/fault.js';
import { serviceIndexOf } from '../shop/service.js';

type TransportFault = FaultOf<
  'late' | 'duplicated' | 'out-of-order' | 'clock-skew' | 'poison' | 'service-silent'
>;

const KINDS: ReadonlySet<string> = new Set<TransportFault['kind']>([
  'late',
  'duplicated',
  'out-of-order',
  'clock-skew',
  'poison',
  'service-silent',
]);

/** A second copy comes at most this much after the first: the pause of a client that was not sure. */
const COPY_DELAY_US_MAX = 2_000_000;

/** What becomes of one event between the service and the queue. */
export interface Fate {
  /** How often it is sent: 0, 1 or 2. */
  copies: number;
  /** Added to its time in the text: the service's clock is wrong. */
  skewUs: number;
  lateUs: number;
  outOfOrderUs: number;
  /** From the first copy to the second. */
  copyDelayUs: number;
  hasPoison: boolean;
  /** Chance for whoever carries it out. */
  hash: number;
}

/** What becomes of an event when nothing is wrong. */
export const PERFECT_FATE: Readonly<Fate> = {
  copies: 1,
  skewUs: 0,
  lateUs: 0,
  outOfOrderUs: 0,
  copyDelayUs: 0,
  hasPoison: false,
  hash: 0,
};

/** Decides by the event's own hash, so that every share of a run decides the same. */
export class Transport {
  readonly #faults: readonly TransportFault[];
  readonly #fate: Fate = { ...PERFECT_FATE };

  constructor(faults: readonly Fault[]) {
    this.#faults = faults.filter(isTransportFault);
  }

  /** Without faults nobody needs to ask. */
  get isPerfect(): boolean {
    return this.#faults.length === 0;
  }

  /** The same object each time. */
  fateOf(service: number, atUs: number, hash: number): Readonly<Fate> {
    const fate = this.#fate;
    Object.assign(fate, PERFECT_FATE);
    fate.hash = hash;
    for (const [index, fault] of this.#faults.entries()) {
      if (activeAt(fault, atUs)) {
        apply(fault, fate, { service, hash: hash2(hash, index) });
      }
    }
    return fate;
  }
}

function isTransportFault(fault: Fault): fault is TransportFault {
  return KINDS.has(fault.kind);
}

function apply(
  fault: TransportFault,
  fate: Fate,
  { service, hash }: { readonly service: number; readonly hash: number },
): void {
  switch (fault.kind) {
    case 'service-silent':
      if (serviceIndexOf(fault.service) === service) fate.copies = 0;
      break;
    case 'clock-skew':
      if (serviceIndexOf(fault.service) === service) fate.skewUs += fault.by * 1000;
      break;
    case 'late':
      if (unitOf(hash) < fault.share) fate.lateUs += fault.by * 1000;
      break;
    case 'out-of-order':
      if (unitOf(hash) < fault.share) {
        fate.outOfOrderUs += 1000 + Math.floor(unitOf(hash2(hash, 1)) * fault.by * 1000);
      }
      break;
    case 'duplicated':
      if (unitOf(hash) < fault.share && fate.copies === 1) {
        fate.copies = 2;
        fate.copyDelayUs = Math.floor(unitOf(hash2(hash, 2)) * COPY_DELAY_US_MAX);
      }
      break;
    case 'poison':
      if (unitOf(hash) < fault.share) fate.hasPoison = true;
      break;
  }
}
