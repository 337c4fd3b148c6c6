import type { Action } from '../action/action.js';
import { hash2 } from '../chance/hash.js';
import { CURRENCY_NAMES } from '../shop/customer.js';
import type { Pod } from '../shop/fleet.js';
import type { PendingLines } from '../simulation/pending-lines.js';
import { RING_MS } from '../simulation/pending-lines.js';
import type { TaskHeap } from '../simulation/task-heap.js';
import { StatementHeads, type Statement } from '../statement/statement.js';
import { poisonOf } from '../transport/poison.js';
import { PERFECT_FATE, type Fate, type Transport } from '../transport/transport.js';
import type { TruthTotals } from '../truth-totals.js';
import { decimalText } from './decimal-text.js';
import {
  EVENT_TYPES,
  STATUSES,
  type EventType,
  type RecordType,
  type Status,
} from './event-type.js';
import { TimestampText } from './timestamp-text.js';

/** An amount of money. */
export interface Money {
  readonly minorUnits: number;
  /** Index of CURRENCY_NAMES. */
  readonly currency: number;
}

/** Whose event it is: a span of an action, in a pod. */
export interface Place {
  readonly action: Action;
  readonly pod: Pod;
  readonly spanId: string;
}

/** A business fact. */
export interface RecordParts {
  readonly type: RecordType;
  readonly status: Status;
  readonly money?: Money;
  /** Further fields as JSON text, each with a comma before it. */
  readonly fields?: string;
}

/** A span, said when it ends. */
export interface SpanParts {
  readonly startUs: number;
  readonly status: Status;
  /** Empty at the root. */
  readonly parentId: string;
  /** As in RecordParts. */
  readonly fields: string;
}

/** What the shop says by itself, outside of any action. */
export interface Announcement {
  /** A number of its own, which decides its share and its chance. */
  readonly number: number;
  readonly service: number;
  readonly type: EventType;
  readonly status?: Status;
  /** Its records keep their order. */
  readonly key: string;
  /** All of the event but its time, as JSON text: from after the time's quote to the end. */
  readonly body: string;
}

export interface EmitterParts {
  readonly fromMs: number;
  /** What happens from here on is not said. */
  readonly toUs: number;
  readonly share: { readonly index: number; readonly count: number };
  readonly totals: TruthTotals;
  readonly transport: Transport;
  readonly lines: PendingLines;
  readonly tasks: TaskHeap;
}

/** So far ahead a line may wait in the ring; the other half is for what was not handed over yet. */
const HELD_US_MAX = (RING_MS / 2) * 1000;

const TYPE_INDEX = new Map<EventType, number>(EVENT_TYPES.map((type, index) => [type, index]));
const STATUS_INDEX = new Map<Status, number>(STATUSES.map((status, index) => [status, index]));
const OPENING_BRACE = 0x7b;
const REQUEST = typeIndexOf('request');
const LOG = typeIndexOf('log');

/**
 * Where a fact becomes an event: it is counted, its way to the queue is decided, and when it belongs to this
 * process's share its text is put together from pieces made before. The simulation's chance is not touched here.
 */
export class Emitter {
  readonly #parts: EmitterParts;
  readonly #totals: TruthTotals;
  readonly #toUs: number;
  readonly #isPerfect: boolean;
  readonly #heads = new StatementHeads();
  readonly #time: TimestampText;
  /** Of the event in hand. */
  #fate: Readonly<Fate> = PERFECT_FATE;

  constructor(parts: EmitterParts) {
    this.#parts = parts;
    this.#totals = parts.totals;
    this.#toUs = parts.toUs;
    this.#isPerfect = parts.transport.isPerfect;
    this.#time = new TimestampText(parts.fromMs);
  }

  /** A log line; `extra` is further fields as JSON text, each with a comma before it. */
  log(place: Place, atUs: number, said: Statement, args: readonly Argument[], extra = ''): void {
    const { action, pod } = place;
    const copies = this.#admitted(action, pod, atUs);
    if (copies === 0) return;
    this.#totals.countEvent(pod.service.index, LOG, 0, copies);
    this.#totals.countLevel(said.level, copies);
    if (!action.isOurs) return;
    const { pieces } = said;
    let line = '{"ts":"' + this.#time.of(atUs + this.#fate.skewUs) + this.#heads.of(said, pod);
    if (args.length > 0) line += String(args[0]) + pieces[1];
    if (args.length > 1) line += String(args[1]) + pieces[2];
    if (args.length > 2) line += String(args[2]) + pieces[3];
    line +=
      '","op_id":"' + action.opId + '","span_id":"' + place.spanId + '"' + extra + action.tail;
    this.#send(action.opId, atUs, line);
  }

  /** A span of which the end is now. */
  span(place: Place, endUs: number, { startUs, status, parentId, fields }: SpanParts): void {
    const { action, pod } = place;
    const copies = this.#admitted(action, pod, endUs, startUs);
    if (copies === 0) return;
    this.#totals.countEvent(pod.service.index, REQUEST, statusIndexOf(status), copies);
    if (!action.isOurs) return;
    const parent = parentId === '' ? '' : '","parent_id":"' + parentId;
    const line =
      '{"ts":"' +
      this.#time.of(startUs + this.#fate.skewUs) +
      '","kind":"span","type":"request",' +
      pod.fields +
      ',"op_id":"' +
      action.opId +
      '","span_id":"' +
      place.spanId +
      parent +
      '","duration_ms":' +
      String((endUs - startUs) / 1000) +
      ',"status":"' +
      status +
      '"' +
      fields +
      action.tail;
    this.#send(action.opId, endUs, line);
  }

  /** A business fact. Returns whether it lies within the run, sent or not. */
  record(place: Place, atUs: number, { type, status, money, fields = '' }: RecordParts): boolean {
    const { action, pod } = place;
    const typeIndex = typeIndexOf(type);
    const copies = this.#admitted(action, pod, atUs);
    if (copies > 0) {
      this.#totals.countEvent(pod.service.index, typeIndex, statusIndexOf(status), copies);
      if (money) this.#totals.countAmount(typeIndex, money.currency, money.minorUnits * copies);
      if (action.isOurs) {
        const line =
          `{"ts":"${this.#time.of(atUs + this.#fate.skewUs)}","kind":"record","type":"${type}",${pod.fields},` +
          `"op_id":"${action.opId}","span_id":"${place.spanId}"` +
          (status === '' ? '' : `,"status":"${status}"`) +
          (money ? moneyFields(money) : '') +
          fields +
          action.tail;
        this.#send(action.opId, atUs, line);
      }
    }
    return atUs < this.#toUs;
  }

  /** What belongs to no action: metrics, deployments, maintenance. */
  announce(atUs: number, said: Announcement): void {
    if (atUs >= this.#toUs) return;
    const copies = this.#decide(said.service, atUs, hash2(0xa22, said.number));
    if (copies === 0) return;
    const status = statusIndexOf(said.status ?? '');
    this.#totals.countEvent(said.service, typeIndexOf(said.type), status, copies);
    const { share } = this.#parts;
    if (said.number % share.count !== share.index) return;
    const ts = this.#time.of(atUs + this.#fate.skewUs);
    this.#send(said.key, atUs, `{"ts":"${ts}${said.body}`);
  }

  /** Decides what becomes of an action's event and notes it with the action; 0 when it is never sent. */
  #admitted(action: Action, pod: Pod, saidUs: number, atUs = saidUs): number {
    if (saidUs >= this.#toUs) return 0;
    const service = pod.service.index;
    const copies = this.#isPerfect
      ? 1
      : this.#decide(service, saidUs, hash2(action.seed, action.nextEvent()));
    if (copies > 0) action.note(service, atUs + this.#fate.skewUs, copies);
    return copies;
  }

  #decide(service: number, atUs: number, hash: number): number {
    if (this.#isPerfect) return 1;
    const fate = this.#parts.transport.fateOf(service, atUs, hash);
    const { copies } = fate;
    const totals = this.#totals;
    this.#fate = fate;
    if (copies === 0) {
      totals.silenced += 1;
      return 0;
    }
    totals.duplicated += copies - 1;
    if (fate.lateUs > 0) totals.late += copies;
    if (fate.outOfOrderUs > 0) totals.outOfOrder += copies;
    if (fate.skewUs !== 0) totals.skewed += copies;
    if (fate.hasPoison) totals.countPoison(poisonOf(fate.hash).reason);
    return copies;
  }

  #send(key: string, saidUs: number, line: string): void {
    // To look at a text puts its pieces together, at once and where they are still at hand: waiting in twenty pieces it
    // would be copied twenty times by each collection of garbage (measured: 1 to 2 µs an event of 6 to 8).
    if (line.charCodeAt(0) !== OPENING_BRACE) throw new Error('BUG: an event is a JSON object');
    if (this.#isPerfect) {
      this.#sendAt(saidUs, key, line);
      return;
    }
    const { lateUs, outOfOrderUs, copies, copyDelayUs, hasPoison, hash } = this.#fate;
    const atUs = saidUs + lateUs + outOfOrderUs;
    this.#sendAt(atUs, key, line);
    if (copies > 1) this.#sendAt(atUs + copyDelayUs, key, line);
    if (hasPoison) this.#sendAt(saidUs, key, poisonOf(hash).value);
  }

  #sendAt(atUs: number, key: string, value: string | Buffer): void {
    const { lines, tasks } = this.#parts;
    // By the simulation's time and not by what is handed over already: else the order would depend on who asks how often.
    if (atUs - tasks.nowUs < HELD_US_MAX) {
      lines.add(Math.floor(atUs / 1000), key, value);
      return;
    }
    // Too far ahead for the ring: comes again when its time is near.
    tasks.add(atUs - HELD_US_MAX / 2, {
      run: () => {
        this.#sendAt(atUs, key, value);
      },
    });
  }
}

/** What stands for a `{}` of a message; safe within JSON. */
export type Argument = string | number;

function moneyFields({ minorUnits, currency }: Money): string {
  return `,"amount":"${decimalText(minorUnits)}","currency":"${CURRENCY_NAMES[currency] ?? ''}"`;
}

function typeIndexOf(type: EventType): number {
  const index = TYPE_INDEX.get(type);
  if (index === undefined) throw new Error(`BUG: no type ${type}`);
  return index;
}

function statusIndexOf(status: Status): number {
  const index = STATUS_INDEX.get(status);
  if (index === undefined) throw new Error(`BUG: no status ${status}`);
  return index;
}
