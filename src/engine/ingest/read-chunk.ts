import type { OwnedPartition, QueueRecord } from '../model/queue.js';

/** Largest chunk: named maxima, so that one insert's memory is bounded on both sides. */
export interface ChunkLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

/** The records of a chunk, read but not yet announced. */
export interface ReadAhead {
  readonly first: bigint;
  readonly last: bigint;
  readonly records: readonly QueueRecord[];
}

/** At low rates a record waits at most this long for company; it bounds what ingest adds to freshness. */
const LINGER_MS = 200;

/** Enough to send without waiting for more. */
const BYTES_WORTH_SENDING = 1024 * 1024;

/**
 * The next chunk from the read cursor, which must stand at `position`; undefined when nothing came
 * within the linger time. `first` is the position itself, so that the ranges of a partition
 * leave no gap where the log has natural holes.
 */
export async function readChunk(
  partition: Pick<OwnedPartition, 'read' | 'seek'>,
  position: bigint,
  limits: ChunkLimits,
): Promise<ReadAhead | undefined> {
  const taken = new Taken(limits);
  let waitMs = LINGER_MS;
  while (!taken.isFull) {
    const records = await partition.read({ bytesMin: BYTES_WORTH_SENDING, waitMs });
    if (records === undefined) break;
    const leftOver = taken.add(records);
    if (leftOver !== undefined) partition.seek(leftOver);
    if (taken.bytes < BYTES_WORTH_SENDING) break;
    // There is a backlog: take what is at hand, wait for nothing.
    waitMs = 0;
  }
  const last = taken.records.at(-1)?.offset;
  return last === undefined ? undefined : { first: position, last, records: taken.records };
}

/** How often an announced range is read without an answer before its missing tail counts as a natural hole. */
const EMPTY_READS_MAX = 50;

/** The records of a range that was announced before: all that the queue still has, and nothing beyond. */
export async function readRange(
  partition: Pick<OwnedPartition, 'read' | 'seek' | 'range'>,
  { first, last }: { readonly first: bigint; readonly last: bigint },
): Promise<QueueRecord[]> {
  const records: QueueRecord[] = [];
  const from = first < partition.range.start ? partition.range.start : first;
  if (from > last) return records;
  partition.seek(from);
  let emptyReads = 0;
  while (emptyReads < EMPTY_READS_MAX) {
    const batch = await partition.read({ waitMs: LINGER_MS });
    if (batch === undefined) {
      emptyReads += 1;
      continue;
    }
    for (const record of batch) if (record.offset <= last) records.push(record);
    if ((batch.at(-1)?.offset ?? 0n) >= last) break;
  }
  return records;
}

class Taken {
  readonly records: QueueRecord[] = [];
  readonly #limits: ChunkLimits;
  bytes = 0;

  constructor(limits: ChunkLimits) {
    this.#limits = limits;
  }

  get isFull(): boolean {
    return this.records.length >= this.#limits.recordsMax || this.bytes >= this.#limits.bytesMax;
  }

  /** Takes until full; the offset of the first record that was left, if any. */
  add(batch: readonly QueueRecord[]): bigint | undefined {
    for (const record of batch) {
      if (this.isFull) return record.offset;
      this.records.push(record);
      this.bytes += record.value?.length ?? 0;
    }
    return undefined;
  }
}
