import { createHash } from 'node:crypto';
import { AtbdError } from '../../engine/model/error.js';
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

const VERSION = 1;

/** The cursor as text for `--after`: base64url, opaque, with its version. */
export function encodeCursor(cursor: LogCursor, binding: CursorBinding): string {
  const { last, range, cut } = cursor;
  const { topic, epoch, partition, offset } = last.position;
  const fields = [
    VERSION,
    fingerprint(binding),
    [String(last.tsNs), topic, epoch, partition, String(offset)],
    [range.fromNs, range.toNs, range.arrivedSinceNs].map((ns) => (ns === null ? null : String(ns))),
    cut.map((each) => [
      each.topic,
      each.epoch,
      [...each.lastByPartition].map(([key, value]) => [key, String(value)]),
    ]),
  ];
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

/** Reads a cursor back; rejects with USAGE_INVALID what is none, and one of another question. */
export async function decodeCursor(text: string, binding: CursorBinding): Promise<LogCursor> {
  const { z } = await import('zod');
  const integer = z
    .string()
    .regex(/^-?\d{1,19}$/u)
    .transform(BigInt);
  const shape = z.tuple([
    z.literal(VERSION),
    z.string(),
    z.tuple([integer, z.string(), z.int(), z.int(), integer]),
    z.tuple([integer.nullable(), integer.nullable(), integer.nullable()]),
    z.array(z.tuple([z.string(), z.int(), z.array(z.tuple([z.int(), integer]))])),
  ]);
  const parsed = shape.safeParse(parseBase64Json(text));
  if (!parsed.success) {
    throw refuse('it is not a cursor', 'Copy it whole from the end of the page before.');
  }
  const [, bound, [tsNs, topic, epoch, partition, offset], times, cut] = parsed.data;
  if (bound !== fingerprint(binding)) {
    throw refuse(
      'it belongs to another question',
      'Repeat the words, filters and order of the page before.',
    );
  }
  const [fromNs, toNs, arrivedSinceNs] = times;
  return {
    last: { tsNs, position: { topic, epoch, partition, offset } },
    range: { fromNs, toNs, arrivedSinceNs },
    cut: cut.map(([cutTopic, cutEpoch, last]) => ({
      topic: cutTopic,
      epoch: cutEpoch,
      lastByPartition: new Map(last),
    })),
  };
}

function parseBase64Json(text: string): unknown {
  if (!/^[\w-]+$/u.test(text)) return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Long enough that a slip of the user is noticed; it protects nothing. */
const FINGERPRINT_LENGTH = 12;

function fingerprint(binding: CursorBinding): string {
  const text = JSON.stringify([binding.isAscending, binding.filter]);
  return createHash('sha256').update(text).digest('base64url').slice(0, FINGERPRINT_LENGTH);
}

function refuse(why: string, hint: string): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot use the --after cursor: ${why}`,
    hint,
  });
}
