import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFilter } from '../../engine/filter/filter.js';
import { compileJourneys, SHOP_JOURNEYS } from '../../engine/journey/journeys.js';
import { MATCH_ALL } from '../../engine/model/filter.js';
import type { AnswerRow, Buckets, Cell } from '../../engine/model/question/answer.js';
import type { Journeys } from '../../engine/model/question/journeys.js';
import { createRandom, type Random } from '../../engine/model/random.js';
import { pick, storeAttemptCases } from '../journey/testing/attempt-cases.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { readFunnel, type FunnelQuestion } from './read-funnel.js';
import { recountFunnel, type TimedEvent } from './testing/recount-funnel.js';
import { makeSessionCases, momentOf, type SessionCase } from './testing/session-cases.js';

const SEED_COUNT = Number(process.env['ATBD_ORACLE_SEEDS'] ?? 200);
const NS_PER_MS = 1_000_000n;

const cases = makeSessionCases(Array.from({ length: SEED_COUNT }, (_, index) => 1 + index));

const FILTERS = [
  MATCH_ALL,
  MATCH_ALL,
  parseFilter({ anyOf: { page: ['/sale'] } }),
  parseFilter({ conditions: ['service!=order', 'user_id?'] }),
];

const FROM_CATALOG = { step: 'from catalog', where: { service: 'catalog' } };

function chooseQuestion(one: SessionCase, random: Random): FunnelQuestion {
  const { beginNs, events, gapMs } = one;
  const moment = () => momentOf(one, random);
  const moments = [moment(), moment()];
  const [fromNs, toNs] = (moments[0]! < moments[1]! ? moments : moments.toReversed()) as [
    bigint,
    bigint,
  ];
  const range = pick(
    [
      { fromNs, toNs: toNs > fromNs ? toNs : fromNs + 1n },
      { fromNs: beginNs - 1n, toNs: endOf(events) + 1n },
    ],
    random,
  );
  const asOfNs = moment();
  return {
    journeys: journeysOf(one, random),
    range,
    buckets: pick([null, bucketsIn(range, gapMs)], random),
    by: pick([[], [], ['page'], ['service', 'user_id']] as const, random),
    filter: pick(FILTERS, random),
    asOf: { asOfNs, finalNs: asOfNs - pick([0n, 1n, BigInt(gapMs) * NS_PER_MS], random) },
    limit: 10_000,
  };
}

function endOf(events: readonly TimedEvent[]): bigint {
  return events.reduce((end, { tsNs }) => (tsNs > end ? tsNs : end), 0n);
}

function journeysOf({ gapMs }: SessionCase, random: Random): Journeys {
  const { steps } = SHOP_JOURNEYS.funnel;
  const withinMs = pick([null, gapMs / 4, gapMs / 2, 3 * gapMs], random);
  return compileJourneys({
    ...SHOP_JOURNEYS,
    sessions: { ...SHOP_JOURNEYS.sessions, gapMs },
    funnel: {
      withinMs,
      steps: pick(
        [
          steps,
          steps,
          steps.slice(1),
          // Steps that the same event takes.
          [...steps.slice(0, 1), FROM_CATALOG, ...steps.slice(1)],
        ],
        random,
      ),
    },
  });
}

function bucketsIn({ fromNs, toNs }: FunnelQuestion['range'], everyMs: number): Buckets {
  const startMs = Math.floor(Number(fromNs / NS_PER_MS) / everyMs) * everyMs;
  const count = Math.ceil((Number(toNs / NS_PER_MS) + 1 - startMs) / everyMs);
  const startsMs = Array.from({ length: count }, (_, index) => startMs + index * everyMs);
  return { startsMs, endMs: startMs + count * everyMs, everyMs };
}

function plainValue(cell: Cell | undefined): unknown {
  return typeof cell === 'bigint' ? String(cell) : cell;
}

function sorted(rows: readonly AnswerRow[], { by }: FunnelQuestion): AnswerRow[] {
  const keyOf = (row: AnswerRow) =>
    JSON.stringify(['time', ...by, 'step'].map((name) => plainValue(row[name])));
  return rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

describe.each([1, 3])('the way from step to step on %i shards', (shardCount) => {
  let testStore: TestStore;
  beforeAll(async () => {
    testStore = await startTestStore({ shardCount });
    await storeAttemptCases(testStore.store, cases);
  });
  afterAll(async () => {
    await testStore[Symbol.asyncDispose]();
  });

  it(`is what a walk over the events gives, for ${SEED_COUNT} seeds`, async () => {
    const come: Record<string, number> = {};
    for (const one of cases) {
      const question = chooseQuestion(one, createRandom(one.seed));
      const { rows } = await readFunnel(testStore.store, question, { requireAll: true });
      const wanted = recountFunnel(one.events, question);
      expect(sorted(rows, question), `seed ${one.seed}`).toEqual(sorted(wanted, question));
      for (const row of rows)
        come[row['step'] as string] = (come[row['step'] as string] ?? 0) + Number(row['sessions']);
    }
    // The seeds bring enough sessions to each step to be worth comparing.
    for (const step of ['view', 'reserve', 'buy', 'from catalog'])
      expect(come[step], step).toBeGreaterThan(SEED_COUNT / 20);
  }, 600_000);

  it('stands in an order of its own: by time and split, else the largest first; steps as they follow', async () => {
    const [one] = cases;
    const base = {
      ...chooseQuestion(one!, createRandom(1)),
      journeys: compileJourneys(SHOP_JOURNEYS),
    };
    const range = { fromNs: cases[0]!.beginNs, toNs: endOf(cases.flatMap(({ events }) => events)) };
    const asked = { ...base, range, buckets: null, by: ['page'] as const, filter: MATCH_ALL };
    const { rows, notes } = await readFunnel(testStore.store, asked, { requireAll: true });
    expect(rows.slice(0, 3).map(({ step }) => step)).toEqual(['view', 'reserve', 'buy']);
    const views = rows
      .filter(({ step }) => step === 'view')
      .map(({ sessions }) => Number(sessions));
    expect(views).toEqual(views.toSorted((a, b) => b - a));
    expect(notes.join()).toMatch(
      /^\d+ events of the step "view" have neither session_id nor user_id/u,
    );
    const few = await readFunnel(testStore.store, { ...asked, limit: 4 }, { requireAll: true });
    expect(few.rows).toEqual(rows.slice(0, 4));
    expect(few.notes.at(-1)).toBe('Only the first 4 rows are shown (--limit).');
  });
});
