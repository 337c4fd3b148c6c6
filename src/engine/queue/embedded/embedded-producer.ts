import type { Clock } from '../../model/clock.js';
import { AtbdError } from '../../model/error.js';
import type { QueueMessage, QueueProducer } from '../../model/queue.js';
import { KeylessTurn, partitionOfKey } from '../partition-of-key.js';
import type { LogFile, TopicRow } from './log-file.js';
import { appendBlock, type PartitionId, tailOf, topicNotFound } from './partition-log.js';
import { BlockWriter, type RecordBlock } from './record-block.js';
import { type Retention, trimToRetention } from './retention.js';
import type { TailWatch } from './tail-watch.js';

/**
 * A partition that holds this much refuses more: without a reader the log would fill the disk, and
 * refusing is loud where trimming unread events would be silent.
 */
export const PARTITION_BYTES_MAX = 32 * 1024 ** 3;

/** Appends to the embedded queue; each `send` is one commit, on disk when it resolves. */
export class EmbeddedProducer implements QueueProducer {
  readonly #file: LogFile;
  readonly #clock: Clock;
  readonly #watch: TailWatch;
  readonly #partitionBytesMax: number;
  readonly #retention: Retention;
  readonly #keylessTurn: KeylessTurn;

  constructor(options: {
    readonly file: LogFile;
    readonly clock: Clock;
    readonly watch: TailWatch;
    readonly partitionBytesMax: number;
    readonly retention: Retention;
  }) {
    this.#file = options.file;
    this.#clock = options.clock;
    this.#watch = options.watch;
    this.#partitionBytesMax = options.partitionBytesMax;
    this.#retention = options.retention;
    this.#keylessTurn = new KeylessTurn(this.#clock.nowMs());
  }

  async send(topic: string, messages: readonly QueueMessage[]): Promise<void> {
    if (messages.length === 0) return;
    this.#file.refresh();
    const row = this.#file.topics.get(topic);
    if (row === undefined) throw topicNotFound(topic);
    const blocks = this.#toBlocks(messages, row.partitionCount);
    await this.#file.write(() => {
      this.#checkRoom(topic, row, blocks);
      for (const [partition, partitionBlocks] of blocks.entries()) {
        const id = { topic, topicId: row.id, partition };
        for (const block of partitionBlocks) appendBlock(this.#file, id, block);
        if (partitionBlocks.length > 0) this.#trim(id, partitionBlocks.length);
      }
    });
    this.#watch.notify();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Every send has been waited for by its caller; nothing is held here.
  }

  /** Blocks per partition, in the order of the messages. */
  #toBlocks(messages: readonly QueueMessage[], partitionCount: number): RecordBlock[][] {
    const nowMs = this.#clock.nowMs();
    const blocks = Array.from({ length: partitionCount }, (): RecordBlock[] => []);
    const writers: (BlockWriter | undefined)[] = [];
    for (const message of messages) {
      const key = typeof message.key === 'string' ? Buffer.from(message.key) : message.key;
      const partition =
        key === null ? this.#keylessTurn.next(partitionCount) : partitionOfKey(key, partitionCount);
      const writer = (writers[partition] ??= new BlockWriter());
      writer.add(message, key, nowMs);
      if (!writer.isFull) continue;
      blocks[partition]?.push(writer.finish());
      writers[partition] = undefined;
    }
    for (const [partition, writer] of writers.entries()) {
      if (writer) blocks[partition]?.push(writer.finish());
    }
    return blocks;
  }

  /** Removes a little more than was added, so that the work per send stays bounded and trimming keeps up. */
  #trim(id: PartitionId, addedCount: number): void {
    trimToRetention(this.#file, id, {
      retention: this.#retention,
      nowMs: this.#clock.nowMs(),
      blockCountMax: addedCount + 1,
    });
  }

  /** All checks come before the first write: a change that throws takes nothing back. */
  #checkRoom(topic: string, row: TopicRow, blocks: readonly (readonly RecordBlock[])[]): void {
    if (this.#file.topics.get(topic)?.id !== row.id) throw topicNotFound(topic);
    for (const [partition, partitionBlocks] of blocks.entries()) {
      if (partitionBlocks.length === 0) continue;
      const tail = tailOf(this.#file, { topic, topicId: row.id, partition });
      const heldBytes = tail.endBytes - tail.startBytes;
      const addedBytes = partitionBlocks.reduce((sum, block) => sum + block.bytes.length, 0);
      if (heldBytes + addedBytes <= this.#partitionBytesMax) continue;
      throw new AtbdError({
        code: 'QUEUE_FAILED',
        message: `cannot append to ${topic}/${partition}: it holds ${heldBytes} bytes and may hold ${this.#partitionBytesMax}`,
        hint: 'Unread events are never trimmed: see `atbd status` for the lag, and start `atbd worker ingest`.',
      });
    }
  }
}
