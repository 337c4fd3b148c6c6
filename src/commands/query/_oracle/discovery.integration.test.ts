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
import { startTestStore, type TestStore } from '../../../store/testing/test-store.js';
import { writeEvents } from '../../../store/testing/write-events.js';
import { hasOpenstack, openstackEvents } from '../_discovery/testing/openstack.js';
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

const SEED_COUNT = 200;
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
    for (const { seed, events, range } of cases) {
      const random = createRandom(seed);
      const pick = <T>(items: readonly T[]): T => items[random.integerBelow(items.length)]!;
      const [filter, field] = [pick(FILTERS), pick(FIELDS)];
      const asked = { range, filter, limit: LIMIT };
      const found = matchingEvents(events, asked);
      const told = `seed ${seed}, ${JSON.stringify({ filter, field })}`;
      const values = await readFieldValues(store, { ...asked, field }, {});
      expect(values.rows, told).toEqual(recountValues(found, field));
      expect((await readServices(store, asked, {})).rows, told).toEqual(recountServices(found));
      // The dearest question: half of the seeds are asked on one shard, the other half on three.
      if (seed % 2 !== Number(shardCount === 1)) continue;
      const expected = recountFields(found);
      const fields = await readFields(store, { ...asked, prefix: '' }, {});
      expect(rowsLike(fields, expected), told).toEqual(expected);
    }
  }, 600_000);

  it('the histogram and the facets of a search in any shop are what counting its events one by one gives', async () => {
    await using store = openStore(testStore.reader);
    const zone = parseZone('Asia/Kathmandu');
    for (const { seed, events, range } of cases) {
      const random = createRandom(seed);
      const pick = <T>(items: readonly T[]): T => items[random.integerBelow(items.length)]!;
      const filter = pick(FILTERS);
      const found = matchingEvents(events, { range, filter });
      const told = `seed ${seed}, ${JSON.stringify(filter)}`;
      const search = { filter, range: { ...range, arrivedSinceNs: null } };
      const buckets = bucketsOf(range, pick([1, 15, 60]) * 60_000, zone);
      const asked = { ...search, buckets, bounds: range, quietFromMs: null };
      const histogram = await readHistogram(store, asked, {});
      expect(histogram.rows, told).toEqual(recountHistogram(found, buckets.startsMs));
      const quiet = await readHistogram(store, { ...asked, quietFromMs: 0 }, {});
      const last = quiet.rows.at(-1);
      if (last !== undefined) expect(last['events'], told).not.toBe(0);
      const valuesMax = pick([1, 3, 1000]);
      const facets = await readFacets(store, { ...search, fields: FIELDS, valuesMax }, {});
      expect(facets.facets, told).toEqual(recountFacets(found, FIELDS, valuesMax));
      expect(facets.total, told).toBe(found.length);
    }
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
    let events: Pick<OracleEvent, 'event' | 'tsNs'>[];
    const day = BigInt(Date.UTC(2017, 4, 16)) * 1_000_000n;
    const asked = {
      range: { fromNs: day, toNs: day + 86_400_000_000_000n },
      filter: MATCH_ALL,
      limit: LIMIT,
    };
    beforeAll(async () => {
      const read = await openstackEvents();
      events = read.map((event) => ({
        event,
        tsNs: BigInt(Date.parse(event.ts ?? '')) * 1_000_000n,
      }));
      const half = Math.floor(read.length / 2);
      const target = { topic: 'openstack', isBackfill: true };
      await writeEvents(testStore.store, read.slice(0, half), target);
      await writeEvents(testStore.store, read.slice(half), {
        ...target,
        partition: 1,
        shard: shardCount - 1,
      });
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
