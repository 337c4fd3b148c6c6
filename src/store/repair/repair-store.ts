import type { RepairStore } from '../../engine/model/repair.js';
import type { Store } from '../clickhouse/store.js';
import { RepairSession } from './repair-session.js';
import { prepareShard, type ShardTexts, stageChunk } from './staged-chunk.js';

/** What a worker's insert is called (`write/chunk-store.ts`). */
const WORKER_INSERT = 'atbd:write_chunk';

/**
 * Opens the store for one repair, as the user that writes. `id` is a part of table names: some hexadecimal digits, another one each
 * time. What a killed repair left is cleared away first.
 */
export async function openRepairStore(
  store: Store,
  { id, signal }: { readonly id: string; readonly signal: AbortSignal },
): Promise<RepairStore> {
  const session = new RepairSession(store, id);
  await session.open(signal);
  const prepared = new Map<number, ShardTexts>();
  const textsOf = async (shard: number, stop: AbortSignal): Promise<ShardTexts> => {
    const texts = prepared.get(shard) ?? (await prepareShard(session, shard, stop));
    prepared.set(shard, texts);
    return texts;
  };
  return {
    async shardOf({ topic, partition }, stop) {
      const rows = await session.select<{ shard: number }>(
        0,
        {
          query: `SELECT shard FROM atbd.partition_shards
            WHERE topic = {topic:String} AND partition = {partition:UInt32} ORDER BY version DESC LIMIT 1`,
          params: { topic, partition },
        },
        stop,
      );
      return rows[0]?.shard;
    },
    async stage(chunk, stop) {
      const texts = await textsOf(chunk.shard, stop);
      return stageChunk(session, texts, { chunk, signal: stop });
    },
    untilInsertsEnd: (stop) => session.untilStatementsEnd(WORKER_INSERT, stop),
    rebuildFigures: (at, range, stop) => rebuildFigures(session, { ...at, ...range }, stop),
    [Symbol.asyncDispose]: () => session.close(),
  };
}

interface FiguresOfHour {
  readonly shard: number;
  readonly rollup: string;
  readonly from: number;
  readonly until: number;
}

/** Minutes of one day at most. Cut off between the two steps the figures are missing, and are made anew by the next repair. */
async function rebuildFigures(
  session: RepairSession,
  { shard, rollup, from, until }: FiguresOfHour,
  signal: AbortSignal,
): Promise<void> {
  const table = `${rollup}_local`;
  const staged = session.table(rollup);
  const params = { from, until };
  const events = `(SELECT * FROM atbd.events_local
    WHERE ts >= toDateTime({from:UInt32}, 'UTC') AND ts < toDateTime({until:UInt32}, 'UTC'))`;
  const text = await session.viewText(
    shard,
    { view: `events_to_${rollup}`, from: 'events_local', instead: events },
    signal,
  );
  await session.run(shard, { query: `DROP TABLE IF EXISTS ${staged}` }, signal);
  await session.run(shard, { query: `CREATE TABLE ${staged} AS atbd.${table}` }, signal);
  const columns = (await session.filledColumns(shard, table, signal)).join(', ');
  const fill = `INSERT INTO ${staged} (${columns}) SELECT ${columns} FROM (${text})`;
  await session.run(shard, { query: fill, params }, signal);
  await session.run(
    shard,
    {
      query: `ALTER TABLE atbd.${table} DELETE
        WHERE minute >= toDateTime({from:UInt32}, 'UTC') AND minute < toDateTime({until:UInt32}, 'UTC')`,
      params,
    },
    signal,
  );
  await session.attachAll(shard, { name: rollup, to: table }, signal);
}
