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

/** Bytes of a row besides topic, reason, key and value: 3 numbers of 4, 4 of 8 (offsets and time), a flag. */
const FIXED_BYTES = 2 * 4 + 4 * 8 + 1;

/** A length prefix (unsigned LEB128) of a 32-bit length takes at most this much. */
const LENGTH_BYTES_MAX = 5;

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
 * written once: this is the hot path, about 0.3 µs a record.
 */
export function encodeChunk(chunk: Chunk): Buffer {
  const topic = Buffer.from(chunk.topic);
  const rows = chunk.records.length === 0 ? [holeAt(chunk)] : chunk.records.map(judge);
  let size = 0;
  for (const { reason, key, value } of rows) {
    size +=
      FIXED_BYTES + 4 * LENGTH_BYTES_MAX + topic.length + reason.length + key.length + value.length;
  }
  const buffer = Buffer.allocUnsafe(size);
  // Everything before the offset is the same in every row of a chunk.
  const head = encodeHead(chunk, topic);
  let at = 0;
  for (const { record, reason, key, value } of rows) {
    at += head.copy(buffer, at);
    at = buffer.writeBigUInt64LE(record.offset, at);
    at = buffer.writeBigInt64LE(queueTimeOf(record), at);
    at = buffer.writeUInt8(record.headers?.[BACKFILL_HEADER] === '1' ? 1 : 0, at);
    at = writeBytes(buffer, at, reason);
    at = writeBytes(buffer, at, key);
    at = writeBytes(buffer, at, value);
  }
  return buffer.subarray(0, at);
}

interface Row {
  readonly record: QueueRecord;
  readonly reason: Buffer;
  readonly key: Buffer;
  readonly value: Buffer;
}

function judge(record: QueueRecord): Row {
  const key = record.key ?? EMPTY;
  if (record.value === null) return { record, key, reason: REASON.tombstone, value: EMPTY };
  if (record.value.length > VALUE_BYTES_MAX) {
    const value = record.value.subarray(0, OVERSIZED_SAMPLE_BYTES);
    return { record, key, reason: REASON.valueTooLarge, value };
  }
  return { record, key, reason: REASON.none, value: record.value };
}

/** 0 where the queue has no usable time: the store then takes the event's own, whatever it is. */
function queueTimeOf({ timestampMs }: QueueRecord): bigint {
  const isUsable = timestampMs > 0 && timestampMs < QUEUE_TIME_MS_END;
  return isUsable ? BigInt(Math.trunc(timestampMs)) : 0n;
}

function holeAt({ first }: Chunk): Row {
  const record = { offset: first, timestampMs: 0, key: null, value: null, headers: undefined };
  return { record, reason: REASON.hole, key: EMPTY, value: EMPTY };
}

function encodeHead({ epoch, partition, first, last }: Chunk, topic: Buffer): Buffer {
  const head = Buffer.alloc(LENGTH_BYTES_MAX + topic.length + 2 * 4 + 2 * 8);
  let at = writeBytes(head, 0, topic);
  at = head.writeUInt32LE(epoch, at);
  at = head.writeUInt32LE(partition, at);
  at = head.writeBigUInt64LE(first, at);
  at = head.writeBigUInt64LE(last, at);
  return head.subarray(0, at);
}

function writeBytes(buffer: Buffer, start: number, bytes: Buffer): number {
  let at = start;
  let length = bytes.length;
  while (length >= 0x80) {
    buffer[at++] = (length & 0x7f) | 0x80;
    length >>>= 7;
  }
  buffer[at++] = length;
  return at + bytes.copy(buffer, at);
}
