import type { QueueRecord } from './queue-record.js';
import { encodeRows, rowBytesMax } from './record-row.js';

/**
 * Records of one partition that follow each other, never none. A queue gives them in the form it has: who only passes them on
 * asks for `rows` (and pays nothing where the queue's own form is rows), who looks into them for `records`.
 */
export interface RecordRun {
  readonly recordCount: number;
  /** What its rows take, or a little more; what is bounded when memory is. */
  readonly byteCount: number;
  /** Offset of the record at `index`; ascending. */
  offsetAt(index: number): bigint;
  /** Bytes (as in `byteCount`) of the first `count` records. */
  bytesOfFirst(count: number): number;
  /** Records from one index up to another (exclusive), one at least; shares the bytes. */
  slice(from: number, to: number): RecordRun;
  /** As `record-row.ts` describes. */
  rows(): Buffer;
  records(): readonly QueueRecord[];
}

/** What may be taken of a run. */
export interface RunLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

/** How many records from the start keep within the limits; one at least, whatever its size. */
export function countWithin(run: RecordRun, { recordsMax, bytesMax }: RunLimits): number {
  if (run.recordCount <= recordsMax && run.byteCount <= bytesMax) return run.recordCount;
  return Math.max(
    1,
    searchCount(
      Math.min(run.recordCount, recordsMax),
      (count) => run.bytesOfFirst(count) <= bytesMax,
    ),
  );
}

/** How many records lie before `offset`. */
export function countBefore(run: RecordRun, offset: bigint): number {
  return searchCount(run.recordCount, (count) => run.offsetAt(count - 1) < offset);
}

export function recordsOf(runs: readonly RecordRun[]): readonly QueueRecord[] {
  const [only] = runs;
  return runs.length === 1 && only ? only.records() : runs.flatMap((run) => run.records());
}

/** Records that are objects already. */
export function runOf(records: readonly QueueRecord[]): RecordRun {
  return new RecordList(records);
}

class RecordList implements RecordRun {
  readonly byteCount: number;
  readonly #records: readonly QueueRecord[];

  constructor(records: readonly QueueRecord[]) {
    if (records.length === 0) throw new Error('BUG: a run of no records');
    this.#records = records;
    this.byteCount = this.bytesOfFirst(records.length);
  }

  get recordCount(): number {
    return this.#records.length;
  }

  offsetAt(index: number): bigint {
    const record = this.#records[index];
    if (record === undefined) throw new Error(`BUG: no record ${index} in a run`);
    return record.offset;
  }

  bytesOfFirst(count: number): number {
    let bytes = 0;
    for (let index = 0; index < count; index += 1) {
      const record = this.#records[index];
      bytes += rowBytesMax(record?.key?.length ?? 0, record?.value?.length ?? 0);
    }
    return bytes;
  }

  slice(from: number, to: number): RecordRun {
    return new RecordList(this.#records.slice(from, to));
  }

  rows(): Buffer {
    return encodeRows(this.#records);
  }

  records(): readonly QueueRecord[] {
    return this.#records;
  }
}

/** The largest count up to `max` for which `holds`, which is true up to some count and false from there on. */
function searchCount(max: number, holds: (count: number) => boolean): number {
  let low = 0;
  let high = max;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
