import type { Chunk } from '../../engine/model/chunk.js';
import {
  BACKFILL_HEADER,
  OVERSIZED_SAMPLE_BYTES,
  VALUE_BYTES_MAX,
} from '../../engine/model/limit.js';
import type { QueueRecord } from '../../engine/model/queue.js';

/**
 * Queue times from here on are no times: a producer that sends microseconds, say. The store counts in
 * nanoseconds up to 2262, and a time beyond makes its comparisons throw, which would stop the partition for ever.
 */
const QUEUE_TIME_MS_END = Date.UTC(2200, 0, 1);

/** A length prefix (unsigned LEB128) of a 32-bit length takes at most this much. */
const LENGTH_BYTES_MAX = 5;

/** The longest reason is shorter. */
const REASON_BYTES_MAX = 32;

/** Bytes of a row besides its head, key and value: offset and time, a flag, the reason, three lengths. */
const ROW_BYTES_MAX = 2 * 8 + 1 + REASON_BYTES_MAX + 3 * LENGTH_BYTES_MAX;

const EMPTY = Buffer.alloc(0);

/** Why a record is no event although nobody looked into it; they become the reasons of dead letters. */
const REASON = {
  none: EMPTY,
  tombstone: Buffer.from('tombstone'),
  valueTooLarge: Buffer.from('value_too_large'),
  /** Not a record: keeps a range without any in the ledger. */
  hole: Buffer.from('hole'),
};

/**
 * The chunk as RowBinary rows of `atbd.intake`, values untouched. One buffer, sized beforehand and
 * written once; nothing is allocated per record. This is the hot path of ingest.
 */
export function encodeChunk(chunk: Chunk): Buffer {
  const topic = Buffer.from(chunk.topic);
  // Everything before the offset is the same in every row of a chunk.
  const head = encodeHead(chunk, topic);
  const records = chunk.records.length === 0 ? [holeAt(chunk)] : chunk.records;
  let size = 0;
  for (const { key, value } of records) {
    size += head.length + ROW_BYTES_MAX + (key?.length ?? 0) + (value?.length ?? 0);
  }
  const rows = new RowWriter(Buffer.allocUnsafe(size));
  for (const record of records) {
    const reason = chunk.records.length === 0 ? REASON.hole : reasonOf(record);
    rows.writeRaw(head);
    rows.writeUInt64(record.offset);
    rows.writeTime(queueTimeOf(record));
    rows.writeByte(record.headers?.[BACKFILL_HEADER] === '1' ? 1 : 0);
    rows.writeText(reason);
    rows.writeText(record.key ?? EMPTY);
    const value = record.value ?? EMPTY;
    rows.writeText(
      value.length > VALUE_BYTES_MAX ? value.subarray(0, OVERSIZED_SAMPLE_BYTES) : value,
    );
  }
  return rows.written();
}

function reasonOf({ value }: QueueRecord): Buffer {
  if (value === null) return REASON.tombstone;
  return value.length > VALUE_BYTES_MAX ? REASON.valueTooLarge : REASON.none;
}

/** 0 where the queue has no usable time: the store then takes the event's own, whatever it is. */
function queueTimeOf({ timestampMs }: QueueRecord): number {
  const isUsable = timestampMs > 0 && timestampMs < QUEUE_TIME_MS_END;
  return isUsable ? Math.trunc(timestampMs) : 0;
}

function holeAt({ first }: Chunk): QueueRecord {
  return { offset: first, timestampMs: 0, key: null, value: null, headers: undefined };
}

const TWO_TO_32 = 2 ** 32;

/** Writes RowBinary into a buffer that is large enough. */
class RowWriter {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  written(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }

  writeByte(byte: number): void {
    this.#buffer[this.#at++] = byte;
  }

  writeRaw(bytes: Buffer): void {
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Fast path: two halves of a number cost a third of a bigint's write. */
  writeUInt64(value: bigint): void {
    const number = Number(value);
    if (number <= Number.MAX_SAFE_INTEGER) this.writeTime(number);
    else this.#at = this.#buffer.writeBigUInt64LE(value, this.#at);
  }

  /** Not negative, and a safe integer. */
  writeTime(value: number): void {
    const high = Math.floor(value / TWO_TO_32);
    this.#writeUInt32(value - high * TWO_TO_32);
    this.#writeUInt32(high);
  }

  /** A length (unsigned LEB128) and the bytes. */
  writeText(bytes: Buffer): void {
    let length = bytes.length;
    while (length >= 0x80) {
      this.writeByte((length & 0x7f) | 0x80);
      length >>>= 7;
    }
    this.writeByte(length);
    if (bytes.length > 0) this.writeRaw(bytes);
  }

  #writeUInt32(value: number): void {
    this.writeByte(value & 0xff);
    this.writeByte((value >>> 8) & 0xff);
    this.writeByte((value >>> 16) & 0xff);
    this.writeByte(value >>> 24);
  }
}

function encodeHead({ epoch, partition, first, last }: Chunk, topic: Buffer): Buffer {
  const head = Buffer.alloc(LENGTH_BYTES_MAX + topic.length + 2 * 4 + 2 * 8);
  const rows = new RowWriter(head);
  rows.writeText(topic);
  let at = rows.written().length;
  at = head.writeUInt32LE(epoch, at);
  at = head.writeUInt32LE(partition, at);
  at = head.writeBigUInt64LE(first, at);
  at = head.writeBigUInt64LE(last, at);
  return head.subarray(0, at);
}
