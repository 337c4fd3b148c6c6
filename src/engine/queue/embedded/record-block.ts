import { crc32 } from 'node:zlib';
import type { QueueMessage, QueueRecord } from '../../model/queue.js';

/**
 * A block is what one `send` adds to one partition, cut at a bounded size: the value of one LMDB
 * entry. Little endian: magic u32, crc32 u32 (of all that follows), record count u32, then per
 * record timestamp f64, key bytes i32 (-1: none), value bytes i32 (-1: tombstone), header bytes u32
 * (0: none), key, value, headers as JSON. Offsets are dense, so the key holds the first one only.
 */
const MAGIC = 0x31515441;
const HEADER_BYTES = 12;
const RECORD_HEADER_BYTES = 20;
const CHECKED_FROM = 8;

/** A block is closed at this size: few enough pages to find room for after trimming, many enough records to pay for an entry. */
export const BLOCK_BYTES_MAX = 256 * 1024;

/** Where a block's buffer starts to grow from: a single small event costs no more than this. */
const BLOCK_BYTES_START = 1024;

/** The longest UTF-8 encoding of one UTF-16 code unit. */
const UTF8_BYTES_PER_UNIT = 3;

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
  #recordCount = 0;
  #timestampMsMax = -Infinity;

  /** True when the block has reached its size and no more should be added. */
  get isFull(): boolean {
    return this.#length >= BLOCK_BYTES_MAX;
  }

  add(message: QueueMessage, key: Buffer | null, nowMs: number): void {
    const { value, headers } = message;
    const timestampMs = message.timestampMs ?? nowMs;
    const headerText = headers === undefined ? '' : JSON.stringify(headers);
    this.#reserve(
      RECORD_HEADER_BYTES +
        (key?.length ?? 0) +
        (typeof value === 'string' ? value.length * UTF8_BYTES_PER_UNIT : (value?.length ?? 0)) +
        headerText.length * UTF8_BYTES_PER_UNIT,
    );
    const buffer = this.#buffer;
    const start = this.#length;
    let end = start + RECORD_HEADER_BYTES;
    if (key !== null) end += key.copy(buffer, end);
    const valueStart = end;
    if (typeof value === 'string') end += buffer.write(value, end, 'utf8');
    else if (value !== null) end += value.copy(buffer, end);
    const headersStart = end;
    if (headerText !== '') end += buffer.write(headerText, end, 'utf8');
    buffer.writeDoubleLE(timestampMs, start);
    buffer.writeInt32LE(key === null ? -1 : key.length, start + 8);
    buffer.writeInt32LE(value === null ? -1 : headersStart - valueStart, start + 12);
    buffer.writeUInt32LE(end - headersStart, start + 16);
    this.#length = end;
    this.#recordCount += 1;
    if (timestampMs > this.#timestampMsMax) this.#timestampMsMax = timestampMs;
  }

  finish(): RecordBlock {
    const bytes = this.#buffer.subarray(0, this.#length);
    bytes.writeUInt32LE(MAGIC, 0);
    bytes.writeUInt32LE(this.#recordCount, CHECKED_FROM);
    bytes.writeUInt32LE(crc32(bytes.subarray(CHECKED_FROM)), 4);
    return { bytes, recordCount: this.#recordCount, timestampMsMax: this.#timestampMsMax };
  }

  #reserve(byteCount: number): void {
    const needed = this.#length + byteCount;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/**
 * The records of a block from `fromOffset` on, as views of `bytes` (which must not be reused).
 * Returns what is wrong, as a text, when the block is not exactly what a writer made.
 */
export function decodeBlock(
  bytes: Buffer,
  baseOffset: number,
  fromOffset: number,
): QueueRecord[] | string {
  if (bytes.length < HEADER_BYTES) return `it has only ${bytes.length} bytes`;
  if (bytes.readUInt32LE(0) !== MAGIC) return 'it does not begin with the mark of a block';
  if (bytes.readUInt32LE(4) !== crc32(bytes.subarray(CHECKED_FROM))) {
    return 'its checksum does not match';
  }
  const recordCount = bytes.readUInt32LE(CHECKED_FROM);
  const records: QueueRecord[] = [];
  let at = HEADER_BYTES;
  for (let index = 0; index < recordCount; index += 1) {
    if (at + RECORD_HEADER_BYTES > bytes.length) return `record ${index} is cut off`;
    const keyBytes = bytes.readInt32LE(at + 8);
    const valueBytes = bytes.readInt32LE(at + 12);
    const headerBytes = bytes.readUInt32LE(at + 16);
    const keyStart = at + RECORD_HEADER_BYTES;
    const valueStart = keyStart + Math.max(keyBytes, 0);
    const headersStart = valueStart + Math.max(valueBytes, 0);
    const end = headersStart + headerBytes;
    if (end > bytes.length) return `record ${index} is cut off`;
    if (baseOffset + index >= fromOffset) {
      records.push({
        offset: BigInt(baseOffset + index),
        timestampMs: bytes.readDoubleLE(at),
        key: keyBytes < 0 ? null : bytes.subarray(keyStart, valueStart),
        value: valueBytes < 0 ? null : bytes.subarray(valueStart, headersStart),
        headers: headerBytes === 0 ? undefined : parseHeaders(bytes.subarray(headersStart, end)),
      });
    }
    at = end;
  }
  return at === bytes.length ? records : `${bytes.length - at} bytes follow its last record`;
}

function parseHeaders(bytes: Buffer): Record<string, string> {
  return JSON.parse(bytes.toString('utf8')) as Record<string, string>;
}
