import { totalmem } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestStore, type TestStore } from '../../testing/test-store.js';

const GB = 1024 ** 3;

/** ClickHouse's code. */
const MEMORY_LIMIT_EXCEEDED = '241';

let testStore: TestStore;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 1 });
});
afterAll(() => testStore[Symbol.asyncDispose]());

async function ask(query: string): Promise<unknown[]> {
  const client = await testStore.store.shard(0);
  return (await client.query({ query, format: 'JSONEachRow' })).json();
}

/** Whether the server keeps a log of its queries, this one included. */
async function logsQueries(): Promise<unknown[]> {
  await ask('SELECT 1');
  await (await testStore.store.shard(0)).command({ query: 'SYSTEM FLUSH LOGS query_log' });
  return ask('SELECT count() > 0 AS any FROM system.query_log');
}

describe('the embedded server', () => {
  it('brings what it confirms to the disk, for a power cut', async () => {
    const settings = await ask(
      "SELECT name, value FROM system.merge_tree_settings WHERE name IN ('fsync_after_insert', 'fsync_part_directory') ORDER BY name",
    );
    expect(settings).toEqual([
      { name: 'fsync_after_insert', value: '1' },
      { name: 'fsync_part_directory', value: '1' },
    ]);
  });

  it('has a limit of memory, a share of the machine, and keeps it', async () => {
    const [setting] = (await ask(
      "SELECT toUInt64(value) AS bytes FROM system.server_settings WHERE name = 'max_server_memory_usage'",
    )) as { bytes: string | number }[];
    const bytes = Number(setting?.bytes);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(Math.max(totalmem() / 2, GB));
    // 800 GB in one piece, so that the server refuses before it takes any of it.
    const greedy = ask(
      'SELECT length(range(100000000000)) AS n SETTINGS function_range_max_elements_in_block = 200000000000, max_memory_usage = 0',
    );
    await expect(greedy).rejects.toMatchObject({
      code: MEMORY_LIMIT_EXCEEDED,
      message: expect.stringContaining('(total) memory limit exceeded') as string,
    });
  });

  it('has its query log also after a restart', async () => {
    expect(await logsQueries()).toEqual([{ any: 1 }]);
    await testStore.stopShard(0);
    await testStore.startShard(0);
    expect(await logsQueries()).toEqual([{ any: 1 }]);
  });
});
