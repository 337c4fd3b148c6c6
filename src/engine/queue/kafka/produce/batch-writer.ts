import type { QueueMessage } from '../../../model/queue.js';
import { usableTime } from '../../../model/record-row.js';
import { varintBytes, varlongBytes, writeVarint, writeVarlong } from './varint.js';
import { BATCH_HEAD_BYTES, type RecordBatchBytes, writeHead } from './record-batch-bytes.js';

/** A batch is closed before it would be larger: below a broker's default limit for one, which is 1 MiB. */
export const BATCH_BYTES_MAX = 900 * 1024;

/** Where a batch's buffer starts to grow from: a single small event costs no more than this. */
const BATCH_BYTES_START = 1024;

/** What a record takes besides its key, value and headers, at most. */
const RECORD_BYTES_MORE = 32;

/** The longest UTF-8 encoding of one UTF-16 code unit. */
const UTF8_BYTES_PER_UNIT = 3;

/** The length of null. */
const NULL_LENGTH = -1;
const NO_ATTRIBUTES = 0;
/** A count of 0. */
const NO_HEADERS = Buffer.from([0]);

/** Collects records of one partition into a batch as Kafka keeps it: https://kafka.apache.org/documentation/#record */
export class BatchWriter {
  #buffer = Buffer.allocUnsafe(BATCH_BYTES_START);
  #length = BATCH_HEAD_BYTES;
  #recordCount = 0;
  #firstMs = 0;
  #lastMs = 0;
  /** Neighbours mostly share their headers, such as those of a backfill. */
  #headers: QueueMessage['headers'];
  #headerBytes: Buffer = NO_HEADERS;

  /** False when the batch should be closed before this message; an empty one takes a message of any size. */
  hasRoomFor({ key, value }: QueueMessage): boolean {
    const more = RECORD_BYTES_MORE + bytesMax(key) + bytesMax(value);
    return this.#recordCount === 0 || this.#length + more <= BATCH_BYTES_MAX;
  }

  /** `key` is the message's, as bytes. A time that is none (`usableTime`) is kept as 0. */
  add({ value, headers, timestampMs }: QueueMessage, key: Buffer | null, nowMs: number): void {
    const ms = usableTime(timestampMs ?? nowMs);
    const deltaMs = this.#noteTime(ms);
    if (headers !== this.#headers) this.#takeHeaders(headers);
    this.#reserve(
      RECORD_BYTES_MORE + (key?.length ?? 0) + bytesMax(value) + this.#headerBytes.length,
    );
    this.#length = this.#writeRecord(deltaMs, key, value);
    this.#recordCount += 1;
  }

  /** A record of another batch: `fields` is all of it from its key on. */
  addEncoded(timestampMs: number, fields: Buffer): void {
    const deltaMs = this.#noteTime(timestampMs);
    this.#reserve(RECORD_BYTES_MORE + fields.length);
    const buffer = this.#buffer;
    const index = this.#recordCount;
    const length = 1 + varlongBytes(deltaMs) + varintBytes(index) + fields.length;
    let at = writeVarint(buffer, this.#length, length);
    buffer[at++] = NO_ATTRIBUTES;
    at = writeVarint(buffer, writeVarlong(buffer, at, deltaMs), index);
    buffer.set(fields, at);
    this.#length = at + fields.length;
    this.#recordCount = index + 1;
  }

  finish(): RecordBatchBytes {
    const bytes = this.#buffer.subarray(0, this.#length);
    const recordCount = this.#recordCount;
    writeHead(bytes, { recordCount, firstMs: this.#firstMs, lastMs: this.#lastMs });
    return { bytes, recordCount };
  }

  /** Its length comes first and is known last: room is left for that of plain ASCII, and the rest moved where that was too little. */
  #writeRecord(deltaMs: number, key: Buffer | null, value: QueueMessage['value']): number {
    const buffer = this.#buffer;
    const start = this.#length;
    const index = this.#recordCount;
    const keyLength = key?.length ?? NULL_LENGTH;
    const valueLength = value?.length ?? NULL_LENGTH;
    const guessed =
      1 +
      varlongBytes(deltaMs) +
      varintBytes(index) +
      fieldBytes(keyLength) +
      fieldBytes(valueLength);
    const lengthBytes = varintBytes(guessed + this.#headerBytes.length);
    const bodyStart = start + lengthBytes;
    buffer[bodyStart] = NO_ATTRIBUTES;
    let at = writeVarint(buffer, writeVarlong(buffer, bodyStart + 1, deltaMs), index);
    at = writeBytes(buffer, at, key);
    at = typeof value === 'string' ? writeString(buffer, at, value) : writeBytes(buffer, at, value);
    buffer.set(this.#headerBytes, at);
    const length = at + this.#headerBytes.length - bodyStart;
    const shift = varintBytes(length) - lengthBytes;
    if (shift !== 0) buffer.copyWithin(bodyStart + shift, bodyStart, bodyStart + length);
    writeVarint(buffer, start, length);
    return bodyStart + shift + length;
  }

  /** Returns how long after the first record it is, which may be before it. */
  #noteTime(ms: number): number {
    if (this.#recordCount === 0) this.#firstMs = this.#lastMs = ms;
    else if (ms > this.#lastMs) this.#lastMs = ms;
    return ms - this.#firstMs;
  }

  #takeHeaders(headers: QueueMessage['headers']): void {
    this.#headers = headers;
    this.#headerBytes = headers === undefined ? NO_HEADERS : encodeHeaders(headers);
  }

  #reserve(byteCount: number): void {
    const needed = this.#length + byteCount;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

function bytesMax(data: string | Buffer | null): number {
  if (data === null) return 0;
  return typeof data === 'string' ? data.length * UTF8_BYTES_PER_UNIT : data.length;
}

/** What a length and so many bytes take. */
function fieldBytes(length: number): number {
  return varintBytes(length) + Math.max(0, length);
}

function writeBytes(buffer: Buffer, at: number, bytes: Buffer | null): number {
  if (bytes === null) return writeVarint(buffer, at, NULL_LENGTH);
  const start = writeVarint(buffer, at, bytes.length);
  buffer.set(bytes, start);
  return start + bytes.length;
}

/** As `#writeRecord` does with its length. */
function writeString(buffer: Buffer, at: number, value: string): number {
  const guessedStart = writeVarint(buffer, at, value.length);
  const written = buffer.write(value, guessedStart);
  if (written === value.length) return guessedStart + written;
  const start = at + varintBytes(written);
  if (start !== guessedStart) buffer.copyWithin(start, guessedStart, guessedStart + written);
  writeVarint(buffer, at, written);
  return start + written;
}

function encodeHeaders(headers: Readonly<Record<string, string>>): Buffer {
  const texts = Object.entries(headers)
    .flat()
    .map((text) => Buffer.from(text));
  const size = texts.reduce((sum, { length }) => sum + fieldBytes(length), 0);
  const bytes = Buffer.allocUnsafe(varintBytes(texts.length / 2) + size);
  let at = writeVarint(bytes, 0, texts.length / 2);
  for (const text of texts) at = writeBytes(bytes, at, text);
  return bytes;
}
