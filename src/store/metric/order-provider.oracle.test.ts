import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMatch } from '../../engine/filter/create-match.js';
import { parseFilter } from '../../engine/filter/filter.js';
import { compileJourneys, SHOP_JOURNEYS } from '../../engine/journey/journeys.js';
import { MATCH_ALL } from '../../engine/model/filter.js';
import { createRandom } from '../../engine/model/random.js';
import { makeAttemptCases, pick, storeAttemptCases } from '../journey/testing/attempt-cases.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { writeEvents } from '../testing/write-events.js';
import { transactions } from './metrics.js';
import { readFigures } from './read-figures.js';
import { createGiveProvider } from './testing/recount-provider.js';

const SEED_COUNT = Number(process.env['ATBD_ORACLE_SEEDS'] ?? 200);

/** Attempts of few orders at few moments, so that many are at the same one, and facts that name no provider. */
const cases = makeAttemptCases(Array.from({ length: SEED_COUNT }, (_, index) => 1 + index));
const journeys = compileJourneys(SHOP_JOURNEYS);
const give = createGiveProvider(
  cases.flatMap(({ events }) => events),
  journeys,
);
const FILTERS = [MATCH_ALL, MATCH_ALL, parseFilter({ anyOf: { provider: ['acme', ''] } })];

describe.each([1, 3])('the provider of an order on %i shards', (shardCount) => {
  let testStore: TestStore;
  let stored: Awaited<ReturnType<typeof storeAttemptCases>>;
  beforeAll(async () => {
    testStore = await startTestStore({ shardCount });
    stored = await storeAttemptCases(testStore.store, cases);
  });
  afterAll(async () => {
    await testStore[Symbol.asyncDispose]();
  });

  it(`is that of the attempt that succeeded, else of the last one, for ${SEED_COUNT} seeds`, async () => {
    const isFact = createMatch(journeys.transactions);
    const seen: Record<string, number> = {};
    for (const { seed, beginNs, events } of cases) {
      const random = createRandom(seed);
      const range = { fromNs: beginNs - 1n, toNs: pick(events, random).tsNs + 1n };
      const filter = pick(FILTERS, random);
      const { rows } = await readFigures(
        testStore.store,
        {
          metric: transactions(journeys),
          range,
          buckets: null,
          by: ['provider'],
          filter,
          limit: 100,
        },
        { requireAll: true },
      );
      const wanted: Record<string, number> = {};
      for (const one of stored) {
        if (!isFact(one.event) || one.tsNs < range.fromNs || one.tsNs >= range.toNs) continue;
        const { event } = give(one, range);
        if (!createMatch(filter)(event)) continue;
        const provider = event.provider ?? '';
        wanted[provider] = (wanted[provider] ?? 0) + 1;
        seen[provider] = (seen[provider] ?? 0) + 1;
      }
      const counted = rows.map((row) => [row['provider'], row['transactions']]);
      expect(Object.fromEntries(counted), `seed ${seed}`).toEqual(wanted);
    }
    for (const provider of ['', 'acme', 'paybridge'])
      expect(seen[provider], provider).toBeGreaterThan(SEED_COUNT / 20);
  }, 600_000);

  it('is looked for a week before the range and a day after it, and a fact that names one keeps it', async () => {
    const day = (days: number) => new Date(Date.UTC(2026, 8, 10 + days)).toISOString();
    const attempt = (order_id: string, days: number) => ({
      ...{ ts: day(days), service: 'payment', type: 'payment.attempt', status: 'ok' },
      ...{ order_id, provider: `${order_id}-pay` },
    });
    const paid = (order_id: string, fields = {}) => ({
      ...{ ts: day(0), service: 'order', type: 'order.paid', status: 'paid', order_id },
      ...fields,
    });
    await writeEvents(
      testStore.store,
      [
        ...[attempt('a', -7), attempt('b', -7.001), attempt('c', 1.9), attempt('d', 2)],
        ...[attempt('e', 0), paid('a'), paid('b'), paid('c'), paid('d')],
        paid('e', { provider: 'own' }),
      ],
      { topic: 'edges' },
    );
    const toNs = BigInt(Date.parse(day(1))) * 1_000_000n;
    const { rows } = await readFigures(
      testStore.store,
      {
        metric: transactions(journeys),
        range: { fromNs: BigInt(Date.parse(day(0))) * 1_000_000n, toNs },
        buckets: null,
        by: ['provider'],
        filter: MATCH_ALL,
        limit: 100,
      },
      { requireAll: true },
    );
    expect(rows.map((row) => [row['provider'], row['transactions']])).toEqual([
      ['', 2],
      ['a-pay', 1],
      ['c-pay', 1],
      ['own', 1],
    ]);
  });
});
