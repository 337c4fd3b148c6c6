import { defineQuery, type QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import type { RollupName } from './rollup.js';

/** Shards of any installation. */
const SHARDS_MAX = 10_000;

const NS_PER_SECOND = 1_000_000_000n;

/** Lines that tell of a roll-up: one a shard. Each row is of one shard. */
const rollupStates = defineQuery({
  name: 'rollup_state',
  params: { parse: (params) => params as { readonly rollup: string; readonly limit: number } },
  row: { parse: (row) => row as { readonly completeFrom: number } },
  sql: `
    SELECT toUnixTimestamp(max(complete_from)) AS completeFrom
    FROM rollup_state
    WHERE rollup = {rollup:String}
    GROUP BY _shard_num
    LIMIT {limit:UInt32}`,
});

/**
 * From when on a roll-up has all events on every shard that answers; nanoseconds since the epoch. null: some shard has not
 * said so, and the roll-up is not to be read (migration 0003).
 */
export async function rollupCompleteFrom(
  store: Store,
  rollup: RollupName,
  options: QueryOptions,
): Promise<bigint | null> {
  const params = { rollup, limit: SHARDS_MAX };
  // What is read here is not of the answer: --max-scan does not count it.
  const unlimited: Store = { ...store, limits: { ...store.limits, scan: null } };
  const { rows, missingShards } = await rollupStates(unlimited, params, options);
  if (rows.length + missingShards.length < store.shardCount) return null;
  const latest = Math.max(0, ...rows.map(({ completeFrom }) => completeFrom));
  return BigInt(latest) * NS_PER_SECOND;
}
