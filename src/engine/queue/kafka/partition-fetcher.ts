import type { QueueRecord } from '../../model/queue.js';
import { kafkaErrorType } from './kafka-error.js';
import {
  type Cluster,
  type FetchedBatch,
  type KafkaMessage,
  READ_COMMITTED,
  toBatch,
} from './kafka-internals.js';

/** What a fetch is made for; the fetcher asks for its wishes anew with every request. */
export interface FetchTarget {
  readonly topic: string;
  readonly partition: number;
  /** The offset to fetch from; undefined when it wants nothing now. */
  wantedOffset(): bigint | undefined;
  /** Records from `fetchedFrom` on, and the offset to go on from: beyond records that were filtered out. */
  accept(fetchedFrom: bigint, records: readonly QueueRecord[], nextOffset: bigint): void;
  /** The wanted offset is not in the log. */
  reject(error: unknown): void;
}

export interface FetchOptions {
  /** How long the broker may wait for `bytesMin`. */
  readonly waitMs: number;
  readonly bytesMin: number;
  readonly partitionBytesMax: number;
}

/** A response holds at most this much, so that memory is bounded whatever the number of partitions. */
const RESPONSE_BYTES_MAX = 32 * 1024 * 1024;

/** Errors that new metadata heals: the partition moved. */
const STALE = [
  'NOT_LEADER_FOR_PARTITION',
  'NOT_LEADER_OR_FOLLOWER',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'REPLICA_NOT_AVAILABLE',
  'LEADER_NOT_AVAILABLE',
];

/**
 * One round: asks each leader once for all that its partitions want. False when nobody wanted
 * anything. Rejects when a broker cannot be reached.
 */
export async function fetchRound(
  cluster: Cluster,
  targets: readonly FetchTarget[],
  options: FetchOptions,
): Promise<boolean> {
  const wishes = targets.flatMap((target) => {
    const offset = target.wantedOffset();
    return offset === undefined ? [] : [{ target, offset }];
  });
  if (wishes.length === 0) return false;
  const perLeader = new Map<string, Wish[]>();
  for (const wish of wishes) {
    const leader = leaderOf(cluster, wish.target);
    perLeader.set(leader, [...(perLeader.get(leader) ?? []), wish]);
  }
  await Promise.all(
    [...perLeader].map(([leader, ofLeader]) => fetchFrom(cluster, leader, ofLeader, options)),
  );
  return true;
}

interface Wish {
  readonly target: FetchTarget;
  readonly offset: bigint;
}

function leaderOf(cluster: Cluster, { topic, partition }: FetchTarget): string {
  const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (leader === undefined) throw new Error(`partition ${partition} has no leader now`);
  return leader;
}

async function fetchFrom(
  cluster: Cluster,
  leader: string,
  wishes: readonly Wish[],
  options: FetchOptions,
): Promise<void> {
  const broker = await cluster.findBroker({ nodeId: leader });
  const { waitMs, bytesMin, partitionBytesMax } = options;
  try {
    const { responses } = await broker.fetch({
      isolationLevel: READ_COMMITTED,
      maxWaitTime: waitMs,
      minBytes: bytesMin,
      maxBytes: RESPONSE_BYTES_MAX,
      topics: wishes.map(({ target, offset }) => ({
        topic: target.topic,
        partitions: [
          {
            partition: target.partition,
            fetchOffset: offset.toString(),
            maxBytes: partitionBytesMax,
          },
        ],
      })),
    });
    for (const { topicName, partitions } of responses) {
      for (const fetched of partitions) {
        const wish = wishes.find(
          ({ target }) => target.topic === topicName && target.partition === fetched.partition,
        );
        if (wish !== undefined) deliver(wish, toBatch(topicName, wish.offset, fetched));
      }
    }
  } catch (error) {
    await onFetchError(cluster, wishes, error);
  }
}

/** kafkajs tells of one partition's error as if it were the whole request's. */
async function onFetchError(
  cluster: Cluster,
  wishes: readonly Wish[],
  error: unknown,
): Promise<void> {
  const type = kafkaErrorType(error);
  if (type === 'OFFSET_OUT_OF_RANGE') {
    const at = error as { topic?: string; partition?: number };
    const hit = wishes.find(
      ({ target }) => target.topic === at.topic && target.partition === at.partition,
    );
    if (hit === undefined) throw error;
    hit.target.reject(error);
  } else if (type !== undefined && STALE.includes(type)) await cluster.refreshMetadata();
  else throw error;
}

function deliver({ target, offset }: Wish, batch: FetchedBatch): void {
  if (batch.isEmptyIncludingFiltered() && !batch.isEmptyDueToLogCompactedMessages()) return;
  target.accept(offset, batch.messages.map(toRecord), BigInt(batch.lastOffset()) + 1n);
}

function toRecord({ offset, timestamp, key, value, headers }: KafkaMessage): QueueRecord {
  return {
    offset: BigInt(offset),
    timestampMs: Number(timestamp),
    key,
    value,
    headers: toHeaders(headers),
  };
}

function toHeaders(headers: KafkaMessage['headers']): Record<string, string> | undefined {
  let texts: Record<string, string> | undefined;
  for (const name in headers) {
    texts ??= {};
    texts[name] = String(headers[name] ?? '');
  }
  return texts;
}
