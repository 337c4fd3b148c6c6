import { createHash } from 'node:crypto';
import { AtbdError } from '../../engine/model/error.js';
import { CursorReader, CursorWriter } from './cursor-bytes.js';
import type { Filter } from '../../engine/model/filter.js';
import type { EventPosition } from '../../engine/model/stored-event.js';

/** Where a page ended, and against what its question was asked. */
export interface LogCursor {
  /** The last event shown. */
  readonly last: { readonly tsNs: bigint; readonly position: EventPosition };
  /** The range of page one: `--since 15m` means another moment on each page. */
  readonly range: LogRange;
  /** What was stored when page one was read: later arrivals belong to no page. */
  readonly cut: LedgerCut;
}

/** Nanoseconds, `[from, to)`; null is open. */
export interface LogRange {
  readonly fromNs: bigint | null;
  readonly toNs: bigint | null;
  readonly arrivedSinceNs: bigint | null;
}

/** The last stored offset per partition of each topic and epoch. */
export type LedgerCut = readonly {
  readonly topic: string;
  readonly epoch: number;
  readonly lastByPartition: ReadonlyMap<number, bigint>;
}[];

/** What a cursor is bound to: the next page of another question would be nonsense. */
export interface CursorBinding {
  readonly filter: Filter;
  readonly isAscending: boolean;
}

const VERSION = 2;

/** The same with the event's number in its record: nearly always that is 0, and a byte less to copy. */
const VERSION_WITH_ITEM = 3;

/** Larger numbers of epochs, partitions and topics are no installation of ours, but a broken cursor. */
const SMALL_MAX = 2 ** 31;

/** The cursor as text for `--after`: base64url, opaque, with its version, short enough to be copied by hand. */
export function encodeCursor(cursor: LogCursor, binding: CursorBinding): string {
  const { last, range, cut } = cursor;
  const { topic, epoch, partition, offset, item } = last.position;
  const writer = new CursorWriter()
    .integer(item === 0 ? VERSION : VERSION_WITH_ITEM)
    .text(fingerprint(binding));
  writer.integer(last.tsNs).text(topic).integer(epoch).integer(partition).integer(offset);
  if (item !== 0) writer.integer(item);
  for (const ns of [range.fromNs, range.toNs, range.arrivedSinceNs]) {
    if (ns === null) writer.integer(0);
    else writer.integer(1).integer(ns - last.tsNs);
  }
  writer.integer(cut.length);
  for (const each of cut) {
    // Nearly always there is one topic: no name here means that of the last event.
    writer
      .text(each.topic === topic ? '' : each.topic)
      .integer(each.epoch)
      .integer(each.lastByPartition.size);
    for (const [key, value] of each.lastByPartition) writer.integer(key).integer(value);
  }
  return writer.toBuffer().toString('base64url');
}

/** Reads a cursor back; throws USAGE_INVALID for what is none, and for one of another question. */
export function decodeCursor(text: string, binding: CursorBinding): LogCursor {
  const parsed = parseCursor(text);
  if (parsed === undefined) {
    throw refuse('it is not a cursor', 'Copy it whole from the end of the page before.');
  }
  if (parsed.bound !== fingerprint(binding)) {
    throw refuse(
      'it belongs to another question',
      'Repeat the words, filters and order of the page before.',
    );
  }
  return parsed.cursor;
}

interface BoundCursor {
  readonly bound: string;
  readonly cursor: LogCursor;
}

function parseCursor(text: string): BoundCursor | undefined {
  if (!/^[\w-]+$/u.test(text)) return undefined;
  try {
    return readCursor(new CursorReader(Buffer.from(text, 'base64url')));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function readCursor(reader: CursorReader): BoundCursor {
  const version = reader.small(SMALL_MAX);
  if (version !== VERSION && version !== VERSION_WITH_ITEM) throw new RangeError('another version');
  const bound = reader.text();
  const tsNs = reader.integer();
  const position = {
    topic: reader.text(),
    epoch: reader.small(SMALL_MAX),
    partition: reader.small(SMALL_MAX),
    offset: reader.integer(),
    item: version === VERSION ? 0 : reader.small(SMALL_MAX),
  };
  const readTime = (): bigint | null => (reader.small(1) === 0 ? null : reader.integer() + tsNs);
  const range = { fromNs: readTime(), toNs: readTime(), arrivedSinceNs: readTime() };
  const cut = readMany(reader, () => ({
    topic: reader.text() || position.topic,
    epoch: reader.small(SMALL_MAX),
    lastByPartition: new Map(
      readMany(reader, () => [reader.small(SMALL_MAX), reader.integer()] as const),
    ),
  }));
  reader.end();
  return { bound, cursor: { last: { tsNs, position }, range, cut } };
}

/** A count and as many things; a count that lies ends with the bytes. */
function readMany<T>(reader: CursorReader, read: () => T): T[] {
  const things: T[] = [];
  for (let left = reader.small(SMALL_MAX); left > 0; left--) things.push(read());
  return things;
}

/** Long enough that a slip of the user is noticed; it protects nothing. */
const FINGERPRINT_LENGTH = 6;

function fingerprint(binding: CursorBinding): string {
  // Moments are big integers, which JSON has not.
  const text = JSON.stringify([binding.isAscending, binding.filter], (_name, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return createHash('sha256').update(text).digest('base64url').slice(0, FINGERPRINT_LENGTH);
}

function refuse(why: string, hint: string): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot use the --after cursor: ${why}`,
    hint,
  });
}
