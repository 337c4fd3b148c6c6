import type { AsOf } from '../../engine/model/question/as-of.js';
import { defineQuery, type QueryOptions } from '../clickhouse/define-query.js';
import { bigint, paramsOf, rowOf } from '../clickhouse/row-check.js';
import type { Store } from '../clickhouse/store.js';
import { GRACE_NS, readWatermark } from './watermark.js';

/** Looks how far event time has come, and where the events end. */
export async function readAsOf(
  store: Store,
  { nowMs }: { readonly nowMs: number },
  options: QueryOptions,
): Promise<AsOf> {
  const [watermark, { rows }] = await Promise.all([
    readWatermark(store, { nowMs }, options),
    newestEvent(store, {}, options),
  ]);
  const asOfNs = watermark.ns ?? 0n;
  return { asOfNs, finalNs: asOfNs - GRACE_NS, newestNs: rows[0]?.newestNs ?? 0n };
}

/** Answered from the bounds that parts know of themselves. */
const newestEvent = defineQuery({
  name: 'newest_event',
  params: paramsOf<object>(),
  row: rowOf({ newestNs: bigint }),
  sql: 'SELECT toUnixTimestamp64Nano(max(ts)) AS newestNs FROM events LIMIT 1',
});
