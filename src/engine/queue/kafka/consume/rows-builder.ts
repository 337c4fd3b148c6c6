import { VALUE_BYTES_MAX } from '../../../model/limit.js';
import type { QueueRecord } from '../../../model/queue.js';
import {
  isBackfill,
  reasonOf,
  rowBytesMax,
  usableTime,
  writeSafeInteger,
  writeText,
} from '../../../model/record-row.js';
import type { RecordRun } from '../../../model/record-run.js';
import { END_BYTES, MARK, RowRun } from '../../row-run.js';
import type { ByteCursor } from '../byte-cursor.js';

const EMPTY = Buffer.alloc(0);
const TOMBSTONE = reasonOf(null);

/** What a row takes more than the record's own bytes, a tombstone's reason included. */
const ROW_BYTES_MORE = rowBytesMax(0, 0);

/** A guess that saves most batches from a second allocation. */
const ROWS_SHARE = 1.2;

/** Turns Kafka's records into rows: one copy of key and value together, and nothing allocated per record. */
export class RowsBuilder {
  #rows: Buffer;
  #length = 0;
  readonly #ends: number[] = [];
  readonly #marks: number[] = [];
  readonly #headers: Record<number, QueueRecord['headers']> = {};
  #isDirect = true;

  /** `bytesExpected`: what the records take in Kafka's form; rows are a little longer. */
  constructor(bytesExpected: number) {
    this.#rows = Buffer.allocUnsafe(Math.ceil(bytesExpected * ROWS_SHARE));
  }

  /** Makes room for so many records that have so many bytes together. */
  reserve(byteCount: number, recordCount: number): void {
    const needed = this.#length + byteCount + recordCount * ROW_BYTES_MORE;
    if (needed <= this.#rows.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#rows.length * 2));
    this.#rows.copy(grown, 0, 0, this.#length);
    this.#rows = grown;
  }

  /** Adds the record whose key begins at the cursor. Room must have been reserved. */
  add(
    cursor: ByteCursor,
    { offset, timestampMs }: { readonly offset: number; readonly timestampMs: number },
  ): void {
    const place = placeOf(cursor);
    const headers = readHeaders(cursor);
    const rows = this.#rows;
    let at = writeSafeInteger(rows, this.#length, offset);
    at = writeSafeInteger(rows, at, usableTime(timestampMs));
    rows[at++] = isBackfill(headers) ? 1 : 0;
    at = writeText(rows, at, place.valueLength < 0 ? TOMBSTONE : EMPTY);
    this.#length = copyKeyAndValue(rows, at, cursor.bytes, place);
    this.#isDirect &&= place.valueLength <= VALUE_BYTES_MAX;
    this.#mark(place, headers);
    this.#ends.push(this.#length);
  }

  finish(): RecordRun | undefined {
    const recordCount = this.#ends.length;
    if (recordCount === 0) return undefined;
    const ends = Buffer.allocUnsafe(recordCount * END_BYTES);
    for (let index = 0, at = 0; index < recordCount; index += 1) {
      at = ends.writeUInt32LE(this.#ends[index] ?? 0, at);
    }
    const headers = this.#headers;
    const parts = {
      rows: this.#rows.subarray(0, this.#length),
      ends,
      marks: Buffer.from(this.#marks),
      headers: () => headers,
      isDirect: this.#isDirect,
    };
    return new RowRun(parts, 0, recordCount);
  }

  #mark({ keyLength, valueLength }: Place, headers: QueueRecord['headers']): void {
    let marks = keyLength < 0 ? MARK.hasNoKey : 0;
    if (valueLength < 0) marks |= MARK.isTombstone;
    if (headers !== undefined) {
      marks |= MARK.hasHeaders;
      this.#headers[this.#ends.length] = headers;
    }
    this.#marks.push(marks);
  }
}

/** Where key and value lie, each with its length before it; a length below 0 is null. */
interface Place {
  readonly keyLengthAt: number;
  readonly keyLength: number;
  readonly keyAt: number;
  readonly valueLengthAt: number;
  readonly valueLength: number;
  readonly valueAt: number;
  readonly end: number;
}

function placeOf(cursor: ByteCursor): Place {
  const keyLengthAt = cursor.at;
  const keyLength = cursor.varint();
  const keyAt = cursor.at;
  const valueLengthAt = keyAt + Math.max(0, keyLength);
  cursor.at = valueLengthAt;
  const valueLength = cursor.varint();
  const valueAt = cursor.at;
  const end = valueAt + Math.max(0, valueLength);
  if (end > cursor.bytes.length) throw new RangeError('a record is cut off');
  cursor.at = end;
  return { keyLengthAt, keyLength, keyAt, valueLengthAt, valueLength, valueAt, end };
}

/**
 * Copies both in one go and puts the row's lengths in the place of Kafka's. A zigzag varint is never shorter than the
 * plain one of the same length; where it is longer, the plain one is padded (ClickHouse reads that).
 */
function copyKeyAndValue(rows: Buffer, at: number, bytes: Buffer, place: Place): number {
  const { keyLengthAt, end } = place;
  rows.set(bytes.subarray(keyLengthAt, end), at);
  const shift = at - keyLengthAt;
  writePadded(rows, keyLengthAt + shift, place.keyAt - keyLengthAt, Math.max(0, place.keyLength));
  const valueLengthBytes = place.valueAt - place.valueLengthAt;
  const valueLength = Math.max(0, place.valueLength);
  writePadded(rows, place.valueLengthAt + shift, valueLengthBytes, valueLength);
  return end + shift;
}

/** Unsigned LEB128 in exactly so many bytes. */
function writePadded(target: Buffer, at: number, byteCount: number, length: number): void {
  let rest = length;
  for (let index = 0; index < byteCount - 1; index += 1) {
    target[at + index] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at + byteCount - 1] = rest;
}

function readHeaders(cursor: ByteCursor): QueueRecord['headers'] {
  const count = cursor.varint();
  if (count <= 0) return undefined;
  const headers: Record<string, string> = {};
  for (let index = 0; index < count; index += 1) {
    const name = cursor.take(Math.max(0, cursor.varint())).toString('utf8');
    headers[name] = cursor.take(Math.max(0, cursor.varint())).toString('utf8');
  }
  return headers;
}
