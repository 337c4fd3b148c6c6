import type { AtbdError } from '../../../model/error.js';
import type { QueueMessage, QueueProducer } from '../../../model/queue.js';
import { KeylessTurn, partitionOfKey } from '../../partition-of-key.js';
import { kafkaErrorType } from '../kafka-error.js';
import { BatchWriter } from './batch-writer.js';
import { Courier, type CourierOptions } from './courier.js';
import { backoffMs, Patience } from './patience.js';
import { Delivery } from './pending-batch.js';
import { sendFailed } from './produce-outcome.js';

/** An idempotent producer: what `send` was given is with all replicas in sync when it resolves, once and in order. */
export class KafkaProducer implements QueueProducer {
  readonly #options: Omit<CourierOptions, 'patience'>;
  readonly #patience = new Patience();
  readonly #courier: Courier;
  readonly #keylessTurn: KeylessTurn;
  /** The last `send` to each topic, until its messages stand in line: they keep their order. */
  readonly #placing = new Map<string, Promise<unknown>>();
  readonly #sending = new Set<Promise<void>>();

  constructor(options: Omit<CourierOptions, 'patience'>) {
    this.#options = options;
    this.#courier = new Courier({ ...options, patience: this.#patience });
    this.#keylessTurn = new KeylessTurn(options.clock.nowMs());
  }

  send(topic: string, messages: readonly QueueMessage[]): Promise<void> {
    const before = this.#placing.get(topic) ?? Promise.resolve();
    const placing = before.then(() => this.#place(topic, messages));
    const placed = placing.catch(() => undefined);
    this.#placing.set(topic, placed);
    const sending = placing.then((delivery) => delivery.over());
    this.#sending.add(sending);
    const forget = (): void => void this.#sending.delete(sending);
    sending.then(forget, forget);
    return sending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#patience.hurry();
    await Promise.allSettled(this.#sending);
    await this.#options.link.close();
  }

  async #place(topic: string, messages: readonly QueueMessage[]): Promise<Delivery> {
    const partitionCount = await this.#partitionCountOf(topic);
    const delivery = new Delivery();
    const writers: (BatchWriter | undefined)[] = [];
    const close = (partition: number, writer: BatchWriter): void => {
      delivery.expect(1);
      this.#courier.add(topic, partition, { ...writer.finish(), delivery });
    };
    const nowMs = this.#options.clock.nowMs();
    for (const message of messages) {
      const key = typeof message.key === 'string' ? Buffer.from(message.key) : message.key;
      const partition =
        key === null ? this.#keylessTurn.next(partitionCount) : partitionOfKey(key, partitionCount);
      let writer = (writers[partition] ??= new BatchWriter());
      if (!writer.hasRoomFor(message)) {
        close(partition, writer);
        writers[partition] = writer = new BatchWriter();
      }
      writer.add(message, key, nowMs);
    }
    for (const [partition, writer] of writers.entries()) if (writer) close(partition, writer);
    this.#courier.dispatch();
    return delivery;
  }

  /** Waits for a topic that is just being made, and for brokers that are away. */
  async #partitionCountOf(topic: string): Promise<number> {
    const { link, clock } = this.#options;
    const beganMs = clock.nowMs();
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await link.partitionCountOf(topic);
      } catch (cause) {
        const error = sendFailed(topic, cause);
        const isUnknownTopic = error.code === 'TOPIC_NOT_FOUND';
        const failingMs = clock.nowMs() - beganMs;
        if (!mayPass(error) || this.#patience.isOver({ failingMs, isUnknownTopic })) throw error;
      }
      await clock.sleep(backoffMs(attempts));
    }
  }
}

/** A topic may still come, a broker come back, a leader be found; who has no rights will have none in a second. */
function mayPass(error: AtbdError): boolean {
  return (
    error.code === 'QUEUE_UNREACHABLE' ||
    error.code === 'TOPIC_NOT_FOUND' ||
    kafkaErrorType(error) === 'LEADER_NOT_AVAILABLE'
  );
}
