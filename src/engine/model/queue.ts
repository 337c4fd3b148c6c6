import type { QueueRecord } from './queue-record.js';
import type { RecordRun } from './record-run.js';

export type { QueueRecord } from './queue-record.js';

/**
 * The queue port: topics of partitions, each an ordered log of records with ascending offsets.
 * Offsets may have natural holes (transaction markers, compaction). Implementations: embedded log,
 * Kafka, Redis Streams; one test suite (`testing/queue-suite.ts`) holds them to this text.
 */
export interface Queue extends AsyncDisposable {
  readonly kind: 'embedded' | 'kafka' | 'redis';

  /** Creates the topic, or leaves an existing one as it is (whatever its partition count). */
  createTopic(name: string, options: { readonly partitionCount: number }): Promise<void>;

  /** Deletes the topic with its records and positions; rejects with TOPIC_NOT_FOUND. */
  deleteTopic(name: string): Promise<void>;

  /** Names of all topics, sorted, internal ones left out. */
  listTopics(): Promise<string[]>;

  /** The topic as it is now; rejects with TOPIC_NOT_FOUND. */
  describeTopic(name: string): Promise<TopicDescription>;

  /** Per partition the first offset whose queue time is at or after `timestampMs`, or the end offset. */
  offsetsAtTime(topic: string, timestampMs: number): Promise<ReadonlyMap<number, bigint>>;

  /** What a group has committed, per partition; a partition without a commit is absent. */
  groupPositions(groupId: string, topic: string): Promise<ReadonlyMap<number, GroupPosition>>;

  /** How many records that is, per partition (all of them): offsets do not say where they have holes. */
  groupProgress(groupId: string, topic: string): Promise<ReadonlyMap<number, GroupProgress>>;

  /**
   * Removes what has been read and is older or more than this; by default the queue's own bounds; only on queues that do not do so by themselves. Returns how
   * many blocks (Redis: entries) went.
   */
  enforceRetention?(retention?: {
    readonly ageMsMax: number;
    readonly partitionBytesMax: number;
  }): Promise<number>;

  createProducer(): Promise<QueueProducer>;

  /** A member of a consumer group. Nothing is read before `run`. */
  createConsumer(options: ConsumerOptions): Promise<QueueConsumer>;

  /**
   * Reads partitions without a group, in offset order per partition, from the given offsets
   * (a partition left out is not read). Ends at `untilOffsets` (exclusive) where given, and at abort
   * (quietly). Offsets before the log's start begin at its start.
   */
  read(options: ReadOptions): AsyncIterable<RecordBatch>;
}

export interface TopicDescription {
  readonly name: string;
  /** Changes when the topic is deleted and made again, or when it is on another cluster. */
  readonly identity: string;
  /** Ascending by partition. */
  readonly partitions: readonly PartitionRange[];
}

/** `start` is the first offset still there, `end` the one the next record will get. */
export interface PartitionRange {
  readonly partition: number;
  readonly start: bigint;
  readonly end: bigint;
}

/** The next offset to read, and what was announced but not yet confirmed (opaque to the queue). */
export interface GroupPosition {
  readonly position: bigint;
  readonly intent: string | null;
}

/** Records before and after a group's position; a queue may still count finished ones that it has trimmed. */
export interface GroupProgress {
  readonly finished: bigint;
  readonly waiting: bigint;
}

/** Never empty; ascending offsets. */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly QueueRecord[];
}

export interface QueueMessage {
  /** Records of one key keep their order: they share a partition (Kafka's murmur2). null: any partition. */
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  /** Queue time; the moment of sending when left out. */
  readonly timestampMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface QueueProducer extends AsyncDisposable {
  /** Resolves when every message is durable (embedded: on disk; Kafka: acks=all, idempotent; Redis: as its settings say, decision 22). */
  send(topic: string, messages: readonly QueueMessage[]): Promise<void>;
}

export interface ConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** How long a dead member keeps its partitions. */
  readonly sessionTimeoutMs?: number;
  /** Largest amount of value bytes that one `read` of a partition returns (a single larger record still passes). */
  readonly readBytesMax?: number;
}

export interface QueueConsumer extends AsyncDisposable {
  /**
   * Joins the group and calls `onPartition` for each partition whenever this member comes to own it;
   * the calls run side by side. The partition's signal is aborted when it is lost or `signal` is;
   * the consumer waits (bounded by the session timeout) for `onPartition` to return before it lets
   * go, so that work in flight is finished or abandoned before a rejoin. An `onPartition` that throws while its
   * partition is still owned ends `run` with that error; one that throws OFFSET_OUT_OF_RANGE, TOPIC_NOT_FOUND or QUEUE_FENCED
   * is given the partition anew, if it is still there. Resolves after `signal` is aborted and
   * every partition is let go.
   */
  run(
    onPartition: (partition: OwnedPartition) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** One partition for as long as this member owns it. */
export interface OwnedPartition {
  readonly topic: string;
  readonly partition: number;
  /** The topic's identity at the time of assignment. */
  readonly topicIdentity: string;
  /** The group's commit at assignment, null when there is none. */
  readonly committed: GroupPosition | null;
  /** The log's range at assignment. */
  readonly range: PartitionRange;
  readonly signal: AbortSignal;

  /**
   * The next records from the read cursor, in order; the cursor starts at the committed position, or the log's
   * start. Waits until there are about `bytesMin` bytes or `waitMs` have passed, whichever is first
   * (a queue may return earlier); undefined when nothing came. Rejects with OFFSET_OUT_OF_RANGE
   * where the cursor lies outside the log, and with the signal's reason after loss.
   */
  read(options: {
    readonly bytesMin?: number;
    readonly waitMs: number;
  }): Promise<readonly RecordRun[] | undefined>;

  /** Moves the read cursor. */
  seek(offset: bigint): void;

  /** Stores position and intent together. Rejects with QUEUE_FENCED when the partition is no longer ours. */
  commit(position: GroupPosition): Promise<void>;

  /** Stops fetching ahead for this partition until `resume`; `read` returns undefined once its buffer is empty. */
  pause(): void;
  resume(): void;
}

export interface ReadOptions {
  readonly topic: string;
  readonly fromOffsets: ReadonlyMap<number, bigint>;
  readonly untilOffsets?: ReadonlyMap<number, bigint>;
  readonly signal: AbortSignal;
}
