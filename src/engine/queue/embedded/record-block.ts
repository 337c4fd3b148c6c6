import { crc32 } from 'node:zlib';
import { VALUE_BYTES_MAX } from '../../model/limit.js';
import type { QueueMessage } from '../../model/queue.js';
import {
  isBackfill,
  reasonOf,
  rowBytesMax,
  usableTime,
  writeLength,
  writeSafeInteger,
  writeText,
} from '../../model/record-row.js';
import type { RecordRun } from '../../model/record-run.js';
import { END_BYTES, type HeadersByIndex, MARK, RowRun } from '../row-run.js';

/**
 * A block is what one `send` adds to one partition, cut at a bounded size: the value of one LMDB
 * entry. Its records are laid out as rows (`model/record-row.ts`), so that they go to the store as they lie here. Little endian:
 * magic u32, crc32 u32 (of all that follows), record count u32, bytes of the rows u32, 1 u32 when a row may
 * not be sent as it is (too large a value); the rows; where each row ends u32, counted from the first; what a row does not say, one byte
 * a record (MARK); headers as JSON, by the record's index.
 */
const MAGIC = 0x32515441;
const CHECKED_FROM = 8;
const HEADER_BYTES = 20;

/** A block is closed at this size: few enough pages to find room for after trimming, many enough records to pay for an entry. */
export const BLOCK_BYTES_MAX = 256 * 1024;

/** Where a block's buffer starts to grow from: a single small event costs no more than this. */
const BLOCK_BYTES_START = 1024;

/** The longest UTF-8 encoding of one UTF-16 code unit. */
const UTF8_BYTES_PER_UNIT = 3;

const EMPTY = Buffer.alloc(0);

/** A finished block, not yet at an offset. */
export interface RecordBlock {
  readonly bytes: Buffer;
  readonly recordCount: number;
  readonly timestampMsMax: number;
}

/** Collects records of one partition into a block. */
export class BlockWriter {
  #buffer = Buffer.allocUnsafe(BLOCK_BYTES_START);
  #length = HEADER_BYTES;
  readonly #ends: number[] = [];
  readonly #marks: number[] = [];
  #headers: Record<number, QueueMessage['headers']> | undefined;
  #isDirect = true;
  #timestampMsMax = -Infinity;

  /** True when the block has reached its size and no more should be added. */
  get isFull(): boolean {
    return this.#length >= BLOCK_BYTES_MAX;
  }

  /** A time that is none (`usableTime`) is kept as 0. */
  add(message: QueueMessage, key: Buffer | null, nowMs: number): void {
    const { value, headers } = message;
    const timestampMs = usableTime(message.timestampMs ?? nowMs);
    const valueBytes =
      typeof value === 'string' ? value.length * UTF8_BYTES_PER_UNIT : (value?.length ?? 0);
    this.#reserve(rowBytesMax(key?.length ?? 0, valueBytes));
    const buffer = this.#buffer;
    // The offset is written when the block gets its place.
    let at = writeSafeInteger(buffer, this.#length + 8, timestampMs);
    buffer[at++] = isBackfill(headers) ? 1 : 0;
    at = writeText(buffer, at, value === null ? reasonOf(null) : EMPTY);
    at = writeText(buffer, at, key ?? EMPTY);
    const valueStart = at;
    if (typeof value === 'string') at = writeString(buffer, at, value);
    else at = writeText(buffer, at, value ?? EMPTY);
    if (at - valueStart > VALUE_BYTES_MAX) this.#isDirect = false;
    this.#length = at;
    this.#marks.push(this.#marksOf(message, key));
    this.#ends.push(at - HEADER_BYTES);
    if (timestampMs > this.#timestampMsMax) this.#timestampMsMax = timestampMs;
  }

  finish(): RecordBlock {
    const recordCount = this.#ends.length;
    const headers =
      this.#headers === undefined ? EMPTY : Buffer.from(JSON.stringify(this.#headers));
    const rowsBytes = this.#length - HEADER_BYTES;
    this.#reserve(recordCount * (END_BYTES + 1) + headers.length);
    const buffer = this.#buffer;
    let at = this.#length;
    for (const end of this.#ends) at = buffer.writeUInt32LE(end, at);
    for (const marks of this.#marks) buffer[at++] = marks;
    at += headers.copy(buffer, at);
    buffer.writeUInt32LE(MAGIC, 0);
    buffer.writeUInt32LE(recordCount, CHECKED_FROM);
    buffer.writeUInt32LE(rowsBytes, CHECKED_FROM + 4);
    buffer.writeUInt32LE(this.#isDirect ? 0 : 1, CHECKED_FROM + 8);
    return { bytes: buffer.subarray(0, at), recordCount, timestampMsMax: this.#timestampMsMax };
  }

  #marksOf({ value, headers }: QueueMessage, key: Buffer | null): number {
    let marks = key === null ? MARK.hasNoKey : 0;
    if (value === null) marks |= MARK.isTombstone;
    if (headers === undefined) return marks;
    const names = Object.keys(headers);
    if (names.length === 1 && isBackfill(headers)) return marks | MARK.isBackfill;
    if (names.length === 0) return marks;
    this.#headers ??= {};
    this.#headers[this.#ends.length] = headers;
    return marks | MARK.hasHeaders;
  }

  #reserve(byteCount: number): void {
    const needed = this.#length + byteCount;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/** Gives the block its place in the log: writes the offsets into its rows, and its checksum. */
export function placeBlock({ bytes, recordCount }: RecordBlock, baseOffset: number): void {
  const endsAt = HEADER_BYTES + bytes.readUInt32LE(CHECKED_FROM + 4);
  let rowAt = HEADER_BYTES;
  for (let index = 0; index < recordCount; index += 1) {
    writeSafeInteger(bytes, rowAt, baseOffset + index);
    rowAt = HEADER_BYTES + bytes.readUInt32LE(endsAt + index * END_BYTES);
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(CHECKED_FROM)), 4);
}

/**
 * The records of a block from `fromOffset` on, as views of `bytes` (which must not be reused).
 * Returns what is wrong, as a text, when the block is not exactly what a writer made.
 */
export function openBlock(
  bytes: Buffer,
  baseOffset: number,
  fromOffset: number,
): RecordRun | string {
  if (bytes.length < HEADER_BYTES) return `it has only ${bytes.length} bytes`;
  if (bytes.readUInt32LE(0) !== MAGIC) return 'it does not begin with the mark of a block';
  if (bytes.readUInt32LE(4) !== crc32(bytes.subarray(CHECKED_FROM))) {
    return 'its checksum does not match';
  }
  const recordCount = bytes.readUInt32LE(CHECKED_FROM);
  const rowsBytes = bytes.readUInt32LE(CHECKED_FROM + 4);
  const rows = bytes.subarray(HEADER_BYTES, HEADER_BYTES + rowsBytes);
  const endsAt = HEADER_BYTES + rowsBytes;
  const marksAt = endsAt + recordCount * END_BYTES;
  const headersAt = marksAt + recordCount;
  if (headersAt > bytes.length)
    return `it is cut off: ${recordCount} records, ${bytes.length} bytes`;
  if (fromOffset >= baseOffset + recordCount) return `it ends before offset ${fromOffset}`;
  const parts = {
    rows,
    ends: bytes.subarray(endsAt, marksAt),
    marks: bytes.subarray(marksAt, headersAt),
    headers: () => parseHeaders(bytes.subarray(headersAt)),
    isDirect: bytes.readUInt32LE(CHECKED_FROM + 8) === 0,
  };
  return new RowRun(parts, Math.max(0, fromOffset - baseOffset), recordCount);
}

/** Its length comes first and is known last: room is left for that of plain ASCII, and the text moved on where it takes more. */
function writeString(buffer: Buffer, at: number, value: string): number {
  const guessedStart = writeLength(buffer, at, value.length);
  const written = buffer.write(value, guessedStart, 'utf8');
  if (written === value.length) return guessedStart + written;
  const start = at + lengthBytes(written);
  if (start !== guessedStart) buffer.copyWithin(start, guessedStart, guessedStart + written);
  writeLength(buffer, at, written);
  return start + written;
}

function lengthBytes(length: number): number {
  let count = 1;
  for (let rest = length >>> 7; rest > 0; rest >>>= 7) count += 1;
  return count;
}

function parseHeaders(bytes: Buffer): HeadersByIndex {
  return bytes.length === 0 ? {} : (JSON.parse(bytes.toString('utf8')) as HeadersByIndex);
}
