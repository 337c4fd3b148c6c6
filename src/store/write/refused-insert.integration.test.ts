import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Chunk } from '../../engine/model/chunk.js';
import { BACKFILL_HEADER } from '../../engine/model/limit.js';
import { runOf } from '../../engine/model/record-run.js';
import { openStore, type Store } from '../clickhouse/store.js';
import { differencesOfRollups } from '../testing/recount-rollups.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { createChunkStore } from './chunk-store.js';

const RECORD_COUNT = 2_000;
/** Above the hundred that ClickHouse lets one insert write unless it is told otherwise. */
const DAY_COUNT = 300;
const DAY_MS = 86_400_000;
const QUEUE_TIME_MS = Date.UTC(2026, 10, 23, 12);
const signal = new AbortController().signal;

let testStore: TestStore;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 1 });
});
afterAll(async () => {
  await testStore[Symbol.asyncDispose]();
});

/** Events of so many days, and a dead letter. */
function chunkOf(topic: string, dayCount = 2): Chunk {
  const records = Array.from({ length: RECORD_COUNT }, (_, at) => {
    const ts = new Date(QUEUE_TIME_MS - (at % dayCount) * DAY_MS).toISOString();
    const event = { ts, kind: 'log', level: 'info', service: 's', message: `number ${at}` };
    return {
      offset: BigInt(at),
      timestampMs: QUEUE_TIME_MS,
      key: null,
      value: Buffer.from(at === 7 ? 'no json' : JSON.stringify(event)),
      headers: { [BACKFILL_HEADER]: '1' },
    };
  });
  const last = BigInt(RECORD_COUNT - 1);
  return { topic, epoch: 1, partition: 0, first: 0n, last, shard: 0, runs: [runOf(records)] };
}

async function command(query: string): Promise<void> {
  await (await testStore.store.shard(0)).command({ query });
}

async function expectStoredOnce(topic: string, dayCount = 2): Promise<void> {
  const client = await testStore.store.shard(0);
  const answer = await client.query({
    query: `SELECT toUInt32((SELECT count() FROM events WHERE topic = {topic:String})) AS events,
      toUInt32((SELECT uniqExact(toDate(ts)) FROM events WHERE topic = {topic:String})) AS days,
      toUInt32((SELECT count() FROM dead_letters WHERE topic = {topic:String})) AS dead,
      toUInt32((SELECT count() FROM ledger WHERE topic = {topic:String})) AS lines`,
    query_params: { topic },
    format: 'JSONEachRow',
  });
  expect(await answer.json()).toEqual([
    { events: RECORD_COUNT - 1, days: dayCount, dead: 1, lines: 1 },
  ]);
  expect(await differencesOfRollups(testStore.store)).toEqual([]);
}

/** The same store for a worker whose every statement has this limit. */
function storeWith(settings: Readonly<Record<string, string>>): Store {
  const { connection, store } = testStore;
  const client = createClient({
    url: connection.shards[0]!.url,
    ...{ username: connection.username, password: connection.password },
    ...{ database: connection.database, clickhouse_settings: settings },
  });
  return { ...store, shard: () => Promise.resolve(client) };
}

/** Settings of one of the tables that an insert fills, which make it refuse. */
const REFUSALS = [
  [
    'too many parts (252)',
    'parts_to_throw_insert = 1, parts_to_delay_insert = 1',
    'Too many parts',
  ],
  [
    'a full disk (243)',
    "min_free_disk_bytes_to_perform_insert = '1000000000000000'",
    'enough free space',
  ],
] as const;

describe('an insert that the server refuses', () => {
  it.each(REFUSALS)(
    'because of %s is stored once when it comes again',
    async (name, settings, said) => {
      const store = createChunkStore(testStore.store);
      // A part must be there before there can be too many.
      await store.writeChunk(chunkOf(`${name} before`), signal);
      const settingNames = settings.split(',').map((each) => each.split('=')[0]!.trim());
      for (const table of ['events_local', 'ledger_local', 'traffic_1m_local']) {
        const topic = `${name} ${table}`;
        await command(`ALTER TABLE atbd.${table} MODIFY SETTING ${settings}`);
        for (let attempt = 0; attempt < 2; attempt += 1) {
          await expect(store.writeChunk(chunkOf(topic), signal)).rejects.toMatchObject({
            code: 'CLICKHOUSE_BUSY',
            isRetryable: true,
            cause: { message: expect.stringContaining(said) as string },
          });
        }
        await command(`ALTER TABLE atbd.${table} RESET SETTING ${settingNames.join(', ')}`);
        await store.writeChunk(chunkOf(topic), signal);
        await store.writeChunk(chunkOf(topic), signal);
        await expectStoredOnce(topic);
      }
    },
  );

  it('because it needs too much memory (241) is stored once when there is more', async () => {
    const poor = createChunkStore(storeWith({ max_memory_usage: '3000000' }));
    await expect(poor.writeChunk(chunkOf('memory'), signal)).rejects.toMatchObject({
      code: 'CLICKHOUSE_BUSY',
      isRetryable: true,
    });
    await createChunkStore(testStore.store).writeChunk(chunkOf('memory'), signal);
    await expectStoredOnce('memory');
  });

  it('because its user may only read (164, 497) is stored once when it may write', async () => {
    await using reader = openStore(testStore.reader);
    await expect(
      createChunkStore(reader).writeChunk(chunkOf('read-only'), signal),
    ).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await createChunkStore(testStore.store).writeChunk(chunkOf('read-only'), signal);
    await expectStoredOnce('read-only');
  });
});

it('stores a chunk of more days than ClickHouse likes, once', async () => {
  const store = createChunkStore(testStore.store);
  await store.writeChunk(chunkOf('days', DAY_COUNT), signal);
  await store.writeChunk(chunkOf('days', DAY_COUNT), signal);
  await expectStoredOnce('days', DAY_COUNT);
});
