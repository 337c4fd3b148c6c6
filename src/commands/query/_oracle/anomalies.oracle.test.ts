import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byScore, type Anomaly } from '../../../engine/anomaly/anomaly.js';
import { findMultitudes } from '../../../engine/anomaly/multitude.js';
import { findRefunders } from '../../../engine/anomaly/refunds.js';
import { findUnusual, type SeasonVerdict, type Series } from '../../../engine/anomaly/seasonal.js';
import { createMatch } from '../../../engine/filter/create-match.js';
import { parseFilter } from '../../../engine/filter/filter.js';
import { compileJourneys, SHOP_JOURNEYS } from '../../../engine/journey/journeys.js';
import { MATCH_ALL } from '../../../engine/model/filter.js';
import { bucketsOf } from '../../../engine/question/buckets.js';
import { parseZone } from '../../../engine/time/zone.js';
import { readOperationCounts } from '../../../store/anomaly/operation-counts.js';
import { readUserOrders } from '../../../store/anomaly/user-orders.js';
import { readWatchedSeries } from '../../../store/anomaly/watched-series.js';
import { startTestStore, type TestStore } from '../../../store/testing/test-store.js';
import { readAnomalies, type AnomalySearch } from '../_anomalies/read-anomalies.js';
import { recountOperations, recountOrders } from '../_anomalies/testing/recount-people.js';
import { SeriesRecount, type RecountedSeries } from '../_anomalies/testing/recount-series.js';
import {
  storeShopCases,
  type OracleEvent,
  type ShopCase,
} from '../_question/testing/shop-cases.js';

const SEED_COUNT = Number(process.env['ATBD_ORACLE_SEEDS'] ?? 200);
const FIRST_SEED = 5_000;
const WINDOW_MS = 300_000;
const EVERY_MS = 900_000;
const DAY_MS = 86_400_000;
const NS_PER_MS = 1_000_000n;

const journeys = compileJourneys(SHOP_JOURNEYS);
const zone = parseZone('UTC');
const FILTERS = [
  MATCH_ALL,
  MATCH_ALL,
  parseFilter({ anyOf: { service: ['payment', 'order', 'gateway'] } }),
] as const;

/**
 * Every seed asks about its own hours; where there is a history, those of the seeds before are it: other shops. Weeks of it take
 * long to recount, so only some have one; to the others everything is new.
 */
function searchOf({ range }: ShopCase, index: number): AnomalySearch {
  const filter = FILTERS[index % FILTERS.length]!;
  const historyMs = index % 10 === 9 ? 5 * DAY_MS : 0;
  return { range, filter, journeys, zone, everyMs: EVERY_MS, historyMs };
}

function bucketsFor({ range, historyMs }: AnomalySearch) {
  return bucketsOf(
    { fromNs: range.fromNs - BigInt(historyMs) * NS_PER_MS, toNs: range.toNs },
    EVERY_MS,
    zone,
  );
}

function inWindows(search: AnomalySearch) {
  return { ...search, windowMs: WINDOW_MS };
}

type People = ReturnType<typeof recountPeople>;

function recountPeople(events: readonly OracleEvent[], { filter, range }: AnomalySearch) {
  const isWanted = createMatch(filter);
  const asked = events.filter(
    ({ event, tsNs }) => tsNs >= range.fromNs && tsNs < range.toNs && isWanted(event),
  );
  return {
    actions: recountOperations(asked, { windowMs: WINDOW_MS }),
    orders: recountOrders(asked, journeys),
  };
}

function judgePeople({ actions, orders }: People): Anomaly[] {
  return [
    ...findMultitudes(actions.largest, actions.frequencies, { windowMs: WINDOW_MS }),
    ...findRefunders(orders.users, orders.all),
  ];
}

/** The same rows, in whatever order. */
function expectSame(seen: object, wanted: object, where: string): void {
  const told = new Map(Object.entries(seen));
  for (const [name, value] of Object.entries(wanted))
    expect(inOrder(told.get(name)), `${where} ${name}`).toEqual(inOrder(value));
}

function inOrder(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const texts = value.map((row: Record<string, unknown>) =>
    JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );
  return texts.toSorted();
}

/** Counts are equal; a p95 lies within 1 % of one of the ranks beside it. */
function expectSeries(seen: readonly Series[], wanted: readonly RecountedSeries[]): void {
  const byName = new Map(seen.map((one) => [`${one.what} of ${one.who}`, one]));
  expect([...byName.keys()].toSorted()).toEqual(
    wanted.map(({ what, who }) => `${what} of ${who}`).toSorted(),
  );
  for (const { what, who, kind, values } of wanted) {
    const one = byName.get(`${what} of ${who}`)!;
    expect(one.kind).toBe(kind);
    if (kind === 'count') expect(one.values, `${what} of ${who}`).toEqual(values);
    else
      for (const [index, value] of values.entries())
        expectP95(one.values[index]!, value as number[]);
  }
}

function expectP95(seen: number | null, sorted: readonly number[]): void {
  if (sorted.length === 0) {
    expect(seen).toBeNull();
    return;
  }
  const at = Math.floor(0.95 * sorted.length);
  const near = [sorted[at - 1]!, sorted[at]!];
  const isNear = near.some((exact) => Math.abs((seen ?? NaN) - exact) <= 0.01 * exact);
  expect(isNear, `p95 ${String(seen)} near ${near.join(' and ')}`).toBe(true);
}

describe.each([1, 3])('anomalies on %i shards', (shardCount) => {
  let testStore: TestStore;
  let cases: readonly ShopCase[];
  let recounts: ReadonlyMap<unknown, SeriesRecount>;
  beforeAll(async () => {
    testStore = await startTestStore({ shardCount });
    cases = await storeShopCases(
      testStore.store,
      Array.from({ length: SEED_COUNT }, (_, index) => FIRST_SEED + index),
    );
    const events = cases.flatMap((one) => one.events);
    recounts = new Map(
      FILTERS.map((filter) => [
        filter,
        new SeriesRecount(events, { everyMs: EVERY_MS, journeys, filter }),
      ]),
    );
  }, 600_000);
  afterAll(async () => {
    await testStore[Symbol.asyncDispose]();
  });

  function judge(series: readonly Series[], search: AnomalySearch): SeasonVerdict {
    const { startsMs } = bucketsFor(search);
    const judgedFromMs = Number(search.range.fromNs / NS_PER_MS);
    return findUnusual(series, { startsMs, everyMs: EVERY_MS, judgedFromMs, offsetMsAt: () => 0 });
  }

  it(`are what a recount of the events gives, for ${SEED_COUNT} seeds`, async () => {
    const kinds: Record<string, number> = {};
    // One after the other: each asks a dozen questions at once.
    for (const [index, one] of cases.entries()) {
      const search = searchOf(one, index);
      const buckets = bucketsFor(search);
      // Of the others all series are new: their number is enough.
      const isRead = search.historyMs > 0 || index % 4 === 0;
      const { store } = testStore;
      const [answer, read, actions, orders] = await Promise.all([
        readAnomalies(store, search, { requireAll: true }),
        isRead ? readWatchedSeries(store, { ...search, buckets }, { requireAll: true }) : null,
        isRead ? readOperationCounts(store, inWindows(search), { requireAll: true }) : null,
        isRead ? readUserOrders(store, search, { requireAll: true }) : null,
      ]);
      const where = `seed ${one.seed}`;
      const recounted = recounts.get(search.filter)!.in(buckets);
      const people = recountPeople(one.events, search);
      if (read !== null) expectSeries(read.series, recounted);
      if (actions !== null) expectSame(actions, people.actions, where);
      if (orders !== null) expectSame(orders, people.orders, where);
      // The series were held against the events: a p95 is near, not equal, so it is judged as the store has it.
      const verdict =
        read === null ? { anomalies: [], warmingUp: recounted.length } : judge(read.series, search);
      const wanted = [...judgePeople(people), ...verdict.anomalies].toSorted(byScore);
      expect(answer.anomalies, where).toEqual(wanted);
      expect(answer.warmingUp, where).toBe(verdict.warmingUp);
      expect(answer.unwatched, where).toEqual([]);
      for (const { kind } of wanted) kinds[kind] = (kinds[kind] ?? 0) + 1;
    }
    // The seeds make enough of each kind to be worth comparing.
    for (const kind of ['multitude', 'refunds', 'series'])
      expect(kinds[kind], kind).toBeGreaterThan(SEED_COUNT / 20);
  }, 600_000);
});
