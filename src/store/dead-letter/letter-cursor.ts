import { createHash } from 'node:crypto';
import type { LetterFilter } from '../../engine/model/dead-letter.js';
import { AtbdError } from '../../engine/model/error.js';
import { CursorReader, CursorWriter } from '../query/cursor-bytes.js';
import type { LetterCursor } from './letters.js';

const VERSION = 1;

/** Larger numbers of epochs and partitions are no installation of ours, but a broken cursor. */
const SMALL_MAX = 2 ** 31;

/** Long enough that a slip of the user is noticed; it protects nothing. */
const FINGERPRINT_LENGTH = 6;

/** What a page was asked for, and where it ended: `--since 15m` means another moment on each page. */
export interface LetterPageEnd {
  readonly last: LetterCursor;
  readonly fromNs: bigint | null;
  readonly toNs: bigint | null;
}

/** The end of a page as text for `--after`: opaque, bound to the filter whose times it keeps. */
export function encodeLetterCursor(
  { last, fromNs, toNs }: LetterPageEnd,
  filter: LetterFilter,
): string {
  const writer = new CursorWriter().integer(VERSION).text(fingerprint(filter));
  writer.integer(last.timeMs).text(last.topic).integer(last.epoch).integer(last.partition);
  writer.integer(last.offset);
  for (const ns of [fromNs, toNs]) {
    if (ns === null) writer.integer(0);
    else writer.integer(1).integer(ns);
  }
  return writer.toBuffer().toString('base64url');
}

/** Reads a cursor back; throws USAGE_INVALID for what is none, and for one of another filter. */
export function decodeLetterCursor(text: string, filter: LetterFilter): LetterPageEnd {
  const read = parse(text);
  if (read === undefined) {
    throw refuse('it is not a cursor of dlq ls', 'Copy it whole from the end of the page before.');
  }
  if (read.bound !== fingerprint(filter)) {
    throw refuse('it belongs to another question', 'Repeat the filters of the page before.');
  }
  return read.end;
}

function parse(text: string): { readonly bound: string; readonly end: LetterPageEnd } | undefined {
  if (!/^[\w-]+$/u.test(text)) return undefined;
  try {
    const reader = new CursorReader(Buffer.from(text, 'base64url'));
    if (reader.small(SMALL_MAX) !== VERSION) return undefined;
    const bound = reader.text();
    const last = {
      timeMs: Number(reader.integer()),
      topic: reader.text(),
      epoch: reader.small(SMALL_MAX),
      partition: reader.small(SMALL_MAX),
      offset: reader.integer(),
    };
    const readTime = (): bigint | null => (reader.small(1) === 0 ? null : reader.integer());
    const end = { last, fromNs: readTime(), toNs: readTime() };
    reader.end();
    return { bound, end };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Of all but the times, which the cursor itself keeps. */
function fingerprint({ reasons, topics, where, state }: LetterFilter): string {
  const text = JSON.stringify([reasons, topics, where, state]);
  return createHash('sha256').update(text).digest('base64url').slice(0, FINGERPRINT_LENGTH);
}

function refuse(why: string, hint: string): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot use the --after cursor: ${why}`,
    hint,
  });
}
