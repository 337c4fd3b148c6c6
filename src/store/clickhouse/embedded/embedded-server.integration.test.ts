import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestStore, type TestStore } from '../../testing/test-store.js';

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

  it('has its query log also after a restart', async () => {
    expect(await logsQueries()).toEqual([{ any: 1 }]);
    await testStore.stopShard(0);
    await testStore.startShard(0);
    expect(await logsQueries()).toEqual([{ any: 1 }]);
  });
});
