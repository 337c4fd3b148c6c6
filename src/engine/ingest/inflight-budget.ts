import type { Chunk } from '../model/chunk.js';
import { CHUNK_BYTES_MAX, DEFAULT_PARTITION_COUNT } from '../model/limit.js';

/**
 * A partition holds at most a chunk on its way, one read behind it, and as much again in the queue client's buffer (half a chunk, and
 * half a chunk on its way from the broker).
 */
const CHUNKS_A_PARTITION = 3;

/** What the partitions of a topic of ours hold with chunks of full size: 288 MiB. */
export const INFLIGHT_BYTES_DEFAULT =
  CHUNKS_A_PARTITION * DEFAULT_PARTITION_COUNT * CHUNK_BYTES_MAX;

/** Below this an insert costs the store many times more a record than it must. */
const CHUNK_BYTES_MIN = 64 * 1024;

type PartitionName = Pick<Chunk, 'topic' | 'partition'>;

/**
 * How many bytes of records a worker holds at once. Each partition has the same share, whatever the others do: so a shard that is slow or
 * frozen stops its own partitions when their share is full, and no others. A partition may hold one chunk always, so that each moves on;
 * it reads a second one behind it only while there is room.
 */
export class InflightBudget {
  readonly bytesMax: number;
  readonly #held = new Map<string, number>();
  readonly #paused = new Set<string>();

  constructor(bytesMax: number = INFLIGHT_BYTES_DEFAULT) {
    this.bytesMax = bytesMax;
  }

  /** Bytes of chunks that were read and are not stored yet. */
  get bytes(): number {
    let sum = 0;
    for (const bytes of this.#held.values()) sum += bytes;
    return sum;
  }

  get pausedCount(): number {
    return this.#paused.size;
  }

  /** Largest chunk of a partition now; a larger single record still passes. */
  get chunkBytesMax(): number {
    return this.#shareOf(this.#held.size);
  }

  /** Largest read where this worker may come to own so many partitions. */
  readBytesMax(partitionCount: number): number {
    return Math.floor(this.#shareOf(partitionCount) / 2);
  }

  /** Whether one more chunk may be read behind those that are on their way. */
  hasRoom(): boolean {
    const chunksMax = (this.bytesMax * (CHUNKS_A_PARTITION - 1)) / CHUNKS_A_PARTITION;
    return this.bytes + this.chunkBytesMax <= Math.max(chunksMax, 2 * this.chunkBytesMax);
  }

  join(at: PartitionName): void {
    this.#held.set(nameOf(at), 0);
  }

  /** What it held is let go with it. */
  leave(at: PartitionName): void {
    this.#held.delete(nameOf(at));
    this.#paused.delete(nameOf(at));
  }

  hold(at: PartitionName, bytes: number): void {
    const held = this.#held.get(nameOf(at));
    if (held !== undefined) this.#held.set(nameOf(at), held + bytes);
  }

  free(at: PartitionName, bytes: number): void {
    this.hold(at, -bytes);
  }

  pause(at: PartitionName): void {
    this.#paused.add(nameOf(at));
  }

  resume(at: PartitionName): void {
    this.#paused.delete(nameOf(at));
  }

  #shareOf(partitionCount: number): number {
    const share = this.bytesMax / (CHUNKS_A_PARTITION * Math.max(1, partitionCount));
    return Math.min(CHUNK_BYTES_MAX, Math.max(CHUNK_BYTES_MIN, Math.floor(share)));
  }
}

function nameOf({ topic, partition }: PartitionName): string {
  return `${topic}/${partition}`;
}
