import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Chunk } from '../../../engine/model/chunk.js';
import { runOf } from '../../../engine/model/record-run.js';
import { openStore, type Store } from '../../clickhouse/store.js';
import { differencesOfRollups } from '../../testing/recount-rollups.js';
import { startTestStore, type TestStore } from '../../testing/test-store.js';
import { createChunkStore } from '../../write/chunk-store.js';
import { migrate, pendingMigrations } from '../migrate.js';
import { takeMigrationTurn } from './migration-turn.js';

/** Makes three views anew. */
const NEWEST = '0007_number_the_events_of_a_record.sql';
const RECORD_COUNT = 50;
const QUEUE_TIME_MS = Date.UTC(2026, 10, 23, 12);
const signal = new AbortController().signal;

let testStore: TestStore;
let store: Store;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 1 });
  ({ store } = testStore);
});
afterAll(() => testStore[Symbol.asyncDispose]());

async function command(query: string, settings = {}): Promise<void> {
  const client = await store.shard(0);
  await client.command({
    query,
    clickhouse_settings: settings,
    http_headers: { 'X-ClickHouse-Database': 'default' },
  });
}

async function rowsOf(query: string): Promise<unknown[]> {
  const answer = await (await store.shard(0)).query({ query, format: 'JSONEachRow' });
  return answer.json();
}

const forgetNewest = (): Promise<void> =>
  command(`DELETE FROM atbd.migrations WHERE name = '${NEWEST}'`);

const event = {
  ts: '2026-11-23T12:00:00Z',
  kind: 'span',
  service: 's',
  user_id: 'u',
  session_id: 'x',
};

function chunkOf(topic: string, index: number): Chunk {
  const first = BigInt(index * RECORD_COUNT);
  const records = Array.from({ length: RECORD_COUNT }, (_, at) => ({
    offset: first + BigInt(at),
    timestampMs: QUEUE_TIME_MS,
    key: null,
    value: Buffer.from(at === 7 ? 'no json' : JSON.stringify(event)),
    headers: undefined,
  }));
  const last = first + BigInt(RECORD_COUNT - 1);
  return { topic, epoch: 1, partition: 0, first, last, shard: 0, runs: [runOf(records)] };
}

/** Inserts as a worker does until `isOver`: one chunk after the other, each until it is taken. Returns how many were, and what refused them. */
async function insertUntil(
  topic: string,
  isOver: () => boolean,
): Promise<{ readonly chunkCount: number; readonly refusals: Set<string> }> {
  const chunks = createChunkStore(store);
  const refusals = new Set<string>();
  let chunkCount = 0;
  while (!isOver() || chunkCount === 0) {
    try {
      await chunks.writeChunk(chunkOf(topic, chunkCount), signal);
      chunkCount += 1;
    } catch (error) {
      refusals.add((error as { code: string }).code);
    }
  }
  return { chunkCount, refusals };
}

async function expectWhole(topic: string, chunkCount: number): Promise<void> {
  const where = `WHERE topic = '${topic}'`;
  expect(
    await rowsOf(`SELECT toUInt32((SELECT count() FROM events ${where})) AS events,
      toUInt32((SELECT count() FROM dead_letters ${where})) AS dead,
      toUInt32((SELECT count() FROM ledger ${where})) AS lines`),
  ).toEqual([{ events: chunkCount * (RECORD_COUNT - 1), dead: chunkCount, lines: chunkCount }]);
  expect(await differencesOfRollups(store)).toEqual([]);
}

describe('a change of the schema beside inserts', () => {
  it('loses nothing of what several workers insert all the while', async () => {
    let isOver = false;
    const inserted = ['a', 'b', 'c'].map(async (topic) => {
      const { chunkCount, refusals } = await insertUntil(topic, () => isOver);
      return { topic, chunkCount, refusals };
    });
    for (let round = 0; round < 2; round += 1) {
      await forgetNewest();
      expect(await migrate(store)).toEqual([{ shard: 0, name: NEWEST }]);
    }
    isOver = true;
    for (const { topic, chunkCount, refusals } of await Promise.all(inserted)) {
      expect([...refusals]).toEqual(['CLICKHOUSE_BUSY']);
      await expectWhole(topic, chunkCount);
    }
  });

  it('waits for an insert that is under way, and refuses what comes meanwhile', async () => {
    const slow = command(
      `INSERT INTO atbd.intake (offset, queue_time, is_backfill, reason, key, raw)
       SELECT number, toDateTime64('2026-11-23 12:00:00', 3, 'UTC'), 0, '', '', '${JSON.stringify(event)}'
       FROM numbers(10) WHERE sleepEachRow(0.2) = 0 SETTINGS max_block_size = 1`,
      { insert_deduplication_token: 'slow:e1:p0:0-9:s0' },
    );
    while (
      (await rowsOf(`SELECT 1 FROM system.processes WHERE query LIKE 'INSERT INTO atbd.intake%'`))
        .length === 0
    );
    await forgetNewest();
    const migrated = migrate(store).then(() => 'migrated');
    while ((await pendingMigrations(store)).closedShards.length === 0);
    await expect(
      createChunkStore(store).writeChunk(chunkOf('meanwhile', 0), signal),
    ).rejects.toMatchObject({
      code: 'CLICKHOUSE_BUSY',
      isRetryable: true,
      cause: { message: expect.stringContaining('inserts wait until atbd migrate') as string },
    });
    const first = await Promise.race([slow.then(() => 'inserted'), migrated]);
    expect(first).toBe('inserted');
    await migrated;
    expect(await rowsOf(`SELECT toUInt32(count()) AS n FROM events WHERE topic = 'slow'`)).toEqual([
      { n: 10 },
    ]);
    await createChunkStore(store).writeChunk(chunkOf('meanwhile', 0), signal);
    await expectWhole('meanwhile', 1);
  });

  it('takes no insert after one that was cut off, until it is run again', async () => {
    await createChunkStore(store).writeChunk(chunkOf('cut', 0), signal);
    await forgetNewest();
    await command('RENAME TABLE atbd.ledger TO atbd.ledger_away');
    await expect(migrate(store)).rejects.toMatchObject({ code: 'CLICKHOUSE_REFUSED' });
    const refused = { code: 'CLICKHOUSE_BUSY' };
    const chunks = createChunkStore(store);
    await expect(chunks.writeChunk(chunkOf('cut', 1), signal)).rejects.toMatchObject(refused);
    expect(await pendingMigrations(store)).toEqual({
      pending: [{ shard: 0, name: NEWEST }],
      closedShards: [0],
    });
    await command('RENAME TABLE atbd.ledger_away TO atbd.ledger');
    await migrate(store);
    expect(await pendingMigrations(store)).toEqual({ pending: [], closedShards: [] });
    // The one from before the change is known still, also after a restart.
    await testStore.stopShard(0);
    await testStore.startShard(0);
    for (const index of [0, 1]) await chunks.writeChunk(chunkOf('cut', index), signal);
    await expectWhole('cut', 2);
  });

  it('opens a shard that a migration left closed when all was applied', async () => {
    const { pending } = await pendingMigrations(store);
    expect(pending).toEqual([]);
    await command(
      `ALTER TABLE atbd.intake ADD COLUMN closed_for_migration UInt8 DEFAULT throwIf(1, 'inserts wait until atbd migrate')`,
    );
    expect(await migrate(store)).toEqual([]);
    await createChunkStore(store).writeChunk(chunkOf('left', 0), signal);
    await expectWhole('left', 1);
  });

  it('happens once when two begin it, and goes on when one that began it is gone', async () => {
    await using other = openStore(testStore.connection);
    await forgetNewest();
    const applied = await Promise.all([migrate(store), migrate(other)]);
    expect(applied.flat()).toEqual([{ shard: 0, name: NEWEST }]);

    await using dying = openStore(testStore.connection);
    using _turn = await takeMigrationTurn(await dying.shard(0));
    await forgetNewest();
    const migrated = migrate(store);
    await (await dying.shard(0)).close();
    expect(await migrated).toEqual([{ shard: 0, name: NEWEST }]);
  });

  it('is whole from the first insert on that a new store takes', async () => {
    await command('DROP DATABASE atbd SYNC');
    let isOver = false;
    const inserted = insertUntil('new', () => isOver);
    await migrate(store);
    isOver = true;
    const { chunkCount } = await inserted;
    await expectWhole('new', chunkCount);
  });
});
