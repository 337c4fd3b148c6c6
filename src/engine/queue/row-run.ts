import { BACKFILL_HEADER } from '../model/limit.js';
import type { QueueRecord } from '../model/queue.js';
import { encodeRows, ROW_HEAD_BYTES } from '../model/record-row.js';
import type { RecordRun } from '../model/record-run.js';

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

export type HeadersByIndex = Readonly<Record<number, QueueRecord['headers']>>;

/** Rows back to back, and what they do not say. */
export interface RowParts {
  readonly rows: Buffer;
  /** Where each row ends, counted from the first: UInt32, little endian. */
  readonly ends: Buffer;
  /** A byte of MARKs a record. */
  readonly marks: Buffer;
  /** Of the records marked `hasHeaders`. */
  readonly headers: () => HeadersByIndex;
  /** Whether the rows may be sent as they are (no value is too large). */
  readonly isDirect: boolean;
}

/** Records that a queue has as rows, from one index up to another; nothing is decoded before somebody asks. */
export class RowRun implements RecordRun {
  readonly recordCount: number;
  readonly byteCount: number;
  readonly #parts: RowParts;
  readonly #from: number;

  constructor(parts: RowParts, from: number, to: number) {
    this.#parts = parts;
    this.#from = from;
    this.recordCount = to - from;
    this.byteCount = this.bytesOfFirst(this.recordCount);
  }

  offsetAt(index: number): bigint {
    return this.#parts.rows.readBigUInt64LE(this.#endOf(this.#from + index - 1));
  }

  bytesOfFirst(count: number): number {
    return this.#endOf(this.#from + count - 1) - this.#endOf(this.#from - 1);
  }

  slice(from: number, to: number): RecordRun {
    return new RowRun(this.#parts, this.#from + from, this.#from + to);
  }

  rows(): Buffer {
    const { rows, isDirect } = this.#parts;
    if (!isDirect) return encodeRows(this.records());
    const start = this.#endOf(this.#from - 1);
    return rows.subarray(start, start + this.byteCount);
  }

  records(): readonly QueueRecord[] {
    const headers = this.#parts.headers();
    return Array.from({ length: this.recordCount }, (_, index) =>
      this.#recordAt(this.#from + index, headers),
    );
  }

  #recordAt(index: number, headers: HeadersByIndex): QueueRecord {
    const { rows, marks } = this.#parts;
    const mark = marks[index] ?? 0;
    const start = this.#endOf(index - 1);
    const reason = readText(rows, start + ROW_HEAD_BYTES);
    const key = readText(rows, reason.end);
    return {
      offset: rows.readBigUInt64LE(start),
      timestampMs: Number(rows.readBigInt64LE(start + TIME_AT)),
      key: mark & MARK.hasNoKey ? null : key.bytes,
      value: mark & MARK.isTombstone ? null : readText(rows, key.end).bytes,
      headers: mark & MARK.isBackfill ? { [BACKFILL_HEADER]: '1' } : headers[index],
    };
  }

  #endOf(index: number): number {
    return index < 0 ? 0 : this.#parts.ends.readUInt32LE(index * END_BYTES);
  }
}

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
