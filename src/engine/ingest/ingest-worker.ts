import type { ChunkStore } from '../model/chunk.js';
import type { Clock } from '../model/clock.js';
import { AtbdError } from '../model/error.js';
import {
  CHUNK_BYTES_MAX,
  CHUNK_RECORDS_MAX,
  DEFAULT_PARTITION_COUNT,
  INGEST_GROUP_ID,
} from '../model/limit.js';
import type { Queue } from '../model/queue.js';
import { InflightBudget } from './inflight-budget.js';
import { InsertPace } from './insert-pace.js';
import type { ChunkLimits } from './read-chunk.js';
import { type IngestObserver, ingestPartition } from './partition-ingest.js';

export interface IngestWorkerOptions {
  readonly queue: Queue;
  readonly store: ChunkStore;
  readonly clock: Clock;
  readonly observer: IngestObserver;
  /** Made when they are missing. */
  readonly topics: readonly string[];
  readonly limits?: ChunkLimits;
  /** Bounds what all partitions together hold; the default's when left out. */
  readonly budget?: InflightBudget;
  /** Of a topic whose chunks are to be smaller. */
  readonly limitsOf?: (topic: string) => ChunkLimits | undefined;
  /** How long a worker that vanished keeps its partitions; the queue's default when left out. */
  readonly sessionTimeoutMs?: number;
}

const USUAL_LIMITS: ChunkLimits = { recordsMax: CHUNK_RECORDS_MAX, bytesMax: CHUNK_BYTES_MAX };

/** One read gives at most this much, so that a chunk is made of a few reads. */
const READ_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Moves the topics into the store as a member of the ingest group until `signal` is aborted; chunks
 * in flight are finished first. Several workers share the partitions. Rejects when the queue
 * cannot be reached, or on a bug; what was announced then is sent again by the next owner.
 */
export async function runIngestWorker(
  options: IngestWorkerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { queue, store, clock, observer, topics, sessionTimeoutMs } = options;
  const { limits = USUAL_LIMITS, limitsOf, budget = new InflightBudget() } = options;
  const pace = new InsertPace(clock);
  const partitionCounts = new Map<string, number>();
  for (const topic of topics) partitionCounts.set(topic, await partitionCountOf(queue, topic));
  await using consumer = await queue.createConsumer({
    groupId: INGEST_GROUP_ID,
    topics,
    // A worker that is alone owns all of them.
    readBytesMax: Math.min(
      READ_BYTES_MAX,
      budget.readBytesMax([...partitionCounts.values()].reduce((sum, count) => sum + count, 0)),
    ),
    ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }),
  });
  await consumer.run(
    (partition) =>
      ingestPartition(partition, {
        store,
        clock,
        observer,
        pace,
        budget,
        limits: limitsOf?.(partition.topic) ?? limits,
        // Partitions may have been added since the start.
        partitionCount: Math.max(
          partitionCounts.get(partition.topic) ?? 0,
          partition.partition + 1,
        ),
      }),
    signal,
  );
}

async function partitionCountOf(queue: Queue, topic: string): Promise<number> {
  try {
    return (await queue.describeTopic(topic)).partitions.length;
  } catch (error) {
    if (!(error instanceof AtbdError) || error.code !== 'TOPIC_NOT_FOUND') throw error;
    await queue.createTopic(topic, { partitionCount: DEFAULT_PARTITION_COUNT });
    return DEFAULT_PARTITION_COUNT;
  }
}
