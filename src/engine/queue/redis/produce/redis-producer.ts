import type { Clock } from '../../../model/clock.js';
import { AtbdError } from '../../../model/error.js';
import type { QueueMessage, QueueProducer } from '../../../model/queue.js';
import { KeylessTurn, partitionOfKey } from '../../partition-of-key.js';
import { fieldsOfMessage } from '../entry-field.js';
import type { Argument, RedisLink } from '../link/redis-link.js';
import { readTopicRow } from '../topic-row.js';
import { Delivery, StreamLane } from './stream-lane.js';

/** Who wants to leave does not wait for a server that is away. */
const CLOSING_MS_MAX = 10_000;

/** Adds to streams, each message once and in order: a batch that is sent again is known by its number. */
export class RedisProducer implements QueueProducer {
  readonly #link: RedisLink;
  readonly #clock: Clock;
  readonly #producerId: string;
  readonly #keylessTurn: KeylessTurn;
  readonly #topics = new Map<string, readonly StreamLane[]>();
  readonly #sending = new Set<Promise<void>>();
  /** The last `send`, until its messages stand in line: they keep their order. */
  #placing: Promise<unknown> = Promise.resolve();
  #generation = 0;
  #isHurried = false;

  constructor(options: {
    readonly link: RedisLink;
    readonly clock: Clock;
    readonly producerId: string;
  }) {
    this.#link = options.link;
    this.#clock = options.clock;
    this.#producerId = options.producerId;
    this.#keylessTurn = new KeylessTurn(this.#clock.nowMs());
  }

  send(topic: string, messages: readonly QueueMessage[]): Promise<void> {
    const sending = this.#send(topic, messages);
    this.#sending.add(sending);
    const forget = (): void => void this.#sending.delete(sending);
    sending.then(forget, forget);
    return sending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timer = new AbortController();
    const tired = this.#clock.sleep(CLOSING_MS_MAX, timer.signal).catch(() => undefined);
    await Promise.race([Promise.allSettled(this.#sending), tired]);
    this.#isHurried = true;
    await Promise.allSettled(this.#sending);
    timer.abort();
    await this.#link.close();
  }

  async #send(topic: string, messages: readonly QueueMessage[]): Promise<void> {
    const isKnown = this.#topics.has(topic);
    try {
      await this.#inLine(topic, messages);
    } catch (error) {
      if (!(error instanceof AtbdError) || error.code !== 'TOPIC_NOT_FOUND') throw error;
      this.#topics.delete(topic);
      // It may have been made again since we looked; what was added to the old one went with it.
      if (!isKnown) throw error;
      await this.#inLine(topic, messages);
    }
  }

  async #inLine(topic: string, messages: readonly QueueMessage[]): Promise<void> {
    const placing = this.#placing.then(() => this.#place(topic, messages));
    this.#placing = placing.catch(() => undefined);
    const delivery = await placing;
    await delivery.over;
  }

  async #place(topic: string, messages: readonly QueueMessage[]): Promise<Delivery> {
    const lanes = await this.#lanesOf(topic);
    const delivery = new Delivery(messages.length);
    const used = new Set<StreamLane>();
    for (const message of messages) {
      const key = typeof message.key === 'string' ? Buffer.from(message.key) : message.key;
      const partition =
        key === null ? this.#keylessTurn.next(lanes.length) : partitionOfKey(key, lanes.length);
      const lane = lanes[partition];
      if (lane === undefined) throw new Error(`BUG: no lane for ${topic}/${partition}`);
      // Keys stay texts where they are: the client joins texts, and sends each buffer by itself.
      const fields = fieldsOfMessage(message);
      const bringsTime = message.timestampMs !== undefined;
      lane.add({ fields, byteCount: bytesOf(fields), bringsTime, delivery });
      used.add(lane);
    }
    for (const lane of used) void lane.dispatch();
    return delivery;
  }

  async #lanesOf(topic: string): Promise<readonly StreamLane[]> {
    const known = this.#topics.get(topic);
    if (known) return known;
    const row = await readTopicRow(this.#link, topic);
    this.#generation += 1;
    // A lane numbers its batches from 1, so each has a name of its own.
    const laneId = `${this.#producerId}.${this.#generation}`;
    const lanes = Array.from(
      { length: row.partitionCount },
      (_, partition) =>
        new StreamLane({
          link: this.#link,
          clock: this.#clock,
          topic,
          topicId: row.id,
          partition,
          producerId: laneId,
          isHurried: () => this.#isHurried,
        }),
    );
    this.#topics.set(topic, lanes);
    return lanes;
  }
}

function bytesOf(fields: readonly Argument[]): number {
  return fields.reduce((sum, field) => sum + field.length, 0);
}
