import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileJourneys, SHOP_JOURNEYS } from '../../engine/journey/journeys.js';
import { MATCH_ALL } from '../../engine/model/filter.js';
import type { Where } from '../../engine/model/question/journeys.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { writeEvents } from '../testing/write-events.js';
import { readWatchedSeries } from './watched-series.js';

const FROM_MS = Date.UTC(2026, 10, 20, 10);
const HOUR_MS = 3_600_000;

let testStore: TestStore;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 2 });
  const charge = (minute: number, status: string) => ({
    ts: new Date(FROM_MS + minute * 60_000).toISOString(),
    ...{ service: 'payment', kind: 'record', type: 'charge', provider: 'acme', status },
  });
  await writeEvents(
    testStore.store,
    [charge(1, 'done'), charge(2, 'declined'), charge(70, 'done')],
    { topic: 'events' },
  );
  await writeEvents(testStore.store, [{ ...charge(3, 'ok'), type: 'payment.attempt' }], {
    topic: 'events',
    ...{ partition: 1, shard: 1 },
  });
});
afterAll(async () => {
  await testStore[Symbol.asyncDispose]();
});

async function attemptSeries(where: Where, okStatuses: readonly string[]) {
  const attempts = { ...SHOP_JOURNEYS.attempts, where, okStatuses };
  const journeys = compileJourneys({ ...SHOP_JOURNEYS, attempts });
  const startsMs = [FROM_MS, FROM_MS + HOUR_MS];
  const buckets = { startsMs, endMs: FROM_MS + 2 * HOUR_MS, everyMs: HOUR_MS };
  const asked = { journeys, buckets, filter: MATCH_ALL };
  const { series } = await readWatchedSeries(testStore.store, asked, { requireAll: true });
  return series
    .filter(({ what }) => what.endsWith('attempts'))
    .map(({ what, who, values }) => [what, who, values]);
}

it('watches attempts, and those that failed, as journeys say what they are', async () => {
  expect(await attemptSeries({ type: 'charge' }, ['done'])).toEqual([
    ['attempts', 'acme', [2, 1]],
    ['failed attempts', 'acme', [1, 0]],
  ]);
  expect(await attemptSeries({ type: ['charge', 'payment.attempt'] }, ['ok', 'done'])).toEqual([
    ['attempts', 'acme', [3, 1]],
    ['failed attempts', 'acme', [1, 0]],
  ]);
});

it('watches no attempts that the roll-up cannot tell', async () => {
  expect(await attemptSeries({ 'attrs.channel': 'web' }, ['done'])).toEqual([]);
});
