import { BACKFILL_HEADER } from '../../engine/model/limit.js';
import { runOf } from '../../engine/model/record-run.js';
import { createChunkStore } from '../write/chunk-store.js';
import type { Store } from '../clickhouse/store.js';

/** Where events of a test go. */
export interface WriteTarget {
  readonly topic: string;
  readonly partition?: number;
  readonly shard?: number;
  /** Offset of the first event. */
  readonly first?: number;
  /** Their times are kept however old they are. */
  readonly isBackfill?: boolean;
}

/** Stores events as the ingest worker would: one chunk of one partition; their times are taken as they are. */
export function writeEvents(
  store: Store,
  events: readonly Readonly<Record<string, unknown>>[],
  target: WriteTarget,
): Promise<void> {
  const values = events.map((event) => Buffer.from(JSON.stringify(event)));
  return writeValues(store, values, target);
}

/** The same for values that JSON.stringify would not write. */
export async function writeValues(
  store: Store,
  values: readonly Buffer[],
  { topic, partition = 0, shard = 0, first = 0, isBackfill = false }: WriteTarget,
): Promise<void> {
  const records = values.map((value, index) => ({
    offset: BigInt(first + index),
    timestampMs: QUEUE_TIME_MS,
    key: null,
    value,
    headers: isBackfill ? { [BACKFILL_HEADER]: '1' } : undefined,
  }));
  await createChunkStore(store).writeChunk(
    {
      topic,
      epoch: 1,
      partition,
      first: BigInt(first),
      last: BigInt(first + values.length - 1),
      shard,
      runs: [runOf(records)],
    },
    new AbortController().signal,
  );
}

/** Every event of a test lies within the 400 days before it, so none is clamped. */
export const QUEUE_TIME_MS = Date.UTC(2026, 10, 23);
