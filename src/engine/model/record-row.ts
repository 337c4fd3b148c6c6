import { BACKFILL_HEADER, OVERSIZED_SAMPLE_BYTES, VALUE_BYTES_MAX } from './limit.js';
import type { QueueRecord } from './queue-record.js';

/**
 * A record as a row, the form in which it travels from the queue into the store: ClickHouse's RowBinary of
 * offset UInt64, queue time DateTime64(3), is_backfill UInt8, reason String, key String, raw String. All numbers are little
 * endian, a String is its length (unsigned LEB128) and its bytes. The value stays as it is. What is the same for a
 * whole chunk (topic, epoch, partition, range) is not in its rows; the insert's token says it.
 */
export const ROW_HEAD_BYTES = 8 + 8 + 1;

/** A length prefix of a 32-bit length takes at most this much. */
export const LENGTH_BYTES_MAX = 5;

/**
 * Queue times from here on are no times: a producer that sends microseconds, say. The store counts in
 * nanoseconds up to 2262, and a time beyond makes its comparisons throw, which would stop the partition for ever.
 */
const QUEUE_TIME_MS_END = Date.UTC(2200, 0, 1);

/** Why a record is no event although nobody looked into it; they become the reasons of dead letters. */
const REASON = {
  none: Buffer.alloc(0),
  tombstone: Buffer.from('tombstone'),
  valueTooLarge: Buffer.from('value_too_large'),
  /** Not a record: keeps a range without any in the ledger. */
  hole: Buffer.from('hole'),
};

/** What a row holds besides its head and its key and value: a reason and three lengths. */
const ROW_EXTRA_BYTES_MAX = REASON.valueTooLarge.length + 3 * LENGTH_BYTES_MAX;

const ITEM_BYTES = 4;

const EMPTY = Buffer.alloc(0);
const TWO_TO_32 = 2 ** 32;

/** The records as rows, back to back. One buffer, sized beforehand; nothing else is allocated. */
export function encodeRows(records: readonly QueueRecord[]): Buffer {
  let size = 0;
  for (const { key, value } of records) size += rowBytesMax(key?.length ?? 0, value?.length ?? 0);
  const rows = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { offset, timestampMs, key, value, headers } of records) {
    at = writeUInt64(rows, at, offset);
    at = writeSafeInteger(rows, at, usableTime(timestampMs));
    rows[at++] = isBackfill(headers) ? 1 : 0;
    at = writeText(rows, at, reasonOf(value));
    at = writeText(rows, at, key ?? EMPTY);
    at = writeText(rows, at, shortened(value ?? EMPTY));
  }
  return rows.subarray(0, at);
}

/** A row that was made of a foreign record: with `item` UInt32 behind the others, and it says itself whether it is an event. */
export interface MappedRow {
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly isBackfill: boolean;
  /** Why it is a dead letter; empty for an event. */
  readonly reason: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Which of its record's events, from 0. */
  readonly item: number;
}

/** Rows that were made of foreign records, back to back. */
export function encodeMappedRows(mapped: readonly MappedRow[]): Buffer {
  let size = 0;
  for (const { reason, key, value } of mapped)
    size += rowBytesMax(key?.length ?? 0, value?.length ?? 0) + reason.length + ITEM_BYTES;
  const rows = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { offset, timestampMs, isBackfill: isExempt, reason, key, value, item } of mapped) {
    at = writeUInt64(rows, at, offset);
    at = writeSafeInteger(rows, at, usableTime(timestampMs));
    rows[at++] = isExempt ? 1 : 0;
    at = writeText(rows, at, reason === '' ? EMPTY : Buffer.from(reason));
    at = writeText(rows, at, key ?? EMPTY);
    at = writeText(rows, at, shortened(value ?? EMPTY));
    at = writeUInt32(rows, at, item);
  }
  return rows.subarray(0, at);
}

/** The row that stands for a range without any record, so that the ledger has it. */
export function encodeHole(offset: bigint): Buffer {
  const row = Buffer.alloc(rowBytesMax(0, 0));
  let at = writeUInt64(row, 0, offset);
  at = writeSafeInteger(row, at, 0);
  row[at++] = 0;
  at = writeText(row, at, REASON.hole);
  at = writeText(row, at, EMPTY);
  return row.subarray(0, writeText(row, at, EMPTY));
}

/** The most that a row with a key and a value of so many bytes can take. */
export function rowBytesMax(keyBytes: number, valueBytes: number): number {
  return ROW_HEAD_BYTES + ROW_EXTRA_BYTES_MAX + keyBytes + valueBytes;
}

/** Why the record is a dead letter whatever its value says; empty when it is to be judged by its value. */
export function reasonOf(value: { readonly length: number } | null): Buffer {
  if (value === null) return REASON.tombstone;
  return value.length > VALUE_BYTES_MAX ? REASON.valueTooLarge : REASON.none;
}

/** 0 where the queue has no usable time: the store then takes the event's own, whatever it is. */
export function usableTime(timestampMs: number): number {
  const isUsable = timestampMs > 0 && timestampMs < QUEUE_TIME_MS_END;
  return isUsable ? Math.trunc(timestampMs) : 0;
}

export function isBackfill(headers: QueueRecord['headers']): boolean {
  return headers?.[BACKFILL_HEADER] === '1';
}

/** A length and the bytes; returns where it ended. */
export function writeText(target: Buffer, at: number, bytes: Buffer): number {
  const start = writeLength(target, at, bytes.length);
  if (bytes.length === 0) return start;
  target.set(bytes, start);
  return start + bytes.length;
}

/** Unsigned LEB128. */
export function writeLength(target: Buffer, at: number, length: number): number {
  let rest = length;
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

/** Not negative, and a safe integer, as 64 bits. */
export function writeSafeInteger(target: Buffer, at: number, value: number): number {
  const high = Math.floor(value / TWO_TO_32);
  return writeUInt32(target, writeUInt32(target, at, value - high * TWO_TO_32), high);
}

/** Fast path: two halves of a number cost a third of a bigint's write. */
function writeUInt64(target: Buffer, at: number, value: bigint): number {
  const number = Number(value);
  if (number <= Number.MAX_SAFE_INTEGER) return writeSafeInteger(target, at, number);
  return target.writeBigUInt64LE(value, at);
}

function writeUInt32(target: Buffer, at: number, value: number): number {
  target[at] = value & 0xff;
  target[at + 1] = (value >>> 8) & 0xff;
  target[at + 2] = (value >>> 16) & 0xff;
  target[at + 3] = value >>> 24;
  return at + 4;
}

function shortened(value: Buffer): Buffer {
  return value.length > VALUE_BYTES_MAX ? value.subarray(0, OVERSIZED_SAMPLE_BYTES) : value;
}
