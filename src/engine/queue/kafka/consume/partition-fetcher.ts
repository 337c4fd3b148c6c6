import type { RecordRun } from '../../../model/record-run.js';
import { type FetchedPartition, fetchRequest } from './fetch-request.js';
import { kafkaErrorType } from '../kafka-error.js';
import { type Cluster, kafkaError } from '../kafka-internals.js';
import { decodeBatches } from './record-batch.js';

/** What a fetch is made for; the fetcher asks for its wishes anew with every request. */
export interface FetchTarget {
  readonly topic: string;
  readonly partition: number;
  /** The offset to fetch from; undefined when it wants nothing now. */
  wantedOffset(): bigint | undefined;
  /** Records from `fetchedFrom` on (none when all were filtered out), and the offset to go on from. */
  accept(fetchedFrom: bigint, run: RecordRun | undefined, nextOffset: bigint): void;
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
  { waitMs, bytesMin, partitionBytesMax }: FetchOptions,
): Promise<void> {
  const broker = await cluster.findBroker({ nodeId: leader });
  const topics = wishes.map(({ target: { topic, partition }, offset }) => ({
    ...{ topic, partition, offset },
    bytesMax: partitionBytesMax,
  }));
  const request = fetchRequest({ waitMs, bytesMin, bytesMax: RESPONSE_BYTES_MAX, topics });
  const answers = (await broker.connectionPool.send(request)) as readonly FetchedPartition[];
  for (const answer of answers) {
    const wish = wishes.find(
      ({ target }) => target.topic === answer.topic && target.partition === answer.partition,
    );
    if (wish === undefined) continue;
    if (answer.errorCode === 0) await deliver(wish, answer);
    else await refuse(cluster, wish, kafkaError(answer.errorCode));
  }
}

async function refuse(cluster: Cluster, { target }: Wish, error: Error): Promise<void> {
  const type = kafkaErrorType(error);
  if (type === 'OFFSET_OUT_OF_RANGE') target.reject(error);
  else if (type !== undefined && STALE.includes(type)) await cluster.refreshMetadata();
  else throw error;
}

async function deliver({ target, offset }: Wish, answer: FetchedPartition): Promise<void> {
  const { run, nextOffset } = await decodeBatches(answer, offset);
  if (nextOffset !== undefined) target.accept(offset, run, nextOffset);
}
