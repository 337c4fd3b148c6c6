import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActionFact } from '../../../engine/generate/truth.js';
import { createRandom } from '../../../engine/model/random.js';
import { formatRfc3339 } from '../../../engine/model/timestamp.js';
import { findCriticalPath } from '../../../engine/trace/critical-path.js';
import { buildTraceTree } from '../../../engine/trace/trace-tree.js';
import { askAtOnce } from '../../../store/testing/at-once.js';
import { startTestStore, type TestStore } from '../../../store/testing/test-store.js';
import { storeShopCases, type ShopCase } from '../_question/testing/shop-cases.js';
import { lookUp } from '../_trace/lookup/look-up.js';
import { describeTrace } from '../_trace/trace-json.js';
import { nameOfLine } from './testing/recount-context.js';
import { faultsOfPath, inStoreOrder, recountTrace, retriesOf } from './testing/recount-trace.js';

const SEED_COUNT = Number(process.env['ATBD_ORACLE_SEEDS'] ?? 200);
const NS_PER_MS = 1e6;

/** What a span of a call says when the shop took it for a failed attempt; one that was declined was answered. */
const SPAN_STATUSES: Readonly<Record<string, readonly string[]>> = {
  ok: ['ok'],
  timeout: ['timeout'],
  failed: ['error', 'ok'],
};

/** One of its actions by chance, and one that called a provider again if it has any. */
function chooseActions({ seed, facts }: ShopCase): string[] {
  const actions = facts.filter((fact): fact is ActionFact => fact.kind === 'action');
  const sent = actions.filter(({ eventCount }) => eventCount > 0);
  const retried = sent.find(({ opId }) => retriesOf(opId, facts) !== null);
  const other = sent[createRandom(seed).integerBelow(sent.length)]!;
  return [...new Set([other.opId, ...(retried === undefined ? [] : [retried.opId])])];
}

describe.each([1, 3])('an action as it is shown, on %i shards', (shardCount) => {
  let testStore: TestStore;
  let cases: readonly ShopCase[];
  beforeAll(async () => {
    testStore = await startTestStore({ shardCount });
    const seeds = Array.from({ length: SEED_COUNT }, (_, index) => 3000 + index);
    cases = await storeShopCases(testStore.store, seeds);
  }, 600_000);
  afterAll(() => testStore[Symbol.asyncDispose]());

  async function read(opId: string) {
    const found = await lookUp(
      testStore.store,
      { kind: 'any', id: opId },
      {
        signal: new AbortController().signal,
        onMissing: (shards) => {
          expect(shards).toEqual([]);
        },
        onAmbiguous: () => undefined,
        ...{ eventsMax: 100_000, actionsMax: 100 },
      },
    );
    if (found.kind !== 'trace') throw new Error(`${opId} is ${found.kind}`);
    return found.answer.events;
  }

  it(`is what its events and the shop itself say, for ${SEED_COUNT} seeds`, async () => {
    const seen = { retries: 0, gaps: 0 };
    await askAtOnce(cases, async (shopCase) => {
      const asked = chooseActions(shopCase).map(async (opId) => [opId, await read(opId)] as const);
      const answers = await Promise.all(asked);
      return () => {
        for (const [opId, events] of answers) {
          const told = `seed ${shopCase.seed}, ${opId}`;
          const own = inStoreOrder(shopCase.events.filter(({ event }) => event.op_id === opId));
          const places = events.map(({ position }) => nameOfLine({ ...position }));
          expect(places, told).toEqual(own.map(nameOfLine));
          const wanted = recountTrace(own);
          const shown = describeTrace(opId, events) as {
            readonly gaps: readonly { readonly gapMs: number }[];
            readonly criticalPath: {
              readonly spans: readonly { readonly selfMs: number }[];
              readonly outsideMs: number;
            } | null;
            readonly retries: readonly {
              readonly provider: string | null;
              readonly operation: string | null;
              readonly outcomes: readonly string[];
            }[];
          };
          const durationMs = Number(wanted.endNs - wanted.startNs) / NS_PER_MS;
          const { spanCount, errorCount, warnCount } = wanted;
          expect(shown, told).toMatchObject({
            ...{ start: formatRfc3339(wanted.startNs), durationMs },
            ...{ spanCount, errorCount, warnCount },
          });
          const gapsMs = wanted.gapsNs.map((ns) => Number(ns) / NS_PER_MS);
          expect(
            shown.gaps.map(({ gapMs }) => gapMs),
            told,
          ).toEqual(gapsMs);
          seen.gaps += gapsMs.length;
          const path = findCriticalPath(buildTraceTree(events));
          expect(path === undefined, told).toBe(shown.criticalPath === null);
          if (path !== undefined && shown.criticalPath !== null) {
            expect(faultsOfPath(path, events, wanted), told).toEqual([]);
            const selfMs = shown.criticalPath.spans.map((span) => span.selfMs);
            const sum = selfMs.reduce((a, b) => a + b, shown.criticalPath.outsideMs);
            expect(sum, told).toBeCloseTo(durationMs, 3);
          }
          seen.retries += expectRetries(shopCase, opId, shown.retries);
        }
      };
    });
    expect(seen.retries).toBeGreaterThan(SEED_COUNT / 10);
    expect(seen.gaps).toBeGreaterThan(SEED_COUNT / 10);
  }, 600_000);
});

/** Calls to the provider are folded into one line; gives how many lines were judged: sent twice, two are one and its copy. */
function expectRetries(
  { seed, facts, truth, faults }: ShopCase,
  opId: string,
  shown: readonly {
    readonly provider: string | null;
    readonly operation: string | null;
    readonly outcomes: readonly string[];
  }[],
): number {
  const isClear =
    truth.sent.duplicated === 0 &&
    !faults.some(({ kind }) => ['clock-skew', 'service-silent'].includes(kind));
  if (!isClear) return 0;
  const made = retriesOf(opId, facts);
  // Money is paid back by calls to a provider, too.
  const folded = shown.filter(
    ({ provider, operation }) => provider !== null && operation === 'buy',
  );
  if (made === null) {
    expect(folded, `seed ${seed}, ${opId}`).toEqual([]);
    return 0;
  }
  expect(
    folded.map(({ provider }) => provider),
    `seed ${seed}, ${opId}`,
  ).toEqual([made.provider]);
  const { outcomes } = folded[0]!;
  expect(outcomes).toHaveLength(made.outcomes.length);
  for (const [index, outcome] of outcomes.entries())
    expect(SPAN_STATUSES[made.outcomes[index]!], `seed ${seed}, ${opId}`).toContain(outcome);
  return 1;
}
