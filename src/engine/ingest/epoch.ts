import type { ChunkStore, TopicEpoch } from '../model/chunk.js';
import type { OwnedPartition } from '../model/queue.js';
import { decodeIntent } from '../model/intent.js';

/**
 * The epoch that this partition's chunks are sent under, recorded in the store when it is new.
 *
 * It rises when the topic's identity is unknown (made again, another cluster) and when the log
 * ends before what this group already committed in the same epoch (restored from a backup): offsets
 * then name other records, and old tokens would drop them silently. A topic that returns to an
 * identity known before returns to that identity's latest epoch.
 */
export async function resolveEpoch(
  store: Pick<ChunkStore, 'listEpochs' | 'addEpoch'>,
  partition: Pick<OwnedPartition, 'topic' | 'topicIdentity' | 'committed' | 'range'>,
): Promise<number> {
  const known = await store.listEpochs(partition.topic);
  const current = known.findLast(({ identity }) => identity === partition.topicIdentity);
  if (current !== undefined && !isLogBehindCommit(partition, current)) return current.epoch;
  const epoch = Math.max(0, ...known.map((entry) => entry.epoch)) + 1;
  await store.addEpoch({ topic: partition.topic, epoch, identity: partition.topicIdentity });
  return epoch;
}

function isLogBehindCommit(
  { committed, range }: Pick<OwnedPartition, 'committed' | 'range'>,
  current: TopicEpoch,
): boolean {
  if (committed === null || committed.position <= range.end) return false;
  // A commit of an older epoch says nothing about this log.
  const committedEpoch = decodeIntent(committed.intent)?.epoch ?? current.epoch;
  return committedEpoch === current.epoch;
}
