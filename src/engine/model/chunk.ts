import type { RecordRun } from './record-run.js';

/**
 * A range of one topic partition on its way to one shard: the unit of exactly-once. The same range
 * is always sent with the same token and never split (docs/architecture.md).
 */
export interface Chunk {
  readonly topic: string;
  readonly epoch: number;
  readonly partition: number;
  /** First and last offset of the range, both inclusive; offsets between may be holes. */
  readonly first: bigint;
  readonly last: bigint;
  /** Index of the shard, from 0. */
  readonly shard: number;
  /** Ascending by offset, all within the range; may be empty when the range is all holes. */
  readonly runs: readonly RecordRun[];
  /** Whether rows say which of their record's events they are: those of foreign topics do. */
  readonly hasItems?: boolean;
}

export function recordCountOf({ runs }: Pick<Chunk, 'runs'>): number {
  return runs.reduce((sum, run) => sum + run.recordCount, 0);
}

/** What its rows take, or a little more. */
export function byteCountOf({ runs }: Pick<Chunk, 'runs'>): number {
  return runs.reduce((sum, run) => sum + run.byteCount, 0);
}

/** What the ingest worker needs of the store. */
export interface ChunkStore {
  /**
   * Stores the chunk's events, dead letters and ledger line; resolves when the shard has confirmed.
   * Sending the same chunk again changes nothing. A retryable AtbdError (unreachable, busy,
   * timeout) leaves open whether it was stored: send the same chunk again.
   */
  writeChunk(chunk: Chunk, signal: AbortSignal): Promise<void>;

  /**
   * The shard of each partition of a topic, from the stored, versioned table; partitions seen for the first time are
   * assigned and stored on all shards before this resolves.
   */
  assignShards(topic: string, partitionCount: number): Promise<ReadonlyMap<number, number>>;

  /** Offset after the last one in the ledger of all shards; null when the ledger has none. Needs every shard. */
  ledgerEnd(at: {
    readonly topic: string;
    readonly epoch: number;
    readonly partition: number;
  }): Promise<bigint | null>;

  /** The epochs known for a topic, ascending. */
  listEpochs(topic: string): Promise<readonly TopicEpoch[]>;

  /** Records an epoch on all shards; the same one again changes nothing. */
  addEpoch(epoch: TopicEpoch): Promise<void>;
}

/** Rises when a topic was made again or swapped: otherwise new data under old tokens would be dropped silently. */
export interface TopicEpoch {
  readonly topic: string;
  readonly epoch: number;
  readonly identity: string;
}
