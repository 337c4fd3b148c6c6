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
import { checkNewTopic } from '../topic-rule.js';
import { ArrivalWatch } from './consume/arrival-watch.js';
import { toGroupPosition } from './consume/group-lease.js';
import { readPartitions } from './consume/read-partitions.js';
import { RedisConsumer } from './consume/redis-consumer.js';
import { PageReader } from './consume/stream-page.js';
import { idOfOffset, ID_SEQUENCE_END, offsetOfId } from './entry-id.js';
import { topicNotFound } from './link/redis-error.js';
import { type RedisConnection, RedisLink, type Reply } from './link/redis-link.js';
import { RedisProducer } from './produce/redis-producer.js';
import {
  goneCount,
  startOf,
  STREAM_FACTS,
  type StreamFacts,
  toStreamFacts,
} from './script/stream-facts.js';
import { TRIM, TRIM_COUNT_MAX } from './script/trim.js';
import { groupKey, groupsKey, membersKey, metaKey, streamKey, TOPICS_KEY } from './stream-key.js';
import { readTopicRow, type TopicRow } from './topic-row.js';

/** Long enough for a busy machine's pauses. */
const SESSION_TIMEOUT_MS = 10_000;

/** One read of a partition gives about this much at most unless the consumer asks otherwise. */
const READ_BYTES_MAX = 4 * 1024 * 1024;

export interface RedisQueueOptions {
  readonly clock?: Clock;
  /** Makes topic identities, member and producer ids, unique for ever. */
  readonly randomId?: () => string;
  /** What owners trim once every group has finished it. */
  readonly retention?: StreamRetention;
}

/** What may go once every group has finished it: what is older, and the oldest of a stream that takes more memory. */
interface StreamRetention {
  readonly ageMsMax: number;
  readonly partitionBytesMax: number;
}

/** A day to look back and to verify against, within memory that a small server has for six partitions. */
const DEFAULT_RETENTION: StreamRetention = {
  ageMsMax: 24 * 60 * 60 * 1000,
  partitionBytesMax: 256 * 1024 ** 2,
};

export async function openRedisQueue(
  connection: RedisConnection,
  options: RedisQueueOptions = {},
): Promise<Queue> {
  return Promise.resolve(new RedisQueue(connection, options));
}

/** Redis Streams: a stream is a partition, an entry's ID its offset. Connections are made when they are first needed. */
class RedisQueue implements Queue {
  readonly kind = 'redis';
  readonly #connection: RedisConnection;
  readonly #clock: Clock;
  readonly #randomId: () => string;
  readonly #retention: StreamRetention;
  readonly #link: RedisLink;
  readonly #watchLink: RedisLink;
  readonly #watch: ArrivalWatch;

  constructor(connection: RedisConnection, options: RedisQueueOptions) {
    this.#connection = connection;
    this.#clock = options.clock ?? systemClock;
    this.#randomId = options.randomId ?? randomUUID;
    this.#retention = options.retention ?? DEFAULT_RETENTION;
    this.#link = this.#newLink();
    this.#watchLink = this.#newLink();
    this.#watch = new ArrivalWatch(this.#watchLink, this.#clock);
  }

  async createTopic(name: string, { partitionCount }: { partitionCount: number }): Promise<void> {
    checkNewTopic(name, partitionCount);
    const row = `${this.#randomId()} ${partitionCount}`;
    await this.#link.command(['HSETNX', TOPICS_KEY, name, row], `create the topic ${name}`);
  }

  async deleteTopic(name: string): Promise<void> {
    const { partitionCount } = await readTopicRow(this.#link, name);
    const doing = `delete the topic ${name}`;
    // First its name: from then on every script refuses to touch it.
    const removed = await this.#link.command(['HDEL', TOPICS_KEY, name], doing);
    if (removed === 0) throw topicNotFound(name);
    const groups = (await this.#link.command(
      ['SMEMBERS', groupsKey(name)],
      doing,
    )) as readonly Reply[];
    const keys = [groupsKey(name), ...groups.map((group) => membersKey(name, String(group)))];
    for (let partition = 0; partition < partitionCount; partition += 1) {
      keys.push(streamKey(name, partition), metaKey(name, partition));
      keys.push(...groups.map((group) => groupKey(name, partition, String(group))));
    }
    await this.#link.command(['UNLINK', ...keys], doing);
  }

  async listTopics(): Promise<string[]> {
    const names = await this.#link.command(['HKEYS', TOPICS_KEY], 'list the topics');
    return (names as readonly Reply[]).map(String).sort();
  }

  async describeTopic(name: string): Promise<TopicDescription> {
    const row = await readTopicRow(this.#link, name);
    const partitions = (await this.#factsOf(name, row)).map((facts, partition) => ({
      partition,
      start: startOf(facts),
      end: facts.end,
    }));
    return { name, identity: row.id, partitions };
  }

  async offsetsAtTime(topic: string, timestampMs: number): Promise<ReadonlyMap<number, bigint>> {
    const row = await readTopicRow(this.#link, topic);
    const facts = await this.#factsOf(topic, row);
    const offsets = await Promise.all(
      facts.map(async ({ end }, partition) => {
        const offset = await this.#offsetAtTime({ topic, partition, end }, timestampMs);
        return [partition, offset] as const;
      }),
    );
    return new Map(offsets);
  }

  async groupPositions(
    groupId: string,
    topic: string,
  ): Promise<ReadonlyMap<number, GroupPosition>> {
    const states = await this.#groupStates(groupId, topic, await readTopicRow(this.#link, topic));
    const positions = new Map<number, GroupPosition>();
    for (const [partition, { position }] of states.entries()) {
      if (position !== null) positions.set(partition, position);
    }
    return positions;
  }

  async groupProgress(groupId: string, topic: string): Promise<ReadonlyMap<number, GroupProgress>> {
    const row = await readTopicRow(this.#link, topic);
    const [states, facts] = [
      await this.#groupStates(groupId, topic, row),
      await this.#factsOf(topic, row),
    ];
    const progress = new Map<number, GroupProgress>();
    for (const [partition, { position, readCount }] of states.entries()) {
      const stream = facts[partition];
      if (stream === undefined) continue;
      const { addedCount, heldCount } = stream;
      const waiting =
        position === null
          ? heldCount
          : readCount === null
            ? await this.#countFrom(streamKey(topic, partition), position.position)
            : Math.min(heldCount, addedCount - readCount);
      progress.set(partition, {
        finished: BigInt(addedCount - waiting - (position === null ? goneCount(stream) : 0)),
        waiting: BigInt(waiting),
      });
    }
    return progress;
  }

  async enforceRetention(retention = this.#retention): Promise<number> {
    let goneTotal = 0;
    for (const topic of await this.listTopics()) {
      const { partitionCount } = await readTopicRow(this.#link, topic);
      for (let partition = 0; partition < partitionCount; partition += 1) {
        goneTotal += await this.#trim(topic, { partition, partitionCount, retention });
      }
    }
    return goneTotal;
  }

  async createProducer(): Promise<QueueProducer> {
    return Promise.resolve(
      new RedisProducer({
        link: this.#newLink(),
        clock: this.#clock,
        producerId: this.#randomId(),
      }),
    );
  }

  async createConsumer(options: ConsumerOptions): Promise<QueueConsumer> {
    return Promise.resolve(
      new RedisConsumer({
        data: this.#newLink(),
        control: this.#link,
        watch: this.#watch,
        clock: this.#clock,
        member: {
          groupId: options.groupId,
          memberId: this.#randomId(),
          sessionTimeoutMs: options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
        },
        topics: options.topics,
        readBytesMax: options.readBytesMax ?? READ_BYTES_MAX,
        trim: async (topic, partition) => {
          const { partitionCount } = await readTopicRow(this.#link, topic);
          await this.#trim(topic, { partition, partitionCount, retention: this.#retention });
        },
      }),
    );
  }

  async *read(options: ReadOptions): AsyncIterable<RecordBatch> {
    const { partitionCount } = await readTopicRow(this.#link, options.topic);
    yield* readPartitions(options, { link: this.#link, watch: this.#watch, partitionCount });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#link.close(), this.#watchLink.close()]);
  }

  #newLink(): RedisLink {
    return new RedisLink(this.#connection, this.#clock);
  }

  async #factsOf(topic: string, { partitionCount }: TopicRow): Promise<readonly StreamFacts[]> {
    const keys = Array.from({ length: partitionCount }, (_, partition) =>
      streamKey(topic, partition),
    );
    const reply = await this.#link.script(STREAM_FACTS, { keys, args: [] }, `look at ${topic}`);
    return (reply as readonly Reply[]).map(toStreamFacts);
  }

  async #groupStates(groupId: string, topic: string, { partitionCount }: TopicRow) {
    return Promise.all(
      Array.from({ length: partitionCount }, async (_, partition) => {
        const key = groupKey(topic, partition, groupId);
        const doing = `read the positions of the group ${groupId}`;
        const reply = await this.#link.command(['HMGET', key, 'position', 'intent', 'read'], doing);
        const [position, intent, read = null] = reply as readonly Reply[];
        return {
          position: toGroupPosition(position, intent),
          readCount: read === null ? null : Number(read),
        };
      }),
    );
  }

  /** Fast path: IDs are times. Where entries bring their own, they are read one by one until one is late enough. */
  async #offsetAtTime(
    { topic, partition, end }: { topic: string; partition: number; end: bigint },
    timestampMs: number,
  ): Promise<bigint> {
    const doing = `find offsets of ${topic} by time`;
    const stream = streamKey(topic, partition);
    const times = await this.#link.command(['HGET', metaKey(topic, partition), 'times'], doing);
    if (times === null) {
      const from = idOfOffset(
        BigInt(Math.max(0, Math.ceil(timestampMs))) * BigInt(ID_SEQUENCE_END),
      );
      const reply = await this.#link.command(['XRANGE', stream, from, '+', 'COUNT', '1'], doing);
      const [entry] = reply as readonly (readonly Reply[])[];
      return entry === undefined ? end : offsetOfId(String(entry[0]));
    }
    const pages = new PageReader(this.#link, stream);
    for (let from = 0n; from < end;) {
      const { run, until } = await pages.read(from, end);
      if (run === undefined) break;
      const late = run.records().find((record) => record.timestampMs >= timestampMs);
      if (late !== undefined) return late.offset;
      from = until;
    }
    return end;
  }

  async #countFrom(stream: string, position: bigint): Promise<number> {
    const pages = new PageReader(this.#link, stream);
    let count = 0;
    for (let from = position; ;) {
      const { run, until } = await pages.read(from);
      if (run === undefined) return count;
      count += run.recordCount;
      from = until;
    }
  }

  async #trim(
    topic: string,
    at: {
      readonly partition: number;
      readonly partitionCount: number;
      readonly retention: StreamRetention;
    },
  ): Promise<number> {
    const { partition, partitionCount, retention } = at;
    const stream = streamKey(topic, partition);
    const oldMs = Math.max(0, this.#clock.nowMs() - retention.ageMsMax);
    const input = {
      keys: [groupsKey(topic), stream],
      args: [
        ...[String(partition), String(partitionCount), stream.slice(0, -String(partition).length)],
        ...[String(oldMs), String(retention.partitionBytesMax)],
      ],
    };
    let goneTotal = 0;
    let gone: number;
    do {
      gone = Number(await this.#link.script(TRIM, input, `trim ${stream}`));
      goneTotal += gone;
      // A call that removes much stops at its limit, or a node before it.
    } while (gone > TRIM_COUNT_MAX / 2);
    return goneTotal;
  }
}
