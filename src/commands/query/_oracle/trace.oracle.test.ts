import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileWhere } from '../../../engine/filter/where/compile-where.js';
import type { ActionFact, ChainFact } from '../../../engine/generate/truth.js';
import type { Event } from '../../../engine/model/event.js';
import { MATCH_ALL } from '../../../engine/model/filter.js';
import type { StoredEvent } from '../../../engine/model/stored-event.js';
import { placeOf } from '../../../engine/model/surroundings.js';
import { summarizeAction } from '../../../engine/trace/summarize-action.js';
import { findActions } from '../../../store/query/trace/find-actions.js';
import { readTrace } from '../../../store/query/trace/read-trace.js';
import { summarizeActions } from '../../../store/query/trace/summarize-actions.js';
import { askAtOnce } from '../../../store/testing/at-once.js';
import { startTestStore, type TestStore } from '../../../store/testing/test-store.js';
import {
  storeShopCases,
  type OracleEvent,
  type ShopCase,
} from '../_question/testing/shop-cases.js';
import { askAround } from '../_trace/around/ask-around.js';
import { orderChain } from '../_trace/chain/order-chain.js';
import type { AskedId } from '../_trace/lookup/asked-id.js';
import { lookUp, type Found } from '../_trace/lookup/look-up.js';

const SEED_COUNT = Number(process.env['ATBD_ORACLE_SEEDS'] ?? 200);
const SEEDS = Array.from({ length: SEED_COUNT }, (_, index) => index + 1);
/** Every seed is asked about, each in one way: all ways of each would take many minutes. */
const WAYS = ['op', 'session_id', 'user_id', 'span', 'around'] as const;

function askedBy<T>(way: (typeof WAYS)[number], ofSeeds: readonly T[]): T[] {
  return ofSeeds.filter((_, index) => WAYS[index % WAYS.length] === way);
}

const MARGIN_NS = 300_000_000_000n;
const EVERYTHING = 100_000;

/** What was found, if it is of this kind. */
function expectKind<K extends Found['kind']>(found: Found, kind: K): Found & { kind: K } {
  expect(found.kind).toBe(kind);
  return found as Found & { kind: K };
}

describe.each([1, 3])('looking up actions on %d shards', (shardCount) => {
  let testStore: TestStore;
  let cases: ShopCase[];
  let actions: ActionFact[];
  /** Of each seed those of its shop. */
  let actionsOf: ActionFact[][];

  beforeAll(async () => {
    testStore = await startTestStore({ shardCount });
    cases = await storeShopCases(testStore.store, SEEDS);
    actionsOf = cases.map(({ facts }) =>
      facts.filter((fact) => fact.kind === 'action').filter(({ eventCount }) => eventCount > 0),
    );
    actions = actionsOf.flat();
  }, 600_000);
  afterAll(() => testStore[Symbol.asyncDispose]());

  function find(asked: AskedId, actionsMax = EVERYTHING): Promise<Found> {
    return lookUp(testStore.store, asked, {
      signal: new AbortController().signal,
      onMissing: (shards) => {
        expect(shards).toEqual([]);
      },
      onAmbiguous: (fields) => {
        expect(fields).toEqual([]);
      },
      eventsMax: EVERYTHING,
      actionsMax,
    });
  }

  it('finds every action by its op_id, with as many events as were sent', async () => {
    await askAtOnce(askedBy('op', actionsOf), async (own, index) => {
      const { opId, eventCount } = own[index % own.length]!;
      const found = expectKind(await find({ kind: 'any', id: opId }), 'trace');
      return () => {
        expect([found.opId, found.answer.events.length]).toEqual([opId, eventCount]);
      };
    });
  });

  it('tells of an order what the shop did: all its actions, and each attempt to get it paid', async () => {
    // Orders are counted from one number in each seed, so one number is an order of several shops here.
    const chains = cases
      .flatMap(({ facts }) => facts)
      .filter((fact): fact is ChainFact => fact.kind === 'chain');
    const ids = [...new Set(chains.map(({ orderId }) => orderId))];
    const retried = ids.filter((id) =>
      chains.some(({ orderId, attempts }) => orderId === id && attempts.length > 3),
    );
    expect(retried.length).toBeGreaterThan(3);
    const asked = [...retried.slice(0, 12), ...ids.slice(0, 3)];
    const shops = cases.filter(({ facts }) =>
      facts.some((fact) => fact.kind === 'chain' && asked.includes(fact.orderId)),
    );
    expect(shops.length).toBeGreaterThan(0.8 * SEED_COUNT);
    for (const id of asked) {
      const found = expectKind(await find({ kind: 'any', id }), 'chain');
      const chain = orderChain(found.answer.events);
      const own = actions.filter(({ orderId }) => orderId === id);
      expect(chain.actions.map(({ summary }) => summary.opId).toSorted()).toEqual(
        own.map(({ opId }) => opId).toSorted(),
      );
      const sums = chain.actions.map(({ summary }) => summary.eventCount);
      expect(sums.reduce((a, b) => a + b, 0)).toBe(found.answer.eventCount);
      const told = chain.attempts.map(({ opId, attempt, provider, status }) =>
        [opId, attempt, provider, status].join(' '),
      );
      const happened = chains
        .filter(({ orderId }) => orderId === id)
        .flatMap(({ provider, attempts }) =>
          attempts.map(({ opId, attempt, status }) => [opId, attempt, provider, status].join(' ')),
        );
      expect(told.toSorted()).toEqual(happened.toSorted());
    }
  });

  it.each(['session_id', 'user_id'] as const)(
    'lists the actions of a %s, newest first',
    async (field) => {
      const idOf = ({ sessionId, userId }: ActionFact) =>
        field === 'session_id' ? sessionId : userId;
      await askAtOnce(askedBy(field, actionsOf), async (own, index) => {
        const id = own.map(idOf).find((one) => one !== null) ?? '';
        const found = expectKind(await find({ kind: field, id }), 'list');
        const isCut = index % 10 === 0;
        const first = isCut ? expectKind(await find({ kind: field, id }, 1), 'list') : null;
        return () => {
          expect(found.actions.map(({ opId }) => opId).toSorted()).toEqual(
            actions
              .filter((action) => idOf(action) === id)
              .map(({ opId }) => opId)
              .toSorted(),
          );
          const starts = found.actions.map(({ startNs }) => startNs);
          expect(starts).toEqual(starts.toSorted((a, b) => Number(b - a)));
          if (first !== null)
            expect([first.actions, first.actionCount]).toEqual([
              found.actions.slice(0, 1),
              found.actionCount,
            ]);
        };
      });
    },
  );

  it('finds the action of a span', async () => {
    await askAtOnce(askedBy('span', cases), async ({ events, seed }) => {
      const { event } = events.find((one) => one.event.span_id !== undefined)!;
      const found = expectKind(await find({ kind: 'any', id: event.span_id ?? '' }), 'trace');
      return () => {
        expect(found.opId, `seed ${seed}`).toBe(event.op_id);
      };
    });
  });

  it('sums an action up as the events themselves do', async () => {
    const ids = actionsOf.flatMap((own) => own.slice(0, 5)).map(({ opId }) => opId);
    const { actions: summed } = await summarizeActions(testStore.store, ids, {});
    const { events } = await readTrace(testStore.store, { ids, limit: EVERYTHING }, {});
    const byOp = new Map(ids.map((id): [string, StoredEvent[]] => [id, []]));
    for (const stored of events) byOp.get(stored.event.op_id ?? '')?.push(stored);
    expect(summed).toHaveLength(ids.length);
    for (const summary of summed) {
      expect(summary).toEqual(summarizeAction(summary.opId, byOp.get(summary.opId) ?? []));
    }
  });

  it('counts around an action what else was sent, and which errors', async () => {
    const all = cases.flatMap(({ events }) => events);
    const chosen = askedBy('around', actionsOf).map(
      (own) => own.find(({ outcome }) => outcome === 'failed') ?? own[0]!,
    );
    const failedCount = chosen.filter(({ outcome }) => outcome === 'failed').length;
    expect(failedCount).toBeGreaterThan(SEED_COUNT / 20);
    await askAtOnce(chosen, async ({ opId }) => {
      const { events } = await readTrace(testStore.store, { ids: [opId], limit: 1000 }, {});
      const around = await askAround(testStore.store, { events, marginNs: MARGIN_NS }, {});
      return () => {
        expectAround(around, { opId, events, all });
      };
    });
  }, 600_000);

  function expectAround(
    { fromNs, toNs, places, problems }: Awaited<ReturnType<typeof askAround>>,
    asked: { opId: string; events: readonly StoredEvent[]; all: readonly OracleEvent[] },
  ): void {
    const { opId, events, all } = asked;
    const services = new Set(events.map(({ event }) => event.service));
    const own = new Set(events.map(({ event }) => placeOf(event)));
    const others = all
      .filter(({ tsNs, event }) => tsNs >= fromNs && tsNs < toNs && event.op_id !== opId)
      .map(({ event }) => event)
      .filter(({ service }) => services.has(service));
    const expected = new Map<string, [number, number]>();
    for (const event of others) {
      const place = own.has(placeOf(event)) ? placeOf(event) : '';
      const key = `${event.service ?? ''} ${place}`;
      const [count, errors] = expected.get(key) ?? [0, 0];
      expected.set(key, [count + 1, errors + (event.level === 'error' ? 1 : 0)]);
    }
    const counted = places.map(({ service, place, eventCount, errorCount }) => [
      `${service} ${place}`,
      [eventCount, errorCount],
    ]);
    expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(expected));
    const texts = new Map<string, number>();
    for (const { level, service, file, line, message = '' } of others) {
      if (level !== 'error' && level !== 'warn') continue;
      const text = [level, service, file, line, message.replace(/[0-9]+/gu, '#')].join(' ');
      texts.set(text, (texts.get(text) ?? 0) + 1);
    }
    const largest = [...texts]
      .map(([text, count]) => ({ isWarning: text.startsWith('warn'), count }))
      .sort((a, b) => Number(a.isWarning) - Number(b.isWarning) || b.count - a.count)
      .slice(0, problems.length);
    expect(problems.map(({ level, count }) => ({ isWarning: level === 'warn', count }))).toEqual(
      largest,
    );
    expect(problems).toHaveLength(Math.min(10, texts.size));
  }

  it.each<[string, boolean, (events: readonly Event[]) => boolean]>([
    [
      'duration_ms > 2000 && level == "error"',
      false,
      (events) =>
        events.some(({ duration_ms = 0 }) => duration_ms > 2000) &&
        events.some(({ level }) => level === 'error'),
    ],
    [
      'service == "payment" && level == "error"',
      true,
      (events) => events.some(({ service, level }) => service === 'payment' && level === 'error'),
    ],
    [
      'operation == "buy" && !(level == "error") && (provider == "acme" || attempt > 1)',
      false,
      (events) =>
        events.some(({ operation }) => operation === 'buy') &&
        !events.some(({ level }) => level === 'error') &&
        events.some(({ provider, attempt = 0 }) => provider === 'acme' || attempt > 1),
    ],
  ])('finds the actions for which %s (one event: %s)', async (text, isOneEvent, holds) => {
    const byOp = new Map<string, Event[]>();
    for (const { event } of cases.flatMap(({ events }) => events)) {
      const opId = event.op_id ?? '';
      const own = byOp.get(opId);
      if (own !== undefined) own.push(event);
      else if (opId !== '') byOp.set(opId, [event]);
    }
    const expected = [...byOp].filter(([, events]) => holds(events)).map(([opId]) => opId);
    expect(expected.length).toBeGreaterThan(3);
    const condition = compileWhere(text, { flag: 'the condition' });
    const search = { condition, isOneEvent, events: MATCH_ALL, fromNs: null, toNs: null };
    const { rows } = await findActions(testStore.store, { ...search, limit: EVERYTHING }, {});
    expect(rows.map(({ opId }) => opId).toSorted()).toEqual(expected.toSorted());
    expect(rows[0]?.actionCount).toBe(expected.length);
    const first = await findActions(testStore.store, { ...search, limit: 1 }, {});
    expect(first.rows).toEqual(rows.slice(0, 1));
  });

  it.each([
    ['quotes', `'"\``],
    ['a backslash', '\\'],
    ['a percent sign', '%'],
    ['an emoji', '😀'],
    ['a parameter', '{id:String}'],
    ['a NUL', '\u0000'],
    ['10 kB', 'x'.repeat(10_000)],
  ])('finds nothing under an ID of %s, with success', async (_, id) => {
    expect(await find({ kind: 'any', id })).toEqual({ kind: 'nothing' });
  });
});
