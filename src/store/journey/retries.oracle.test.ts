import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFilter } from '../../engine/filter/filter.js';
import { compileJourneys, SHOP_JOURNEYS } from '../../engine/journey/journeys.js';
import { CHAIN_OUTCOMES } from '../../engine/model/question/chain-outcome.js';
import { formatAmount, parseAmount } from '../../engine/model/amount.js';
import type { Event } from '../../engine/model/event.js';
import { MATCH_ALL } from '../../engine/model/filter.js';
import type { AnswerRow, Buckets, Cell, Money } from '../../engine/model/question/answer.js';
import type { Journeys } from '../../engine/model/question/journeys.js';
import { createRandom, type Random } from '../../engine/model/random.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { writeEvents } from '../testing/write-events.js';
import { readChains } from './read-chains.js';
import { readRetries, type RetriesQuestion } from './read-retries.js';
import {
  makeAttemptCases,
  momentOf,
  pick,
  storeAttemptCases,
  type AttemptCase,
} from './testing/attempt-cases.js';
import { recountChains, type TimedEvent } from './testing/recount-chains.js';
import { chainsIn, recountRetries } from './testing/recount-retries.js';

const SEED_COUNT = 200;
const NS_PER_MS = 1_000_000n;

const cases = makeAttemptCases(Array.from({ length: SEED_COUNT }, (_, index) => 1 + index));
const newestNs = endOf(cases.flatMap(({ events }) => events));

function endOf(events: readonly TimedEvent[]): bigint {
  return events.reduce((end, { tsNs }) => (tsNs > end ? tsNs : end), 0n);
}

const FILTERS = [
  MATCH_ALL,
  MATCH_ALL,
  parseFilter({ anyOf: { provider: ['acme'] } }),
  parseFilter({ conditions: ['status!=failed', 'user_id=u1'] }),
];

function chooseQuestion(attempts: AttemptCase, random: Random): RetriesQuestion {
  const { beginNs, events } = attempts;
  const moments = [momentOf(attempts, random), momentOf(attempts, random)];
  const [fromNs, toNs] = (moments[0]! < moments[1]! ? moments : moments.toReversed()) as [
    bigint,
    bigint,
  ];
  const asOfNs = momentOf(attempts, random);
  const range = pick(
    [
      { fromNs, toNs: toNs > fromNs ? toNs : fromNs + 1n },
      { fromNs: beginNs - 1n, toNs: endOf(events) + 1n },
    ],
    random,
  );
  return {
    journeys: journeysOf(attempts, random),
    range,
    buckets: pick([null, bucketsIn(range, attempts.patienceMs)], random),
    by: pick([[], [], ['provider'], ['currency', 'status'], ['user_id']] as const, random),
    filter: pick(FILTERS, random),
    // What comes after the case's end is far away: either there is no event behind the range, or many.
    asOf: {
      asOfNs,
      finalNs: asOfNs - pick([0n, 1n, BigInt(attempts.patienceMs) * NS_PER_MS], random),
      newestNs: pick([endOf(events), newestNs], random),
    },
    limit: 1_000,
  };
}

function journeysOf({ patienceMs }: AttemptCase, random: Random): Journeys {
  const attempts = {
    ...SHOP_JOURNEYS.attempts,
    patienceMs,
    abandoned: pick(['failed', 'apart'] as const, random),
    okStatuses: pick([['ok'], ['ok'], []], random),
  };
  return compileJourneys({ ...SHOP_JOURNEYS, attempts });
}

function bucketsIn({ fromNs, toNs }: RetriesQuestion['range'], everyMs: number): Buckets {
  const startMs = Math.floor(Number(fromNs / NS_PER_MS) / everyMs) * everyMs;
  const count = Math.ceil((Number(toNs / NS_PER_MS) + 1 - startMs) / everyMs);
  const startsMs = Array.from({ length: count }, (_, index) => startMs + index * everyMs);
  return { startsMs, endMs: startMs + count * everyMs, everyMs };
}

function moneyOf({ amount, currency = '' }: Event): Money {
  return amount === undefined ? {} : { [currency]: formatAmount(parseAmount(amount)) };
}

function plainValue(cell: Cell | undefined): unknown {
  return typeof cell === 'bigint' ? String(cell) : cell;
}

function sorted(rows: readonly AnswerRow[], { by }: RetriesQuestion): AnswerRow[] {
  const keyOf = (row: AnswerRow) =>
    JSON.stringify(['time', ...by].map((name) => plainValue(row[name])));
  return rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

describe.each([1, 3])('chains of attempts on %i shards', (shardCount) => {
  let testStore: TestStore;
  beforeAll(async () => {
    testStore = await startTestStore({ shardCount });
    await storeAttemptCases(testStore.store, cases);
  });
  afterAll(async () => {
    await testStore[Symbol.asyncDispose]();
  });

  it(`are in figures what a walk over the events gives, for ${SEED_COUNT} seeds`, async () => {
    const outcomes: Record<string, number> = {};
    for (const attempts of cases) {
      const question = chooseQuestion(attempts, createRandom(attempts.seed));
      const { rows } = await readRetries(testStore.store, question, { requireAll: true });
      const wanted = recountRetries(attempts.events, question);
      expect(sorted(rows, question), `seed ${attempts.seed}`).toEqual(sorted(wanted, question));
      for (const row of rows)
        for (const name of CHAIN_OUTCOMES)
          outcomes[name] = (outcomes[name] ?? 0) + Number(row[name]);
    }
    // The seeds make enough of each kind to be worth comparing.
    for (const name of CHAIN_OUTCOMES) expect(outcomes[name], name).toBeGreaterThan(10);
  }, 600_000);

  it(`are listed as they are, for ${SEED_COUNT} seeds`, async () => {
    for (const attempts of cases) {
      const question = chooseQuestion(attempts, createRandom(attempts.seed + 10_000));
      const asked = { ...question, outcomes: CHAIN_OUTCOMES };
      const { rows } = await readChains(testStore.store, asked, { requireAll: true });
      const { journeys, asOf } = question;
      const chains = recountChains(attempts.events, { journeys, asOf });
      const wanted = chainsIn(chains, question).map((chain) => ({
        order_id: chain.orderId,
        began: chain.beganNs,
        outcome: chain.outcome,
        attempts: chain.tries.length,
        amount: moneyOf(chain.voice.event),
        op_ids: [...new Set(chain.tries.map(({ event }) => event.op_id ?? ''))],
      }));
      const seen = rows.map(({ order_id, began, outcome, attempts: count, amount, op_ids }) => {
        return { order_id, began, outcome, attempts: count, amount, op_ids };
      });
      const byName = <T extends { readonly order_id?: unknown; readonly began?: unknown }>(
        list: readonly T[],
      ) =>
        list.toSorted((a, b) =>
          `${String(a.order_id)} ${String(a.began)}` < `${String(b.order_id)} ${String(b.began)}`
            ? -1
            : 1,
        );
      expect(byName(seen), `seed ${attempts.seed}`).toEqual(byName(wanted));
    }
  }, 600_000);

  it('are paid when success and failure are said at one moment, whoever says so', async () => {
    const ts = '2026-08-01T10:00:00.000000001Z';
    const at = (order_id: string, type: string, status: string) => ({
      ...{ ts, service: 'payment', type, status, order_id },
    });
    await writeEvents(
      testStore.store,
      [
        at('by-attempt', 'order.failed', 'failed'),
        at('by-attempt', 'payment.attempt', 'ok'),
        at('by-fact', 'order.failed', 'failed'),
        at('by-fact', 'order.paid', 'paid'),
        at('by-fact', 'payment.attempt', 'timeout'),
        at('not', 'order.failed', 'failed'),
        at('not', 'payment.attempt', 'timeout'),
      ],
      { topic: 'ties' },
    );
    const atNs = BigInt(Date.parse('2026-08-01T10:00:00Z')) * NS_PER_MS;
    const asked = {
      journeys: compileJourneys(SHOP_JOURNEYS),
      range: { fromNs: atNs, toNs: atNs + 1_000n },
      by: [],
      filter: MATCH_ALL,
      asOf: { asOfNs: newestNs, finalNs: newestNs, newestNs },
      limit: 10,
      outcomes: CHAIN_OUTCOMES,
    };
    const { rows } = await readChains(testStore.store, asked, { requireAll: true });
    const outcomes = rows.map(({ order_id, outcome }) => [order_id, outcome]);
    expect(Object.fromEntries(outcomes)).toEqual({
      'by-attempt': 'ok_first',
      'by-fact': 'ok_first',
      not: 'failed',
    });
  });
});
