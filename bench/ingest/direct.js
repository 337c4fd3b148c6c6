import { runOf } from '../../dist/engine/model/record-run.js';
import { createChunkStore } from '../../dist/store/write/chunk-store.js';
import { START_MS, toMessage } from './event.js';

const FILLED_TABLES = ['events', 'traffic_1m', 'sessions_1m', 'metrics_1m'];

const WARM_UP_RECORDS = 20_000;
const WARM_UP_CHUNKS = 12;

/** What a server does for the first time it does slowly: whoever came first would look worse. */
export async function warmUp(context) {
  const records = Array.from({ length: WARM_UP_RECORDS }, (_, index) => ({
    ...{ offset: BigInt(index), timestampMs: START_MS, headers: undefined },
    ...{ key: null, value: Buffer.from(toMessage(index).value) },
  }));
  const runs = [rowsReady(records)];
  const chunks = Array.from({ length: WARM_UP_CHUNKS }, (_, index) => ({
    ...{
      topic: 'warm-up',
      epoch: 1,
      partition: index,
      shard: index % context.testStore.store.shardCount,
      runs,
    },
    ...{ first: 0n, last: BigInt(WARM_UP_RECORDS - 1) },
  }));
  await insert(context, chunks);
}

/** Who comes next starts with empty tables, and does not merge what came before. */
export async function emptyTables({ testStore: { store } }) {
  for (let index = 0; index < store.shardCount; index += 1) {
    const client = await store.shard(index);
    for (const table of FILLED_TABLES)
      await client.command({ query: `TRUNCATE TABLE atbd.${table}_local SYNC` });
  }
}

/** Encoded beforehand, so that the direct insert is nothing but the insert. */
export function rowsReady(records) {
  const rows = runOf(records).rows();
  return { recordCount: records.length, rows: () => rows };
}

/** One insert at a time per partition, as the worker does. */
export async function insert(context, chunks) {
  const store = createChunkStore(context.testStore.store);
  const lanes = Map.groupBy
    ? Map.groupBy(chunks, ({ partition }) => partition)
    : chunks.reduce(
        (map, chunk) => map.set(chunk.partition, [...(map.get(chunk.partition) ?? []), chunk]),
        new Map(),
      );
  await Promise.all(
    [...lanes.values()].map(async (lane) => {
      for (const chunk of lane) await store.writeChunk(chunk, new AbortController().signal);
    }),
  );
}
