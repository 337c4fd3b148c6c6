import type { PendingBatch } from './pending-batch.js';
import { sealBatch, sequenceAfter } from './record-batch-bytes.js';
import { splitBatch } from './split-batch.js';

/** A producer's number, which the broker gives; sequences count under it. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/**
 * What waits for one partition, in order. One batch is on its way at a time, and keeps its sequence however often it is
 * sent, so that the broker can tell a repetition from something new.
 */
export class PartitionLane {
  readonly topic: string;
  readonly partition: number;
  #waiting: PendingBatch[] = [];
  #identity: ProducerIdentity | undefined;
  /** Of the first record of the head. */
  #sequence = 0;
  #isHeadSealed = false;
  #isBusy = false;
  #attempts = 0;
  #failingSinceMs: number | undefined;
  #trouble: unknown;

  constructor(topic: string, partition: number, identity: ProducerIdentity) {
    this.topic = topic;
    this.partition = partition;
    this.#identity = identity;
  }

  /** Something waits, and nothing is on its way nor resting after a failure. */
  get isReady(): boolean {
    return !this.#isBusy && this.#waiting.length > 0;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** How often the head was sent in vain. */
  get attempts(): number {
    return this.#attempts;
  }

  get hasIdentity(): boolean {
    return this.#identity !== undefined;
  }

  get headBytes(): number {
    return this.#waiting[0]?.bytes.length ?? 0;
  }

  get headRecordCount(): number {
    return this.#waiting[0]?.recordCount ?? 0;
  }

  add(batch: PendingBatch): void {
    this.#waiting.push(batch);
  }

  /** Counts under this producer from here on. */
  begin(identity: ProducerIdentity): void {
    this.#identity = identity;
    this.#sequence = 0;
    this.#isHeadSealed = false;
  }

  /** The head, ready to be sent; it stays until `done` or `fail`. The lane must be ready, with an identity. */
  take(): Buffer {
    const head = this.#head();
    if (this.#identity === undefined) throw new Error('BUG: a batch without a producer');
    if (!this.#isHeadSealed) {
      sealBatch(head.bytes, { ...this.#identity, sequence: this.#sequence });
      this.#isHeadSealed = true;
    }
    this.#isBusy = true;
    return head.bytes;
  }

  done(): void {
    const head = this.#head();
    this.#sequence = sequenceAfter(this.#sequence, head.recordCount);
    this.#failingSinceMs = undefined;
    this.#trouble = undefined;
    this.#leave(head);
    head.delivery.done();
  }

  /** Why nothing comes through, when that is so. */
  get trouble(): unknown {
    return this.#trouble;
  }

  /** Notes that the head was sent in vain, and why; returns for how long nothing has come through. */
  failingMs(nowMs: number, trouble: unknown): number {
    this.#trouble = trouble;
    this.#failingSinceMs ??= nowMs;
    return nowMs - this.#failingSinceMs;
  }

  /** Not ready until `wake`. */
  rest(): void {
    this.#isBusy = true;
    this.#attempts += 1;
  }

  wake(): void {
    this.#isBusy = false;
  }

  /** The broker has lost count of the producer: a new one is needed. */
  forget(): void {
    this.#identity = undefined;
  }

  /** Puts two halves in the place of the head, which the broker never took. */
  split(): void {
    const { bytes, delivery } = this.#head();
    const halves = splitBatch(bytes).map((half) => ({ ...half, delivery }));
    delivery.expect(halves.length - 1);
    this.#waiting.splice(0, 1, ...halves);
    this.#isHeadSealed = false;
    this.#isBusy = false;
  }

  /**
   * Gives up the head. It may have arrived all the same: under its sequence nothing else may be sent, so the lane needs a
   * new producer.
   */
  fail(error: unknown): void {
    const head = this.#head();
    this.#identity = undefined;
    this.#leave(head);
    head.delivery.fail(error);
  }

  #leave(head: PendingBatch): void {
    if (this.#waiting.shift() !== head) throw new Error('BUG: the head has changed');
    this.#isHeadSealed = false;
    this.#isBusy = false;
    this.#attempts = 0;
  }

  #head(): PendingBatch {
    const head = this.#waiting[0];
    if (head === undefined) throw new Error('BUG: nothing waits');
    return head;
  }
}
