import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFilter } from '../../../engine/filter/filter.js';
import type { Filter } from '../../../engine/model/filter.js';
import { createRandom, type Random } from '../../../engine/model/random.js';
import { ALL_FIELDS, type StoredEvent } from '../../../engine/model/stored-event.js';
import type { QueryOptions } from '../../../store/clickhouse/define-query.js';
import { readLogs } from '../../../store/query/logs.js';
import { readContext } from '../../../store/search/context.js';
import { askAtOnce } from '../../../store/testing/at-once.js';
import { startTestStore, type TestStore } from '../../../store/testing/test-store.js';
import { hasOpenstack, storeOpenstack, OPENSTACK_RANGE } from '../_discovery/testing/openstack.js';
import {
  storeShopCases,
  type OracleEvent,
  type ShopCase,
} from '../_question/testing/shop-cases.js';
import { nameOfLine, recountContext, type ContextAsked } from './testing/recount-context.js';

const SEED_COUNT = Number(process.env['ATBD_ORACLE_SEEDS'] ?? 200);

/** Seeds that are asked again without one of the shards. */
const SEEDS_IN_PART = 40;

const FILTERS: readonly Filter[] = [
  parseFilter({ levels: ['warn+'] }),
  parseFilter({ words: ['order'] }),
  parseFilter({ anyOf: { service: ['gateway', 'payment'] } }),
  parseFilter({ conditions: ['status!=ok', 'provider?'] }),
  parseFilter({ anyOf: { service: ['order'] }, levels: ['info'] }),
  parseFilter({ anyOf: { kind: ['metric'] } }),
];

function chooseQuestion({ range }: ShopCase, random: Random): ContextAsked {
  const [before, after] = [random.integerBelow(5), random.integerBelow(5)];
  return {
    filter: FILTERS[random.integerBelow(FILTERS.length)]!,
    range,
    limit: 1 + random.integerBelow(40),
    before,
    after: before + after === 0 ? 1 : after,
  };
}

/** What is shown of a search, in groups; `: ` stands before what was found. */
async function show(
  { store }: TestStore,
  { filter, range, limit, before, after }: ContextAsked,
  options: QueryOptions = {},
): Promise<{ readonly groups: readonly string[][]; readonly missingShards: readonly number[] }> {
  const page = readLogs(
    store,
    {
      ...{ filter, limit, range: { ...range, arrivedSinceNs: null } },
      ...{ fields: ALL_FIELDS, isAscending: false, after: null },
    },
    options,
  );
  const hits: StoredEvent[] = [];
  for await (const stored of page.events) hits.push(stored);
  const asked = { hits, before, after, fields: ALL_FIELDS };
  const { groups, missingShards } = await readContext(store, asked, options);
  return {
    groups: groups.map((group) =>
      group.map(({ stored, isHit }) => `${isHit ? ': ' : '- '}${nameOfLine(stored.position)}`),
    ),
    missingShards,
  };
}

/** Gives how many lines stand around what was found. */
function expectContext(
  groups: readonly (readonly string[])[],
  events: readonly OracleEvent[],
  asked: ContextAsked,
): number {
  const { hits, near, around, sources } = recountContext(events, asked);
  const lines = groups.flat();
  const shown = lines.map((line) => line.slice(2));
  const seen = new Set(shown);
  expect(seen.size, 'each line once').toBe(shown.length);
  expect([...near].filter((name) => !seen.has(name))).toEqual([]);
  expect(shown.filter((name) => !around.has(name))).toEqual([]);
  const marked = lines.filter((line) => line.startsWith(': ')).map((line) => line.slice(2));
  expect(marked.toSorted()).toEqual(hits.toSorted());
  for (const group of groups) {
    const names = group.map((line) => line.slice(2));
    const own = sources.find((source) => source.includes(names[0]!)) ?? [];
    const at = own.indexOf(names[0]!);
    expect(names, 'a group').toEqual(own.slice(at, at + names.length));
  }
  const rank = new Map(hits.map((name, index) => [name, index]));
  const firsts = groups.map((group) =>
    Math.min(...group.map((line) => rank.get(line.slice(2)) ?? Infinity)),
  );
  expect(firsts, 'groups by what was found').toEqual(firsts.toSorted((a, b) => a - b));
  expect(firsts).not.toContain(Infinity);
  return shown.length - hits.length;
}

describe.each([1, 3])('lines around what is found, on %i shards', (shardCount) => {
  let testStore: TestStore;
  let cases: readonly ShopCase[];
  beforeAll(async () => {
    testStore = await startTestStore({ shardCount });
    const seeds = Array.from({ length: SEED_COUNT }, (_, index) => 2000 + index);
    cases = await storeShopCases(testStore.store, seeds);
  }, 600_000);
  afterAll(() => testStore[Symbol.asyncDispose]());

  /** A context may reach into the hours of another seed. */
  function eventsNear(at: number): OracleEvent[] {
    return cases.slice(Math.max(0, at - 1), at + 2).flatMap(({ events }) => events);
  }

  it(`are what grep shows of each container by itself, for ${SEED_COUNT} seeds`, async () => {
    let lineCount = 0;
    await askAtOnce(cases, async (shopCase, at) => {
      const asked = chooseQuestion(shopCase, createRandom(shopCase.seed));
      const { groups, missingShards } = await show(testStore, asked, { requireAll: true });
      return () => {
        try {
          lineCount += expectContext(groups, eventsNear(at), asked);
        } catch (error) {
          throw new Error(`seed ${shopCase.seed}, ${JSON.stringify(asked.filter)}`, {
            cause: error,
          });
        }
        expect(missingShards).toEqual([]);
      };
    });
    // Filters that find nothing have nothing around it.
    expect(lineCount).toBeGreaterThan(3 * SEED_COUNT);
  }, 600_000);

  it.runIf(hasOpenstack)('are those of the OpenStack log', async () => {
    const events = await storeOpenstack(testStore.store);
    for (const [filter, found] of [
      [parseFilter({ levels: ['warn+'] }), 31],
      [parseFilter({ words: ['terminating'] }), 22],
    ] as const)
      for (const [before, after] of [
        [2, 2],
        [5, 0],
        [0, 3],
      ] as const) {
        const asked = { filter, range: OPENSTACK_RANGE, limit: 100, before, after };
        const { groups } = await show(testStore, asked, { requireAll: true });
        expect(expectContext(groups, events, asked)).toBeGreaterThan(found / 2);
        expect(groups.flat().filter((line) => line.startsWith(': '))).toHaveLength(found);
      }
  });

  // Last: a shard is gone afterwards.
  it.runIf(shardCount > 1)('are those of the other shards when one is away', async () => {
    await testStore.stopShard(1);
    for (const [at, shopCase] of cases.slice(0, SEEDS_IN_PART).entries()) {
      const asked = chooseQuestion(shopCase, createRandom(shopCase.seed));
      const there = eventsNear(at).filter(({ partition }) => partition % shardCount !== 1);
      const { groups, missingShards } = await show(testStore, asked);
      expectContext(groups, there, asked);
      // Nothing is asked about nothing.
      expect(missingShards).toEqual(groups.length === 0 ? [] : [1]);
      await expect(show(testStore, asked, { requireAll: true })).rejects.toMatchObject({
        code: 'CLICKHOUSE_UNREACHABLE',
      });
    }
  });
});
