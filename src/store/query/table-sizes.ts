import { z } from 'zod';
import type { Store } from '../clickhouse/store.js';

/** A table over all shards that answered; its name without `_local`, as questions say it. */
export interface TableSize {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
}

export interface TableSizes {
  /** The largest first; tables that keep nothing are left out. */
  readonly tables: readonly TableSize[];
  /** Shards (index from 0) that did not answer before the signal. */
  readonly missingShards: readonly number[];
}

const rowSchema = z.object({
  name: z.string(),
  rows: z.coerce.number(),
  bytes: z.coerce.number(),
});

/** More tables than this are not ours. */
const TABLES_MAX = 1000;

/** What each table takes on the disk. Asks every shard by itself, so one that is away costs only its own part. */
export async function readTableSizes(store: Store, signal: AbortSignal): Promise<TableSizes> {
  const answers = await Promise.allSettled(
    Array.from({ length: store.shardCount }, (_, shard) => sizesOnShard(store, shard, signal)),
  );
  const total = new Map<string, TableSize>();
  for (const answer of answers) {
    if (answer.status === 'rejected') continue;
    for (const { name, rows, bytes } of answer.value) {
      const known = total.get(name);
      const sum = { rows: rows + (known?.rows ?? 0), bytes: bytes + (known?.bytes ?? 0) };
      total.set(name, { name, ...sum });
    }
  }
  return {
    tables: [...total.values()].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1)),
    missingShards: answers.flatMap(({ status }, shard) => (status === 'rejected' ? [shard] : [])),
  };
}

async function sizesOnShard(
  store: Store,
  shard: number,
  signal: AbortSignal,
): Promise<TableSize[]> {
  const client = await store.shard(shard);
  const answer = await client.query({
    query: `
      SELECT replaceRegexpOne(table, '_local$', '') AS name, sum(rows) AS rows, sum(bytes_on_disk) AS bytes
      FROM system.parts
      WHERE active AND database = {database:String}
      GROUP BY name ORDER BY name LIMIT {limit:UInt32}`,
    query_params: { database: store.database, limit: TABLES_MAX },
    format: 'JSONEachRow',
    abort_signal: signal,
  });
  return (await answer.json()).map((row) => rowSchema.parse(row));
}
