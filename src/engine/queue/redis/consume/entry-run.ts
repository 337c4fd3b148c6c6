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
import { type EntryFields, readFields } from '../entry-field.js';
import { type EntryId, ID_SEQUENCE_BITS, parseEntryId } from '../entry-id.js';
import type { Reply } from '../link/redis-link.js';

/** An entry as XRANGE gives it: its ID, and its fields and values in turn. */
export type Entry = readonly [id: Buffer, fields: readonly Reply[]];

/** Of the milliseconds, so many bits are in the offset's lower half. */
const LOW_MS_COUNT = 2 ** (32 - ID_SEQUENCE_BITS);
const LOW_SEQUENCE_COUNT = 2 ** ID_SEQUENCE_BITS;

/** What a row takes besides key and value. */
const ROW_BYTES_MORE = rowBytesMax(0, 0);

const EMPTY = Buffer.alloc(0);

/** Entries as rows: each byte is copied once, and no 64-bit number is made for an offset. undefined when there are none. */
export function runOfEntries(entries: readonly Entry[]): RecordRun | undefined {
  if (entries.length === 0) return undefined;
  const all = entries.map(([id, fields]) => ({
    id: parseEntryId(id.toString('latin1')),
    fields: readFields(fields),
  }));
  const rows = Buffer.allocUnsafe(all.reduce((sum, { fields }) => sum + bytesOf(fields), 0));
  const ends = Buffer.allocUnsafe(all.length * END_BYTES);
  const marks = Buffer.allocUnsafe(all.length);
  const headers: Record<number, QueueRecord['headers']> = {};
  let isDirect = true;
  let at = 0;
  for (const [index, { id, fields }] of all.entries()) {
    at = writeRow(rows, at, id, fields);
    ends.writeUInt32LE(at, index * END_BYTES);
    marks[index] = marksOf(fields);
    if (fields.headers !== undefined) headers[index] = fields.headers;
    isDirect &&= (fields.value?.length ?? 0) <= VALUE_BYTES_MAX;
  }
  const parts = { rows: rows.subarray(0, at), ends, marks, headers: () => headers, isDirect };
  return new RowRun(parts, 0, all.length);
}

function bytesOf({ key, value }: EntryFields): number {
  return ROW_BYTES_MORE + (key?.length ?? 0) + (value?.length ?? 0);
}

function writeRow(rows: Buffer, start: number, id: EntryId, fields: EntryFields): number {
  const { key, value, timestampMs, headers } = fields;
  let at = writeOffset(rows, start, id);
  at = writeSafeInteger(rows, at, usableTime(timestampMs ?? id.ms));
  rows[at++] = isBackfill(headers) ? 1 : 0;
  at = writeText(rows, at, value === null ? reasonOf(null) : EMPTY);
  at = writeText(rows, at, key ?? EMPTY);
  return writeText(rows, at, value ?? EMPTY);
}

/** `offsetOfId` in two halves. */
function writeOffset(rows: Buffer, at: number, { ms, sequence }: EntryId): number {
  const high = Math.floor(ms / LOW_MS_COUNT);
  const low = (ms - high * LOW_MS_COUNT) * LOW_SEQUENCE_COUNT + sequence;
  rows.writeUInt32LE(low, at);
  rows.writeUInt32LE(high, at + 4);
  return at + 8;
}

function marksOf({ key, value, headers }: EntryFields): number {
  let marks = key === null ? MARK.hasNoKey : 0;
  if (value === null) marks |= MARK.isTombstone;
  if (headers !== undefined) marks |= MARK.hasHeaders;
  return marks;
}
