import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../model/clock.js';
import type {
  ConsumerOptions,
  GroupPosition,
  GroupProgress,
  Queue,
  QueueConsumer,
  QueueProducer,
  ReadOptions,
  RecordBatch,
  TopicDescription,
} from '../../model/queue.js';
import { progressByOffsets } from '../group-progress.js';
import { checkNewTopic } from '../topic-rule.js';
import { EmbeddedConsumer } from './embedded-consumer.js';
import { EmbeddedProducer, PARTITION_BYTES_MAX } from './embedded-producer.js';
import { positionOf } from './group-state.js';
import { LogFile, type TopicRow } from './log-file.js';
import {
  dropBlocks,
  EMPTY_TAIL,
  offsetAtTime,
  type PartitionId,
  rangeOf,
  topicNotFound,
} from './partition-log.js';
import { ownProcess } from './process-identity.js';
import { readPartitions } from './read-partitions.js';
import {
  DEFAULT_RETENTION,
  type Retention,
  TRIM_BLOCK_COUNT,
  trimToRetention,
} from './retention.js';
import { TailWatch } from './tail-watch.js';

/** Long enough for a busy machine's pauses; a member that died is noticed sooner, by its pid. */
const SESSION_TIMEOUT_MS = 10_000;

/** One read of a partition gives at most this much unless the consumer asks otherwise. */
const READ_BYTES_MAX = 4 * 1024 * 1024;

export interface EmbeddedQueueOptions {
  /** A directory of its own; made when it is missing. */
  readonly path: string;
  readonly clock?: Clock;
  /** Makes topic identities and member ids, unique for ever. */
  readonly randomId?: () => string;
  readonly partitionBytesMax?: number;
  /** What producers trim as they append. */
  readonly retention?: Retention;
}

/** The durable log in a directory on this machine, shared by all processes that open it. */
export class EmbeddedQueue implements Queue {
  readonly kind = 'embedded';
  readonly #file: LogFile;
  readonly #clock: Clock;
  readonly #randomId: () => string;
  readonly #partitionBytesMax: number;
  readonly #retention: Retention;
  readonly #watch: TailWatch;

  private constructor(file: LogFile, options: EmbeddedQueueOptions) {
    this.#file = file;
    this.#clock = options.clock ?? systemClock;
    this.#randomId = options.randomId ?? randomUUID;
    this.#partitionBytesMax = options.partitionBytesMax ?? PARTITION_BYTES_MAX;
    this.#retention = options.retention ?? DEFAULT_RETENTION;
    this.#watch = new TailWatch(file, this.#clock);
  }

  /** Rejects with QUEUE_UNREACHABLE or PERMISSION_DENIED when the directory cannot be used. */
  static async open(options: EmbeddedQueueOptions): Promise<EmbeddedQueue> {
    return new EmbeddedQueue(await LogFile.open(options.path), options);
  }

  async createTopic(name: string, { partitionCount }: { partitionCount: number }): Promise<void> {
    checkNewTopic(name, partitionCount);
    await this.#file.write(() => {
      if (this.#file.topics.get(name)) return;
      const id = this.#randomId();
      for (let partition = 0; partition < partitionCount; partition += 1) {
        void this.#file.tails.put([id, partition], EMPTY_TAIL);
      }
      void this.#file.topics.put(name, { id, partitionCount });
    });
  }

  async deleteTopic(name: string): Promise<void> {
    const row = this.#topicRow(name);
    await this.#file.write(() => {
      if (this.#file.topics.get(name)?.id !== row.id) throw topicNotFound(name);
      void this.#file.topics.remove(name);
      for (const { topicId, partition } of idsOf(name, row)) {
        void this.#file.tails.remove([topicId, partition]);
      }
      for (const table of [this.#file.positions, this.#file.leases]) {
        for (const key of [...table.getKeys()]) if (key[1] === row.id) void table.remove(key);
      }
    });
    for (const id of idsOf(name, row)) await this.#dropAll(id);
  }

  async listTopics(): Promise<string[]> {
    this.#file.refresh();
    return Promise.resolve([...this.#file.topics.getKeys()].sort());
  }

  async describeTopic(name: string): Promise<TopicDescription> {
    const row = this.#topicRow(name);
    const partitions = idsOf(name, row).map((id) => rangeOf(this.#file, id));
    return Promise.resolve({ name, identity: row.id, partitions });
  }

  async offsetsAtTime(topic: string, timestampMs: number): Promise<ReadonlyMap<number, bigint>> {
    const offsets = new Map<number, bigint>();
    for (const id of idsOf(topic, this.#topicRow(topic))) {
      offsets.set(id.partition, BigInt(offsetAtTime(this.#file, id, timestampMs)));
    }
    return Promise.resolve(offsets);
  }

  async groupPositions(
    groupId: string,
    topic: string,
  ): Promise<ReadonlyMap<number, GroupPosition>> {
    const positions = new Map<number, GroupPosition>();
    for (const id of idsOf(topic, this.#topicRow(topic))) {
      const position = positionOf(this.#file, groupId, id);
      if (position) positions.set(id.partition, position);
    }
    return Promise.resolve(positions);
  }

  async groupProgress(groupId: string, topic: string): Promise<ReadonlyMap<number, GroupProgress>> {
    const description = await this.describeTopic(topic);
    return progressByOffsets(description, await this.groupPositions(groupId, topic));
  }

  async createProducer(): Promise<QueueProducer> {
    return Promise.resolve(
      new EmbeddedProducer({
        file: this.#file,
        clock: this.#clock,
        watch: this.#watch,
        partitionBytesMax: this.#partitionBytesMax,
        retention: this.#retention,
      }),
    );
  }

  async createConsumer(options: ConsumerOptions): Promise<QueueConsumer> {
    return Promise.resolve(
      new EmbeddedConsumer({
        file: this.#file,
        clock: this.#clock,
        watch: this.#watch,
        member: {
          groupId: options.groupId,
          memberId: this.#randomId(),
          process: ownProcess(),
          topics: options.topics,
          sessionTimeoutMs: options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
        },
        readBytesMax: options.readBytesMax ?? READ_BYTES_MAX,
      }),
    );
  }

  read(options: ReadOptions): AsyncIterable<RecordBatch> {
    return readPartitions(options, {
      file: this.#file,
      watch: this.#watch,
      row: () => this.#topicRow(options.topic),
    });
  }

  /**
   * Trims every topic to `retention` (producers do it for the partitions they append to) and returns how many blocks went. What no group has read yet stays,
   * whatever its age and size (a topic no group ever committed on is unread).
   */
  async enforceRetention(retention = this.#retention): Promise<number> {
    this.#file.clearDeadReaders();
    this.#file.refresh();
    let removedCount = 0;
    for (const { key: topic, value: row } of [...this.#file.topics.getRange({})]) {
      for (const id of idsOf(topic, row)) removedCount += await this.#trimAll(id, retention);
    }
    return removedCount;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  #topicRow(name: string): TopicRow {
    this.#file.refresh();
    const row = this.#file.topics.get(name);
    if (row === undefined) throw topicNotFound(name);
    return row;
  }

  async #trimAll(id: PartitionId, retention: Retention): Promise<number> {
    const options = { retention, nowMs: this.#clock.nowMs(), blockCountMax: TRIM_BLOCK_COUNT };
    let totalCount = 0;
    let removedCount: number;
    do {
      removedCount = await this.#file.write(() =>
        this.#file.topics.get(id.topic)?.id === id.topicId
          ? trimToRetention(this.#file, id, options)
          : 0,
      );
      totalCount += removedCount;
    } while (removedCount === TRIM_BLOCK_COUNT);
    return totalCount;
  }

  async #dropAll(id: PartitionId): Promise<void> {
    let removedCount: number;
    do {
      removedCount = await this.#file.write(() => dropBlocks(this.#file, id, TRIM_BLOCK_COUNT));
    } while (removedCount > 0);
  }
}

function idsOf(topic: string, row: TopicRow): PartitionId[] {
  return Array.from({ length: row.partitionCount }, (_, partition) => ({
    topic,
    topicId: row.id,
    partition,
  }));
}
