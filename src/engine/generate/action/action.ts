import { hash2, hash3, hex4, hex8, uniqueHex16 } from '../chance/hash.js';
import { SERVICE_NAMES, type Operation } from '../shop/service-name.js';
import { userIdOf } from '../shop/customer.js';
import type { ActionOutcome } from '../truth.js';
import type { Session } from './session.js';

/** Spans of an action; more would repeat a span_id. */
const SPAN_COUNT_MAX = 65_536;

export interface ActionStart {
  readonly seed: number;
  readonly number: number;
  readonly operation: Operation;
  readonly user: number;
  /** null for what the shop does by itself later. */
  readonly session: Session | null;
  readonly orderNumber: number | null;
  readonly startUs: number;
  readonly isOurs: boolean;
}

/** Everything that happens under one op_id, over all services. */
export class Action {
  readonly number: number;
  readonly operation: Operation;
  readonly user: number;
  readonly session: Session | null;
  readonly orderNumber: number | null;
  readonly startUs: number;
  /** Whether this process sends its events. */
  readonly isOurs: boolean;
  /** Of all chance of this action. */
  readonly seed: number;
  /** By index of SERVICE_NAMES. */
  readonly eventCounts = new Uint32Array(SERVICE_NAMES.length);
  eventCount = 0;
  spanCount = 0;
  endUs: number;
  outcome: ActionOutcome = 'open';
  #opId = '';
  #tail = '';
  #saidCount = 0;
  readonly #shopSeed: number;

  constructor(start: ActionStart) {
    this.number = start.number;
    this.operation = start.operation;
    this.user = start.user;
    this.session = start.session;
    this.orderNumber = start.orderNumber;
    this.startUs = start.startUs;
    this.endUs = start.startUs;
    this.isOurs = start.isOurs;
    this.#shopSeed = start.seed;
    this.seed = hash3(start.seed, start.number >>> 0, Math.floor(start.number / 2 ** 32));
  }

  /** Made when first asked for: what is not sent needs none. */
  get opId(): string {
    if (this.#opId === '') {
      this.#opId =
        uniqueHex16(this.#shopSeed, this.number) +
        hex8(hash2(this.seed, 1)) +
        hex8(hash2(this.seed, 2));
    }
    return this.#opId;
  }

  get orderId(): string | null {
    return this.orderNumber === null ? null : orderIdOf(this.orderNumber);
  }

  /** The fields that each of its events has, as JSON text, from the comma before them to the event's end. */
  get tail(): string {
    if (this.#tail === '') {
      const { session, orderId } = this;
      this.#tail =
        `,"operation":"${this.operation}","user_id":"${userIdOf(this.user)}"` +
        (session === null ? '' : `,"session_id":"${session.id}"`) +
        (orderId === null ? '}' : `,"order_id":"${orderId}"}`);
    }
    return this.#tail;
  }

  nextSpan(): number {
    const span = this.spanCount;
    this.spanCount += 1;
    if (span >= SPAN_COUNT_MAX) throw new Error('BUG: too many spans in one action');
    return span;
  }

  /** Numbers its events, sent or not: the seed of what the transport does to each. */
  nextEvent(): number {
    this.#saidCount += 1;
    return this.#saidCount;
  }

  /** An event of it is sent so many times. */
  note(service: number, atUs: number, copies: number): void {
    this.eventCounts[service] = (this.eventCounts[service] ?? 0) + copies;
    this.eventCount += copies;
    this.session?.note(atUs, copies);
  }

  spanIdOf(span: number): string {
    // Multiplying by an odd number is a bijection of 16 bits, so the spans of an action differ.
    return this.opId.slice(16, 28) + hex4(Math.imul(span + 1, 40_503));
  }
}

export function orderIdOf(orderNumber: number): string {
  return `o-${100_000 + orderNumber}`;
}
