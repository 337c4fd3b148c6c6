import type { Message, Producer } from 'kafkajs';
import type { QueueMessage, QueueProducer } from '../../model/queue.js';
import { toQueueError } from './kafka-error.js';

/** Below a broker's default limit for one batch (1 MiB with its overhead), whatever the number of partitions. */
const REQUEST_BYTES_MAX = 900 * 1024;

/** What a record costs besides key and value, at most. */
const RECORD_OVERHEAD_BYTES = 64;

/** All replicas have it: kafkajs's and the broker's word for durable. */
const ALL_REPLICAS = -1;

/** An idempotent producer; requests are cut by size, and sent one after the other, so that order is kept. */
export class KafkaProducer implements QueueProducer {
  readonly #producer: Producer;
  #tail: Promise<void> = Promise.resolve();

  constructor(producer: Producer) {
    this.#producer = producer;
  }

  send(topic: string, messages: readonly QueueMessage[]): Promise<void> {
    // Two requests at once could come out of order, and the broker refuses a sequence with a gap.
    const sending = this.#tail.then(() => this.#sendAll(topic, messages));
    this.#tail = sending.catch(() => undefined);
    return sending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tail;
    await this.#producer.disconnect();
  }

  async #sendAll(topic: string, messages: readonly QueueMessage[]): Promise<void> {
    try {
      for (const request of requestsOf(messages)) {
        await this.#producer.send({ topic, messages: request, acks: ALL_REPLICAS });
      }
    } catch (cause) {
      throw toQueueError(cause, `send to ${topic}`);
    }
  }
}

function* requestsOf(messages: readonly QueueMessage[]): Generator<Message[]> {
  let request: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = sizeOf(message);
    if (bytes + size > REQUEST_BYTES_MAX && request.length > 0) {
      yield request;
      request = [];
      bytes = 0;
    }
    request.push(toMessage(message));
    bytes += size;
  }
  if (request.length > 0) yield request;
}

function toMessage({ key, value, timestampMs, headers }: QueueMessage): Message {
  return {
    key,
    value,
    ...(timestampMs !== undefined && { timestamp: String(timestampMs) }),
    ...(headers && { headers: { ...headers } }),
  };
}

/** An upper bound: a character takes three bytes of UTF-8 at most. */
function sizeOf({ key, value }: QueueMessage): number {
  return RECORD_OVERHEAD_BYTES + bytesOf(key) + bytesOf(value);
}

function bytesOf(data: string | Buffer | null): number {
  if (data === null) return 0;
  return typeof data === 'string' ? Buffer.byteLength(data) : data.length;
}
