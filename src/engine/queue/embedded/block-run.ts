import { BACKFILL_HEADER } from '../../model/limit.js';
import type { QueueRecord } from '../../model/queue.js';
import { encodeRows, ROW_HEAD_BYTES } from '../../model/record-row.js';
import type { RecordRun } from '../../model/record-run.js';

/** What a row does not say of its record; one byte a record. */
export const MARK = {
  hasNoKey: 1,
  isTombstone: 2,
  /** Its only header is the one of backfills. */
  isBackfill: 4,
  hasHeaders: 8,
} as const;

/** Size of an entry that says where a row ends. */
export const END_BYTES = 4;

/** Where the queue time lies in a row (`record-row.ts`). */
const TIME_AT = 8;

/** The parts of a block, as `record-block.ts` describes it; `ends` counts from the first row. */
interface BlockParts {
  readonly rows: Buffer;
  readonly ends: Buffer;
  readonly marks: Buffer;
  readonly headers: Buffer;
  /** Whether the rows may be sent as they are. */
  readonly isDirect: boolean;
  readonly baseOffset: number;
}

/** Records of a block from one index up to another; nothing is decoded before somebody asks. */
export class BlockRun implements RecordRun {
  readonly recordCount: number;
  readonly byteCount: number;
  readonly #block: BlockParts;
  readonly #from: number;

  constructor(block: BlockParts, from: number, to: number) {
    this.#block = block;
    this.#from = from;
    this.recordCount = to - from;
    this.byteCount = this.bytesOfFirst(this.recordCount);
  }

  offsetAt(index: number): bigint {
    return BigInt(this.#block.baseOffset + this.#from + index);
  }

  bytesOfFirst(count: number): number {
    return this.#endOf(this.#from + count - 1) - this.#endOf(this.#from - 1);
  }

  slice(from: number, to: number): RecordRun {
    return new BlockRun(this.#block, this.#from + from, this.#from + to);
  }

  rows(): Buffer {
    const { rows, isDirect } = this.#block;
    if (!isDirect) return encodeRows(this.records());
    const start = this.#endOf(this.#from - 1);
    return rows.subarray(start, start + this.byteCount);
  }

  records(): readonly QueueRecord[] {
    const { headers } = this.#block;
    const byIndex = (headers.length === 0 ? {} : JSON.parse(headers.toString('utf8'))) as Headers;
    return Array.from({ length: this.recordCount }, (_, index) =>
      this.#recordAt(this.#from + index, byIndex),
    );
  }

  #recordAt(index: number, headers: Headers): QueueRecord {
    const { rows, marks, baseOffset } = this.#block;
    const mark = marks[index] ?? 0;
    const start = this.#endOf(index - 1);
    const reason = readText(rows, start + ROW_HEAD_BYTES);
    const key = readText(rows, reason.end);
    return {
      offset: BigInt(baseOffset + index),
      timestampMs: Number(rows.readBigInt64LE(start + TIME_AT)),
      key: mark & MARK.hasNoKey ? null : key.bytes,
      value: mark & MARK.isTombstone ? null : readText(rows, key.end).bytes,
      headers: mark & MARK.isBackfill ? { [BACKFILL_HEADER]: '1' } : headers[index],
    };
  }

  #endOf(index: number): number {
    return index < 0 ? 0 : this.#block.ends.readUInt32LE(index * END_BYTES);
  }
}

type Headers = Readonly<Record<number, QueueRecord['headers']>>;

/** A length (unsigned LEB128) and so many bytes, as a view. */
function readText(rows: Buffer, at: number): { readonly bytes: Buffer; readonly end: number } {
  let length = 0;
  let next = at;
  for (let shift = 0; ; shift += 7) {
    const byte = rows[next++] ?? 0;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const end = next + length;
  return { bytes: rows.subarray(next, end), end };
}
