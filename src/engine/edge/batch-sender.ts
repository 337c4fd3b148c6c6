import type { QueueMessage, QueueProducer } from '../model/queue.js';

/** Large enough for the queue's full rate, small enough to be a fraction of a second of work. */
const BATCH_MESSAGES_MAX = 5_000;
const BATCH_BYTES_MAX = 2 * 1024 * 1024;

/** One batch is filled while another is on its way: more would only hold memory. */
const IN_FLIGHT_MAX = 2;

/** Gathers messages into batches. `add` waits when the queue is slower than the reader, so memory is bounded. */
export class BatchSender {
  readonly #producer: QueueProducer;
  readonly #topic: string;
  readonly #inFlight = new Set<Promise<void>>();
  #batch: QueueMessage[] = [];
  #batchBytes = 0;
  #failure: { readonly error: unknown } | undefined;
  /** Messages that the queue has confirmed. */
  sentCount = 0;

  constructor(producer: QueueProducer, topic: string) {
    this.#producer = producer;
    this.#topic = topic;
  }

  /** Takes the messages; undefined when there is room for more at once (the hot path costs no promise). */
  add(messages: readonly QueueMessage[]): Promise<void> | undefined {
    for (const message of messages) {
      this.#batch.push(message);
      this.#batchBytes += message.value?.length ?? 0;
    }
    const isFull = this.#batch.length >= BATCH_MESSAGES_MAX || this.#batchBytes >= BATCH_BYTES_MAX;
    return isFull ? this.#dispatch() : undefined;
  }

  /** Resolves when everything that was added is confirmed; rejects with the first failure. */
  async flush(): Promise<void> {
    await this.#dispatch();
    await Promise.all(this.#inFlight);
    this.#throwFailure();
  }

  async #dispatch(): Promise<void> {
    while (this.#inFlight.size >= IN_FLIGHT_MAX) await Promise.race(this.#inFlight);
    this.#throwFailure();
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    // Not the batch itself: once the producer has its bytes, nothing should keep its texts alive.
    const messageCount = batch.length;
    this.#batch = [];
    this.#batchBytes = 0;
    const sending: Promise<void> = this.#producer
      .send(this.#topic, batch)
      .then(
        () => {
          this.sentCount += messageCount;
        },
        (error: unknown) => {
          this.#failure ??= { error };
        },
      )
      .finally(() => this.#inFlight.delete(sending));
    this.#inFlight.add(sending);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
