import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMatch } from '../../../engine/filter/create-match.js';
import { parseFilter } from '../../../engine/filter/filter.js';
import { compileWhere } from '../../../engine/filter/where/compile-where.js';
import { compileJourneys, SHOP_JOURNEYS } from '../../../engine/journey/journeys.js';
import { formatAmount, parseAmount } from '../../../engine/model/amount.js';
import { MATCH_ALL, type Filter } from '../../../engine/model/filter.js';
import type { Answer, AnswerRange, AnswerRow } from '../../../engine/model/question/answer.js';
import { RESOURCE_DIMENSIONS } from '../../../engine/model/question/resources.js';
import { createRandom, type Random } from '../../../engine/model/random.js';
import { bucketsOf } from '../../../engine/question/buckets.js';
import type { Dimension } from '../../../engine/question/dimension.js';
import { parseZone, type Zone } from '../../../engine/time/zone.js';
import { readFunnel } from '../../../store/funnel/read-funnel.js';
import { recountFunnel } from '../../../store/funnel/testing/recount-funnel.js';
import type { FiguresQuestion } from '../../../store/metric/figures-query.js';
import { latency, pageViews, transactions } from '../../../store/metric/metrics.js';
import { createGiveProvider } from '../../../store/metric/testing/recount-provider.js';
import { readResources } from '../../../store/metric/read-resources.js';
import { readFigures } from '../../../store/metric/read-figures.js';
import { readUsers } from '../../../store/presence/read-users.js';
import {
  presenceIn,
  sessionsOf,
  type Sign,
} from '../../../store/presence/testing/presence-model.js';
import { askAtOnce } from '../../../store/testing/at-once.js';
import { startTestStore, type TestStore } from '../../../store/testing/test-store.js';
import { recountLoad } from '../_question/testing/recount-load.js';
import {
  storeShopCases,
  type OracleEvent,
  type ShopCase,
} from '../_question/testing/shop-cases.js';

const SEED_COUNT = Number(process.env['ATBD_ORACLE_SEEDS'] ?? 200);
const NS_PER_MS = 1_000_000n;
const NS_PER_MINUTE = 60_000n * NS_PER_MS;
const HOUR_NS = 60n * NS_PER_MINUTE;

const journeys = compileJourneys(SHOP_JOURNEYS);
const METRICS = [transactions(journeys), pageViews(journeys), latency];
const BYS: readonly (readonly Dimension[])[] = [
  [],
  ['operation', 'status'],
  ['service', 'operation'],
  ['currency'],
  // Of transactions: what the attempts of their orders say.
  ['provider'],
  ['provider', 'operation', 'status'],
  ['type', 'service', 'status'],
  // In no roll-up.
  ['node', 'page'],
  ['user_id'],
];
const FILTERS: readonly Filter[] = [
  MATCH_ALL,
  MATCH_ALL,
  parseFilter({ anyOf: { service: ['payment', 'order'] } }),
  parseFilter({ conditions: ['status!=ok', 'operation~=^(buy|refund)$'] }),
  parseFilter({ conditions: ['amount?'] }),
  parseFilter({ conditions: ['provider~=^(acme|)$'] }),
  compileWhere('service in ["payment", "order"] || status.startsWith("t")', { flag: 'test' }),
  compileWhere('amount >= 20 || duration_ms > 100.5 && level <= "info"', { flag: 'test' }),
];
const ZONES = ['UTC', 'Europe/Berlin', '+05:45'].map(parseZone);

interface Asked extends FiguresQuestion {
  readonly zone: Zone;
  readonly everyMs: number | null;
}

/** A question by chance about a case: any metric, split, filter and interval, over whole minutes or not. */
function chooseQuestion({ range, events }: ShopCase, random: Random): Asked {
  const pick = <T>(items: readonly T[]): T => items[random.integerBelow(items.length)]!;
  const ranges: readonly AnswerRange[] = [
    range,
    { fromNs: range.fromNs + HOUR_NS, toNs: range.fromNs + 2n * HOUR_NS },
    // Begins and ends with an event, to the nanosecond: the first is in, the last is not.
    cutRange(pick(events), pick(events)),
  ];
  const chosen = pick(ranges);
  const zone = pick(ZONES);
  const everyMs = pick([null, 900_000, 3_600_000, 10_800_000, 86_400_000]);
  return {
    metric: pick(METRICS),
    range: chosen,
    zone,
    everyMs,
    buckets: everyMs === null ? null : bucketsOf(chosen, everyMs, zone),
    by: pick(BYS),
    filter: pick(FILTERS),
    limit: 100_000,
  };
}

function cutRange(a: OracleEvent, b: OracleEvent): AnswerRange {
  const [fromNs, toNs] = a.tsNs < b.tsNs ? [a.tsNs, b.tsNs] : [b.tsNs, a.tsNs];
  return { fromNs, toNs: toNs > fromNs ? toNs : fromNs + 1n };
}

/** The same answer by counting events one by one; `give` knows the provider of an order. */
function recount(
  events: readonly OracleEvent[],
  asked: Asked,
  give: ReturnType<typeof createGiveProvider>,
): Map<string, OracleEvent[]> {
  const { metric, filter, range, buckets, by } = asked;
  const [isCounted, isWanted] = [createMatch(metric.where), createMatch(filter)];
  const groups = new Map<string, OracleEvent[]>();
  if (by.length === 0) {
    const starts = buckets === null ? [null] : buckets.startsMs;
    for (const start of starts) groups.set(JSON.stringify([start]), []);
  }
  for (const each of events) {
    if (each.tsNs < range.fromNs || each.tsNs >= range.toNs || !isCounted(each.event)) continue;
    const one = metric.name === 'transactions' ? give(each, range) : each;
    if (!isWanted(one.event)) continue;
    const start = buckets?.startsMs.findLast((ms) => BigInt(ms) * NS_PER_MS <= one.tsNs) ?? null;
    const key = JSON.stringify([start, ...by.map((field) => one.event[field] ?? '')]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return groups;
}

function keyOf(row: AnswerRow, { by, buckets }: Asked): string {
  const time = buckets === null ? null : Number((row['time'] as bigint) / NS_PER_MS);
  return JSON.stringify([time, ...by.map((field) => row[field])]);
}

function funnelKey(row: AnswerRow, { by }: Pick<Asked, 'by'>): string {
  const time = row['time'] as bigint | undefined;
  return JSON.stringify([String(time), ...by.map((field) => row[field]), row['step']]);
}

function signsOf(events: readonly OracleEvent[], filter: Filter): Sign[] {
  const isSign = createMatch(filter);
  return events
    .filter(({ event }) => isSign(event))
    .map(({ event, tsNs }) => ({
      tsNs,
      userId: event.user_id ?? '',
      sessionId: event.session_id ?? '',
      operation: event.operation ?? '',
    }));
}

/** Every measure that a count of its own can tell; percentiles lie within 1 % of a neighbouring rank's value. */
function expectMeasures(row: AnswerRow, events: readonly OracleEvent[], asked: Asked): void {
  const { okStatuses } = journeys.spec.transactions;
  const statuses = events.map(({ event }) => event.status ?? '');
  const durations = events
    .map(({ event }) => event.duration_ms ?? NaN)
    .filter((ms) => !Number.isNaN(ms))
    .toSorted((a, b) => a - b);
  switch (asked.metric.name) {
    case 'transactions': {
      const ok = statuses.filter((status) => okStatuses.includes(status)).length;
      expect(row).toMatchObject({ transactions: events.length, ok, failed: events.length - ok });
      expect(row['amounts']).toEqual(sumAmounts(events));
      return;
    }
    case 'page-views':
      expect(row).toMatchObject({
        views: events.length,
        users: distinct(events.map(({ event }) => event.user_id)),
        sessions: distinct(events.map(({ event }) => event.session_id)),
      });
      return;
    default: {
      const failed = statuses.filter((status) => status !== 'ok' && status !== '').length;
      expect(row).toMatchObject({ count: events.length, failed });
      expect(row['min']).toBe(durations[0] ?? null);
      expect(row['max']).toBe(durations.at(-1) ?? null);
      if (durations.length === 0) {
        expect([row['avg'], row['p50'], row['p99']]).toEqual([null, null, null]);
        return;
      }
      const mean = durations.reduce((sum, ms) => sum + ms, 0) / durations.length;
      expect(row['avg']).toBeCloseTo(mean, 6);
      for (const level of [0.5, 0.9, 0.95, 0.99])
        expectQuantile(row[`p${level * 100}`] as number, level, durations);
    }
  }
}

function distinct(ids: readonly (string | undefined)[]): number {
  return new Set(ids.filter((id) => id !== undefined && id !== '')).size;
}

function expectQuantile(seen: number, level: number, sorted: readonly number[]): void {
  const at = Math.floor(level * sorted.length);
  const near = [at - 1, at].map((rank) => sorted[Math.min(sorted.length - 1, Math.max(0, rank))]!);
  const isNear = near.some((exact) => Math.abs(seen - exact) <= 0.01 * exact);
  expect(isNear, `p${level * 100} ${seen} of ${sorted.length}, near ${near.join(' and ')}`).toBe(
    true,
  );
}

function sumAmounts(events: readonly OracleEvent[]): Record<string, string> {
  const sums = new Map<string, bigint>();
  for (const { event } of events) {
    if (event.amount === undefined) continue;
    const currency = event.currency ?? '';
    sums.set(currency, (sums.get(currency) ?? 0n) + parseAmount(event.amount));
  }
  return Object.fromEntries([...sums].map(([currency, units]) => [currency, formatAmount(units)]));
}

describe.each([1, 3])('figures on %i shards', (shardCount) => {
  let testStore: TestStore;
  let cases: readonly ShopCase[];
  let give: ReturnType<typeof createGiveProvider>;
  beforeAll(async () => {
    testStore = await startTestStore({ shardCount });
    const seeds = Array.from({ length: SEED_COUNT }, (_, index) => 1000 + index);
    cases = await storeShopCases(testStore.store, seeds);
    // Orders of different shops are called the same.
    give = createGiveProvider(
      cases.flatMap(({ events }) => events),
      journeys,
    );
  }, 600_000);
  afterAll(async () => {
    await testStore[Symbol.asyncDispose]();
  });

  const answer = (asked: Asked): Promise<Answer> =>
    readFigures(testStore.store, asked, { requireAll: true });

  it(`are what a recount of the events gives, for ${SEED_COUNT} seeds`, async () => {
    const sources = new Set<string>();
    await askAtOnce(cases, async (shopCase) => {
      const asked = chooseQuestion(shopCase, createRandom(shopCase.seed));
      const { rows, source } = await answer(asked);
      return () => {
        const about = `seed ${shopCase.seed}: ${asked.metric.name} by ${asked.by.join(',')} every ${String(asked.everyMs)} from ${source}`;
        sources.add(source);
        const groups = recount(shopCase.events, asked, give);
        expect(rows.map((row) => keyOf(row, asked)).toSorted(), about).toEqual(
          [...groups.keys()].toSorted(),
        );
        for (const row of rows) {
          try {
            expectMeasures(row, groups.get(keyOf(row, asked)) ?? [], asked);
          } catch (error) {
            throw new Error(`${about}, row ${keyOf(row, asked)}`, { cause: error });
          }
        }
      };
    });
    expect([...sources].toSorted()).toEqual(['events', 'rollups']);
  }, 600_000);

  it('are there for every interval, whatever the limit', async () => {
    const { range } = cases[0]!;
    const asked = { metric: latency, range, by: [], filter: MATCH_ALL, zone: ZONES[0]! };
    const everyMs = 900_000;
    const buckets = bucketsOf(range, everyMs, asked.zone);
    const all = await answer({ ...asked, everyMs, buckets, limit: 100_000 });
    const few = await answer({ ...asked, everyMs, buckets, limit: 1 });
    expect(few).toEqual(all);
    expect(all.rows.filter((row) => row['count'] !== 0).length).toBeGreaterThan(1);
  });

  it('tell users at the same time as sessions of the events do', async () => {
    const { gapMs, lingerMs, buyingOperations } = journeys.spec.sessions;
    const rules = {
      gapNs: BigInt(gapMs) * NS_PER_MS,
      lingerNs: BigInt(lingerMs) * NS_PER_MS,
      buyingOperations,
    };
    const sources = new Set<string>();
    // The clock is at the end of the last case: how far event time has come is then asked of one day, and not of all.
    const nowMs = Number(cases.at(-1)!.range.toNs / NS_PER_MS);
    await askAtOnce(cases, async (shopCase) => {
      const { range, buckets, filter } = chooseQuestion(shopCase, createRandom(shopCase.seed));
      const { rows, source } = await readUsers(
        testStore.store,
        { range, buckets, filter, sessions: journeys.spec.sessions, nowMs },
        { requireAll: true },
      );
      return () => {
        sources.add(source);
        const sessions = sessionsOf(signsOf(shopCase.events, filter), rules);
        const starts = [
          range.fromNs,
          ...(buckets?.startsMs.slice(1).map((ms) => BigInt(ms) * NS_PER_MS) ?? []),
        ];
        const expected = starts.map((fromNs, index) => {
          const toNs = starts[index + 1] ?? range.toNs;
          const { total, viewing, buying, users, ...rest } = presenceIn(sessions, { fromNs, toNs });
          const counts = {
            total: total.count,
            viewing: viewing.count,
            buying: buying.count,
            users,
          };
          const total_at = total.count === 0 ? null : total.atNs;
          return { ...counts, total_at, sessions: rest.sessions };
        });
        expect(rows, `seed ${shopCase.seed} from ${source}`).toMatchObject(expected);
      };
    });
    expect([...sources].toSorted()).toEqual(['events', 'rollups']);
  }, 600_000);

  it('tell how far sessions come as a walk over their events does', async () => {
    const come: Record<string, number> = {};
    await askAtOnce(cases, async (shopCase) => {
      const random = createRandom(shopCase.seed);
      const { range, buckets, by, limit, ...chosen } = chooseQuestion(shopCase, random);
      // Most filters let no page view pass.
      const filter = random.next() < 0.5 ? MATCH_ALL : chosen.filter;
      const asOfNs = shopCase.events[random.integerBelow(shopCase.events.length)]!.tsNs;
      const asOf = { asOfNs, finalNs: asOfNs - 120_000_000_000n };
      const asked = { journeys, range, buckets, by, filter, limit, asOf };
      const { rows } = await readFunnel(testStore.store, asked, { requireAll: true });
      return () => {
        const inOrder = (all: readonly AnswerRow[]) =>
          all.toSorted((a, b) => (funnelKey(a, asked) < funnelKey(b, asked) ? -1 : 1));
        const wanted = recountFunnel(shopCase.events, asked);
        expect(inOrder(rows), `seed ${shopCase.seed}`).toEqual(inOrder(wanted));
        for (const { step, sessions } of rows)
          come[step as string] = (come[step as string] ?? 0) + Number(sessions);
      };
    });
    for (const { step } of journeys.funnel)
      expect(come[step], step).toBeGreaterThan(SEED_COUNT / 4);
  }, 600_000);

  it('tell load beside users as metrics, spans and users of the events do', async () => {
    const sources = new Set<string>();
    await askAtOnce(cases, async (shopCase) => {
      const random = createRandom(shopCase.seed);
      const { range, zone } = chooseQuestion(shopCase, random);
      const by = RESOURCE_DIMENSIONS[random.integerBelow(RESOURCE_DIMENSIONS.length)]!;
      const buckets = bucketsOf(range, 900_000, zone);
      const asked = { range, buckets, by, filter: MATCH_ALL };
      const { samples, source } = await readResources(testStore.store, asked, { requireAll: true });
      return () => {
        sources.add(source);
        const about = `seed ${shopCase.seed}: by ${by} from ${source}`;
        expect(samples, about).toEqual(recountLoad(shopCase.events, asked));
      };
    });
    expect([...sources].toSorted()).toEqual(['events', 'rollups']);
  }, 600_000);

  it('count what the truth counted, where nothing was sent twice', async () => {
    const clean = cases.filter(({ truth }) => truth.sent.duplicated === 0);
    expect(clean.length).toBeGreaterThan(SEED_COUNT / 4);
    await askAtOnce(clean, async ({ seed, range, truth }) => {
      const { rows } = await answer({
        metric: transactions(journeys),
        range,
        zone: ZONES[0]!,
        everyMs: null,
        buckets: null,
        by: ['type'],
        filter: MATCH_ALL,
        limit: 100,
      });
      return () => {
        const counted = Object.fromEntries(
          rows.map((row) => [row['type'] as string, row['transactions'] as number]),
        );
        const isFact = createMatch(journeys.transactions);
        const wanted = Object.entries(truth.sent.byType).filter(([type]) => isFact({ type }));
        expect(counted, `seed ${seed}`).toEqual(Object.fromEntries(wanted));
      };
    });
  }, 600_000);
});
