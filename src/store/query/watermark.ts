import { defineQuery, type QueryOptions } from '../clickhouse/define-query.js';
import { bigint, number, paramsOf, rowOf } from '../clickhouse/row-check.js';
import type { Store } from '../clickhouse/store.js';

/** How far event time has come in one partition. */
export interface PartitionProgress {
  /** Largest event time that was stored. */
  readonly largestNs: bigint;
  /** When the last event of it was stored. */
  readonly arrivedMs: number;
}

/** How far event time has come, and which shards could not say. */
export interface Watermark {
  /** null: there is no event. */
  readonly ns: bigint | null;
  readonly missingShards: readonly number[];
}

/** A partition from which nothing came for this long holds nobody up. */
const IDLE_MS = 60_000;

/** An event that comes later than this after the watermark is late: what was final may change by it. */
export const GRACE_NS = 120_000_000_000n;

/** The largest time of a partition that is not idle is not older than this, unless all of it is a backfill. */
const LOOK_BACK_MS = 86_400_000;

/**
 * Event time up to which everything is likely there: the largest time seen in each partition, and of those the smallest, without
 * idle partitions. Where all are idle it is the largest of all. Never later than the clock: a service whose clock is fast does not bring tomorrow.
 */
export async function readWatermark(
  store: Store,
  { nowMs }: { readonly nowMs: number },
  options: QueryOptions,
): Promise<Watermark> {
  const recent = await partitionProgress(store, { fromMs: nowMs - LOOK_BACK_MS }, options);
  const { rows, missingShards } =
    recent.rows.length > 0 ? recent : await partitionProgress(store, { fromMs: 0 }, options);
  return { ns: watermarkOf(rows, nowMs), missingShards };
}

/** The watermark of partitions, at this moment of the clock. */
export function watermarkOf(
  partitions: readonly PartitionProgress[],
  nowMs: number,
): bigint | null {
  if (partitions.length === 0) return null;
  const active = partitions.filter(({ arrivedMs }) => nowMs - arrivedMs < IDLE_MS);
  const ns = active.length > 0 ? least(largestOf(active)) : most(largestOf(partitions));
  return least([ns, BigInt(nowMs) * 1_000_000n]);
}

function largestOf(partitions: readonly PartitionProgress[]): bigint[] {
  return partitions.map(({ largestNs }) => largestNs);
}

function least(values: readonly bigint[]): bigint {
  return values.reduce((one, other) => (one < other ? one : other));
}

function most(values: readonly bigint[]): bigint {
  return values.reduce((one, other) => (one > other ? one : other));
}

const partitionProgress = defineQuery({
  name: 'watermark',
  params: paramsOf<{ readonly fromMs: number }>(),
  row: rowOf({ largestNs: bigint, arrivedMs: number }),
  sql: `
    SELECT
      toUnixTimestamp64Nano(max(ts)) AS largestNs,
      toUnixTimestamp64Milli(max(ingested_at)) AS arrivedMs
    FROM events
    WHERE ts >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
    GROUP BY topic, epoch, partition
    ORDER BY topic, epoch, partition
    LIMIT 100000`,
});
