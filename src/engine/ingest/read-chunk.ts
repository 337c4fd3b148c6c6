import type { OwnedPartition } from '../model/queue.js';
import { countBefore, countWithin, type RecordRun, type RunLimits } from '../model/record-run.js';

/** Largest chunk: named maxima, so that one insert's memory is bounded on both sides. */
export type ChunkLimits = RunLimits;

/** The records of a chunk, read but not yet announced. */
export interface ReadAhead {
  readonly first: bigint;
  readonly last: bigint;
  readonly runs: readonly RecordRun[];
}

/** Enough to send without waiting for more: some 10,000 records, with which an insert costs little more a record than at its largest. */
const BYTES_WORTH_SENDING = 4 * 1024 * 1024;

/** A read that brings less than this has emptied what the queue's client has at hand. */
const BACKLOG_BYTES = 1024 * 1024;

/**
 * The next chunk from the read cursor, which must stand at `position`; undefined when nothing came
 * within `lingerMs`. `first` is the position itself, so that the ranges of a partition
 * leave no gap where the log has natural holes.
 */
export async function readChunk(
  partition: Pick<OwnedPartition, 'read' | 'seek'>,
  position: bigint,
  limits: ChunkLimits,
  lingerMs: number,
): Promise<ReadAhead | undefined> {
  const taken = new Taken(limits);
  const bytesMin = Math.min(BYTES_WORTH_SENDING, limits.bytesMax);
  let waitMs = lingerMs;
  while (!taken.isFull) {
    const bytesBefore = taken.bytes;
    const runs = await partition.read({ bytesMin, waitMs });
    if (runs === undefined) break;
    const leftOver = taken.add(runs);
    if (leftOver !== undefined) partition.seek(leftOver);
    if (taken.bytes - bytesBefore < BACKLOG_BYTES) break;
    // There is a backlog: take what is at hand, wait for nothing.
    waitMs = 0;
  }
  const last = lastOffset(taken.runs);
  return last === undefined ? undefined : { first: position, last, runs: taken.runs };
}

/** How long one read of an announced range waits. */
const RANGE_READ_MS = 200;

/** How often an announced range is read without an answer before its missing tail counts as a natural hole. */
const EMPTY_READS_MAX = 50;

/** The records of a range that was announced before: all that the queue still has, and nothing beyond. */
export async function readRange(
  partition: Pick<OwnedPartition, 'read' | 'seek' | 'range'>,
  { first, last }: { readonly first: bigint; readonly last: bigint },
): Promise<RecordRun[]> {
  const runs: RecordRun[] = [];
  const from = first < partition.range.start ? partition.range.start : first;
  if (from > last) return runs;
  partition.seek(from);
  let emptyReads = 0;
  while (emptyReads < EMPTY_READS_MAX) {
    const batch = await partition.read({ waitMs: RANGE_READ_MS });
    if (batch === undefined) {
      emptyReads += 1;
      continue;
    }
    for (const run of batch) {
      const count = countBefore(run, last + 1n);
      if (count > 0) runs.push(count === run.recordCount ? run : run.slice(0, count));
    }
    if ((lastOffset(batch) ?? 0n) >= last) break;
  }
  return runs;
}

function lastOffset(runs: readonly RecordRun[]): bigint | undefined {
  const run = runs.at(-1);
  return run?.offsetAt(run.recordCount - 1);
}

class Taken {
  readonly runs: RecordRun[] = [];
  readonly #limits: ChunkLimits;
  #recordCount = 0;
  bytes = 0;

  constructor(limits: ChunkLimits) {
    this.#limits = limits;
  }

  get isFull(): boolean {
    return this.#recordCount >= this.#limits.recordsMax || this.bytes >= this.#limits.bytesMax;
  }

  /** Takes until full; the offset of the first record that was left, if any. */
  add(batch: readonly RecordRun[]): bigint | undefined {
    for (const run of batch) {
      if (this.isFull) return run.offsetAt(0);
      const count = countWithin(run, {
        recordsMax: this.#limits.recordsMax - this.#recordCount,
        bytesMax: this.#limits.bytesMax - this.bytes,
      });
      this.runs.push(count === run.recordCount ? run : run.slice(0, count));
      this.#recordCount += count;
      this.bytes += run.bytesOfFirst(count);
      if (count < run.recordCount) return run.offsetAt(count);
    }
    return undefined;
  }
}
