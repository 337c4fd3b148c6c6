import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { writeEvents } from '../testing/write-events.js';
import { readTableSizes } from './table-sizes.js';

let testStore: TestStore;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 2 });
});
afterAll(() => testStore[Symbol.asyncDispose]());

const events = [{ ts: '2026-11-22T10:00:00Z', message: 'x'.repeat(5_000) }, { user_id: 'u' }];

it('adds up what a table takes over all shards, and names those that are away', async () => {
  await writeEvents(testStore.store, events, { topic: 'sizes' });
  await writeEvents(testStore.store, events, { topic: 'sizes', partition: 1, shard: 1 });
  const sizes = () => readTableSizes(testStore.store, AbortSignal.timeout(30_000));
  const whole = await sizes();
  const events4 = whole.tables.find(({ name }) => name === 'events');
  expect(events4).toEqual({ name: 'events', rows: 4, bytes: expect.any(Number) as number });
  expect(whole.tables.map(({ name }) => name)).toContain('traffic_1m');
  expect(whole.tables.map(({ bytes }) => bytes)).toEqual(
    whole.tables.map(({ bytes }) => bytes).toSorted((a, b) => b - a),
  );
  expect(whole.missingShards).toEqual([]);

  await testStore.stopShard(1);
  const { tables, missingShards } = await sizes();
  expect(missingShards).toEqual([1]);
  expect(tables.find(({ name }) => name === 'events')).toMatchObject({ rows: 2 });
});
