import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFilter } from '../../../engine/filter/filter.js';
import { MATCH_ALL, type FieldRef, type Filter } from '../../../engine/model/filter.js';
import type { Answer } from '../../../engine/model/question/answer.js';
import { createRandom } from '../../../engine/model/random.js';
import { bucketsOf } from '../../../engine/question/buckets.js';
import { parseZone } from '../../../engine/time/zone.js';
import { openStore } from '../../../store/clickhouse/store.js';
import { readFieldValues } from '../../../store/discovery/field-values.js';
import { readFields } from '../../../store/discovery/fields.js';
import { newestEvents } from '../../../store/discovery/newest-events.js';
import { readServices } from '../../../store/discovery/services.js';
import { readFacets } from '../../../store/search/facets.js';
import { readHistogram } from '../../../store/search/histogram.js';
import { askAtOnce } from '../../../store/testing/at-once.js';
import { startTestStore, type TestStore } from '../../../store/testing/test-store.js';
import { hasOpenstack, OPENSTACK_RANGE, storeOpenstack } from '../_discovery/testing/openstack.js';
import {
  matchingEvents,
  recountFields,
  recountServices,
  recountValues,
} from '../_discovery/testing/recount.js';
import { recountFacets, recountHistogram } from '../_discovery/testing/recount-summary.js';
import {
  storeShopCases,
  type OracleEvent,
  type ShopCase,
} from '../_question/testing/shop-cases.js';

const SEED_COUNT = Number(process.env['ATBD_ORACLE_SEEDS'] ?? 200);
const LIMIT = 100_000;

const FILTERS: readonly Filter[] = [
  MATCH_ALL,
  MATCH_ALL,
  parseFilter({ anyOf: { service: ['payment', 'order'] } }),
  parseFilter({ levels: ['warn+'] }),
  parseFilter({ conditions: ['status!=ok', 'provider?'] }),
  parseFilter({ words: ['answered'] }),
  parseFilter({ anyOf: { service: ['nobody'] } }),
];
const FIELDS: readonly FieldRef[] = [
  ...(['service', 'level', 'user_id', 'op_id', 'message', 'attempt', 'amount'] as const).map(
    (name): FieldRef => ({ kind: 'field', name }),
  ),
  { kind: 'attr', key: 'version' },
  { kind: 'attr', key: "it's 100 %" },
];

const OPENSTACK_FIELDS: readonly FieldRef[] = (
  ['service', 'level', 'module', 'file', 'op_id', 'message', 'user_id'] as const
).map((name) => ({ kind: 'field', name }));

/** Rows without the columns that a recount leaves out. */
function rowsLike(answer: Answer, expected: readonly object[]): readonly object[] {
  return answer.rows.map((row, index) => {
    const names = Object.keys(expected[index] ?? row);
    return Object.fromEntries(names.map((name) => [name, row[name]]));
  });
}

describe.each([1, 3])('on %d shards', (shardCount) => {
  let testStore: TestStore;
  let cases: readonly ShopCase[];
  beforeAll(async () => {
    testStore = await startTestStore({ shardCount });
    cases = await storeShopCases(
      testStore.store,
      Array.from({ length: SEED_COUNT }, (_, index) => index + 1),
    );
  }, 600_000);
  afterAll(() => testStore[Symbol.asyncDispose]());

  it('fields, values and services of any shop are what counting its events one by one gives', async () => {
    await using store = openStore(testStore.reader);
    await askAtOnce(cases, async ({ seed, events, range }) => {
      const random = createRandom(seed);
      const pick = <T>(items: readonly T[]): T => items[random.integerBelow(items.length)]!;
      const [filter, field] = [pick(FILTERS), pick(FIELDS)];
      const asked = { range, filter, limit: LIMIT };
      const values = await readFieldValues(store, { ...asked, field }, {});
      const services = await readServices(store, asked, {});
      const fields = await readFields(store, { ...asked, prefix: '' }, {});
      return () => {
        const found = matchingEvents(events, asked);
        const told = `seed ${seed}, ${JSON.stringify({ filter, field })}`;
        expect(values.rows, told).toEqual(recountValues(found, field));
        expect(services.rows, told).toEqual(recountServices(found));
        const expected = recountFields(found);
        expect(rowsLike(fields, expected), told).toEqual(expected);
      };
    });
  }, 600_000);

  it('the histogram and the facets of a search in any shop are what counting its events one by one gives', async () => {
    await using store = openStore(testStore.reader);
    const zone = parseZone('Asia/Kathmandu');
    await askAtOnce(cases, async ({ seed, events, range }) => {
      const random = createRandom(seed);
      const pick = <T>(items: readonly T[]): T => items[random.integerBelow(items.length)]!;
      const filter = pick(FILTERS);
      const search = { filter, range: { ...range, arrivedSinceNs: null } };
      const buckets = bucketsOf(range, pick([1, 15, 60]) * 60_000, zone);
      const asked = { ...search, buckets, bounds: range, quietFromMs: null };
      const valuesMax = pick([1, 3, 1000]);
      const histogram = await readHistogram(store, asked, {});
      const quiet = await readHistogram(store, { ...asked, quietFromMs: 0 }, {});
      const facets = await readFacets(store, { ...search, fields: FIELDS, valuesMax }, {});
      return () => {
        const found = matchingEvents(events, { range, filter });
        const told = `seed ${seed}, ${JSON.stringify(filter)}`;
        expect(histogram.rows, told).toEqual(recountHistogram(found, buckets.startsMs));
        const last = quiet.rows.at(-1);
        if (last !== undefined) expect(last['events'], told).not.toBe(0);
        expect(facets.facets, told).toEqual(recountFacets(found, FIELDS, valuesMax));
        expect(facets.total, told).toBe(found.length);
      };
    });
  }, 600_000);

  it('a sample is the newest events', async () => {
    await using store = openStore(testStore.reader);
    const { events, range } = cases[0]!;
    const asked = { range, filter: MATCH_ALL };
    const times = events.map(({ tsNs }) => tsNs).toSorted((a, b) => (a < b ? 1 : -1));
    for (const count of [1, 10, times.length]) {
      const newest = await newestEvents(store, { ...asked, count }, {});
      expect(newest).toEqual({ fromNs: times[count - 1], toNs: range.toNs });
    }
    expect(await newestEvents(store, { ...asked, count: times.length + 1 }, {})).toBeNull();
  });

  describe.runIf(hasOpenstack)('of the OpenStack log', () => {
    const asked = { range: OPENSTACK_RANGE, filter: MATCH_ALL, limit: LIMIT };
    let events: OracleEvent[];
    beforeAll(async () => {
      events = await storeOpenstack(testStore.store);
    });

    it('fields, values and services are counted', async () => {
      await using store = openStore(testStore.reader);
      const found = matchingEvents(events, asked);
      expect(found).toHaveLength(2000);
      expect((await readServices(store, asked, {})).rows).toEqual(recountServices(found));
      const expected = recountFields(found);
      const fields = await readFields(store, { ...asked, prefix: '' }, {});
      expect(rowsLike(fields, expected)).toEqual(expected);
      for (const { field: name } of expected.slice(1)) {
        const text = name as string;
        const field: FieldRef = text.startsWith('attrs.')
          ? { kind: 'attr', key: text.slice('attrs.'.length) }
          : { kind: 'field', name: text as 'service' };
        const values = await readFieldValues(store, { ...asked, field }, {});
        expect(values.rows, text).toEqual(recountValues(found, field));
      }
    });

    it.each<[string, Filter, number]>([
      ['everything', MATCH_ALL, 2000],
      ['warnings', parseFilter({ levels: ['warn+'] }), 31],
      ['what a word finds', parseFilter({ words: ['terminating'] }), 22],
      ['one service', parseFilter({ anyOf: { service: ['nova-scheduler'] } }), 7],
    ])('the histogram and the facets of %s are counted', async (_, filter, count) => {
      await using store = openStore(testStore.reader);
      const { range } = asked;
      const found = matchingEvents(events, { range, filter });
      expect(found).toHaveLength(count);
      const search = { filter, range: { ...range, arrivedSinceNs: null } };
      for (const minutes of [1, 15, 180]) {
        const buckets = bucketsOf(range, minutes * 60_000, parseZone('Asia/Kathmandu'));
        const bounds = { buckets, bounds: range, quietFromMs: null };
        const { rows } = await readHistogram(store, { ...search, ...bounds }, {});
        expect(rows, `each ${minutes} minutes`).toEqual(recountHistogram(found, buckets.startsMs));
      }
      for (const valuesMax of [2, 3000]) {
        const fields = OPENSTACK_FIELDS;
        const { facets, total } = await readFacets(store, { ...search, fields, valuesMax }, {});
        expect(facets).toEqual(recountFacets(found, fields, valuesMax));
        expect(total).toBe(count);
      }
    });

    it('the levels and the services are those that grep counts', async () => {
      await using store = openStore(testStore.reader);
      const field: FieldRef = { kind: 'field', name: 'level' };
      const { rows } = await readFieldValues(store, { ...asked, field }, {});
      expect(rows.map(({ value, events: count }) => [value, count])).toEqual([
        ['info', 1969],
        ['warn', 31],
      ]);
    });
  });
});
