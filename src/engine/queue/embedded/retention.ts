import type { LogFile } from './log-file.js';
import { canTrim, type PartitionId, tailOf, trimBlocks } from './partition-log.js';

/** What may be removed once it has been read. */
export interface Retention {
  /** Blocks whose newest record is older than this. */
  readonly ageMsMax: number;
  /** The oldest blocks of a partition that is larger than this. */
  readonly partitionBytesMax: number;
}

/** Blocks removed in one commit: at most 64 MiB, so that producers wait milliseconds only. */
export const TRIM_BLOCK_COUNT = 256;

/** A week and 3 million events a partition: enough to look back, little enough for a laptop. */
export const DEFAULT_RETENTION: Retention = {
  ageMsMax: 7 * 24 * 60 * 60 * 1000,
  partitionBytesMax: 1024 ** 3,
};

/**
 * Trims one partition by up to `blockCountMax` blocks; returns how many went. Within a write. Kafka trims whether a
 * group has read or not; here that would lose events on a laptop that slept with its worker
 * stopped, so unread ones stay, and a partition that reaches its hard bound refuses more (see
 * PARTITION_BYTES_MAX). A group counts as soon as it has committed anywhere in the topic; without one all is unread.
 */
export function trimToRetention(
  file: LogFile,
  id: PartitionId,
  { retention, nowMs, blockCountMax }: TrimOptions,
): number {
  const bounds = {
    olderThanMs: nowMs - retention.ageMsMax,
    bytesMax: retention.partitionBytesMax,
    blockCountMax,
  };
  if (!canTrim(file, id, bounds)) return 0;
  return trimBlocks(file, id, { ...bounds, keepFrom: firstUnread(file, id) });
}

export interface TrimOptions {
  readonly retention: Retention;
  readonly nowMs: number;
  readonly blockCountMax: number;
}

/** The smallest position of the groups that have committed anywhere in the topic; the start when there is none. */
function firstUnread(file: LogFile, id: PartitionId): number {
  const { start } = tailOf(file, id);
  const groupIds = new Set<string>();
  const positions: number[] = [];
  for (const { key, value } of file.positions.getRange({})) {
    const [groupId, topicId, partition] = key;
    if (topicId !== id.topicId) continue;
    groupIds.add(groupId);
    if (partition === id.partition) positions.push(value.position);
  }
  if (groupIds.size === 0 || positions.length < groupIds.size) return start;
  return Math.min(...positions);
}
