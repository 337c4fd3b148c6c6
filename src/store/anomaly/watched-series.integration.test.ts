import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileJourneys, SHOP_JOURNEYS } from '../../engine/journey/journeys.js';
import { MATCH_ALL } from '../../engine/model/filter.js';
import type { Journeys, Where } from '../../engine/model/question/journeys.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { writeEvents } from '../testing/write-events.js';
import { readWatchedSeries } from './watched-series.js';

const FROM_MS = Date.UTC(2026, 10, 20, 10);
const HOUR_MS = 3_600_000;

/** In the first hour 120 looks and 100 purchases, and 99 of each other kind; in the second 100 looks. */
function requests(): Record<string, unknown>[] {
  const request = (minute: number, operation: string, ms: number) => ({
    ts: new Date(FROM_MS + minute * 60_000).toISOString(),
    ...{ service: 'gateway', kind: 'span', type: 'request', operation, duration_ms: ms },
  });
  const many = (count: number, one: () => Record<string, unknown>) =>
    Array.from({ length: count }, one);
  return [
    ...many(120, () => request(5, 'view', 8)),
    ...many(100, () => request(6, 'buy', 512)),
    ...many(99, () => request(7, 'refund', 64)),
    ...many(99, () => request(8, '', 16)),
    ...many(100, () => request(65, 'view', 32)),
  ];
}

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
  await writeEvents(testStore.store, requests(), { topic: 'requests' });
});
afterAll(async () => {
  await testStore[Symbol.asyncDispose]();
});

async function seriesOf(journeys: Journeys, isMeant: (what: string) => boolean) {
  const startsMs = [FROM_MS, FROM_MS + HOUR_MS];
  const buckets = { startsMs, endMs: FROM_MS + 2 * HOUR_MS, everyMs: HOUR_MS };
  const asked = { journeys, buckets, filter: MATCH_ALL };
  const { series } = await readWatchedSeries(testStore.store, asked, { requireAll: true });
  return series
    .filter(({ what }) => isMeant(what))
    .map(({ what, who, values }) => [what, who, values]);
}

function attemptSeries(where: Where, okStatuses: readonly string[]) {
  const attempts = { ...SHOP_JOURNEYS.attempts, where, okStatuses };
  const journeys = compileJourneys({ ...SHOP_JOURNEYS, attempts });
  return seriesOf(journeys, (what) => what.endsWith('attempts'));
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

it('watches the p95 of each operation apart, where there are enough requests for one', async () => {
  const isP95 = (what: string) => what.startsWith('p95');
  expect(await seriesOf(compileJourneys(SHOP_JOURNEYS), isP95)).toEqual([
    ['p95 of buy requests (ms)', 'gateway', [512, null]],
    ['p95 of view requests (ms)', 'gateway', [8, 32]],
  ]);
});
