import { askShards, type AskShardsOptions } from '../../clickhouse/ask-shards.js';
import { allShards, type Answer } from '../../clickhouse/send-query.js';
import type { Store } from '../../clickhouse/store.js';

/** Shards (index from 0) that have events of some actions, and those that do not say. */
export interface TraceShards {
  readonly shards: readonly number[];
  readonly missingShards: readonly number[];
}

/**
 * Which shards have events of these actions: of one action mostly one, since its events share a key. Asking all of them for that
 * and one for the events costs half of asking all of them for 40 columns (docs/benchmarks.md).
 */
export async function findTraceShards(
  store: Store,
  ids: readonly string[],
  options: AskShardsOptions,
): Promise<TraceShards> {
  // What a user lets be scanned is meant for the events, so there they are looked for once.
  if (store.shardCount === 1 || store.limits.scan !== null)
    return { shards: allShards(store), missingShards: [] };
  const query = {
    name: 'trace_shards',
    sql: 'SELECT 1 AS found FROM events_local WHERE op_id IN {ids:Array(String)} LIMIT 1',
    params: { ids },
    settings: { max_threads: 1 },
    stopsEarly: true,
  };
  const { answers, missingShards } = await askShards(store, query, options);
  const found = await Promise.all(
    answers.map(async ({ shard, answer }) => ((await hasRows(answer)) ? [shard] : [])),
  );
  return { shards: found.flat(), missingShards };
}

async function hasRows(answer: Answer): Promise<boolean> {
  let rowCount = 0;
  for await (const rows of answer) rowCount += rows.length;
  return rowCount > 0;
}
