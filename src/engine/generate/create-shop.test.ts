import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createShop, type Sending } from './create-shop.js';
import type { Fault } from './fault/fault.js';
import { amountsOf, recount, sentTotalsOf } from './testing/recount.js';
import {
  seenActions,
  seenChains,
  seenSessions,
  statedActions,
  statedChains,
  statedSessions,
} from './testing/recount-facts.js';
import { missingFieldsOf } from './testing/required-field.js';
import { faultOf, runShop, smallSpec, totalsOf, type ShopRun } from './testing/run-shop.js';

/** One of each kind; what is told of payments must arrive whole, so only the catalogue is silent. */
const ALL_FAULTS: readonly Fault[] = [
  { kind: 'provider-down', provider: 'acme', at: '10s', for: '20s' },
  { kind: 'provider-maintenance', provider: 'paybridge', at: '5s', for: '30s' },
  { kind: 'provider-slow', provider: 'paybridge', factor: 30, at: '40s' },
  { kind: 'provider-overloaded', provider: 'nordwire' },
  { kind: 'provider-flapping', provider: 'zenpay', every: '8s' },
  { kind: 'service-errors', service: 'payment', share: 0.1 },
  { kind: 'service-errors', service: 'order', share: 0.1, at: '30s' },
  { kind: 'service-leak', service: 'order' },
  { kind: 'service-cpu', service: 'gateway', at: '10s' },
  { kind: 'service-restarts', service: 'reservation', every: '15s' },
  { kind: 'service-silent', service: 'catalogue', at: '20s', for: '20s' },
  { kind: 'bad-deploy', service: 'accounting', at: '20s', for: '30s' },
  { kind: 'hammering-user', operation: 'reserve', at: '10s', for: '10s' },
  { kind: 'refund-ring', users: 3, every: '15s' },
  { kind: 'crowd', factor: 3, at: '30s', for: '10s' },
  { kind: 'double-click', share: 0.5 },
  { kind: 'late', by: '45s' },
  { kind: 'duplicated', share: 0.05 },
  { kind: 'out-of-order' },
  { kind: 'clock-skew', service: 'gateway', by: '-90s' },
  { kind: 'clock-skew', service: 'payment', by: '20m' },
  { kind: 'poison', share: 0.02 },
].map(faultOf);

const ofKinds = (prefix: RegExp): Fault[] => ALL_FAULTS.filter(({ kind }) => prefix.test(kind));

const MIXES: readonly (readonly [name: string, faults: readonly Fault[]])[] = [
  ['no fault', []],
  ['broken providers', ofKinds(/^provider-/u)],
  ['broken services', ofKinds(/^(service-|bad-deploy)/u)],
  ['bad customers', ofKinds(/^(hammering-user|refund-ring|crowd|double-click)/u)],
  ['a bad way to the queue', ofKinds(/^(late|duplicated|out-of-order|clock-skew|poison)/u)],
  ['all faults at once', ALL_FAULTS],
];

/** What is told of a run, a line each, in the order in which it is told. */
function toldOf({ facts, truth }: ShopRun): string[] {
  return [...facts, totalsOf(truth)].map((told) => JSON.stringify(told));
}

function textsOf(sendings: readonly Sending[]): string[] {
  return sendings.map(({ sendMs, key, value }) => `${sendMs} ${key} ${value.toString('latin1')}`);
}

/** The first place where two lists part, null when they are equal. Comparing thousands of texts by `toEqual` takes long. */
function firstDifference(one: readonly string[], other: readonly string[]): unknown {
  const length = Math.max(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    if (one[at] !== other[at]) return { at, one: one[at], other: other[at] };
  }
  return null;
}

/** All that a truth says and that the records show must be the same. */
function expectTruth(run: ShopRun): void {
  const { truth, facts, sendings, spec } = run;
  const seen = recount(run);
  const { silenced: _silenced, skewed, ...sent } = truth.sent;
  expect({ ...sent, byTypeAndStatus: new Set(sent.byTypeAndStatus) }).toEqual({
    ...sentTotalsOf(seen),
    byTypeAndStatus: new Set(sentTotalsOf(seen).byTypeAndStatus),
  });
  const skewedServices = spec.faults.flatMap((fault) =>
    fault.kind === 'clock-skew' ? [fault.service as string] : [],
  );
  const isSkewed = ({ event: { service = '' } }: (typeof seen.events)[number]): boolean =>
    skewedServices.includes(service);
  expect(skewed).toBe(seen.events.filter(isSkewed).length);
  expect(new Set(truth.amounts)).toEqual(new Set(amountsOf(seen)));
  expect(statedActions(facts)).toEqual(seenActions(seen));
  expect(statedSessions(facts)).toEqual(seenSessions(seen));
  expect(statedChains(facts)).toEqual(seenChains(seen));
  expect(countFacts(run)).toEqual({ action: truth.actionCount, session: truth.sessionCount });
  expect(seen.events.filter(({ heldMs }) => heldMs < 0)).toEqual([]);
  expect(sendings.filter(({ sendMs }, at) => sendMs < (sendings[at - 1]?.sendMs ?? 0))).toEqual([]);
}

function countFacts({ facts }: ShopRun): unknown {
  const count = (kind: string): number => facts.filter((fact) => fact.kind === kind).length;
  return { action: count('action'), session: count('session') };
}

describe.each(MIXES)('a shop with %s', (_name, faults) => {
  const spec = smallSpec({ faults });
  const whole = runShop(spec);

  it('sends the same bytes and tells the same truth when it is run again', () => {
    const again = runShop(spec);
    expect(firstDifference(textsOf(again.sendings), textsOf(whole.sendings))).toBeNull();
    expect(firstDifference(toldOf(again), toldOf(whole))).toBeNull();
  });

  it('does something else under another seed', () => {
    const other = runShop({ ...spec, seed: 2 });
    expect(firstDifference(textsOf(other.sendings), textsOf(whole.sendings))).not.toBeNull();
  });

  it('sends the same in many small steps as in one', () => {
    const inSteps = runShop(spec, { stepMs: 7 });
    expect(firstDifference(textsOf(inSteps.sendings), textsOf(whole.sendings))).toBeNull();
    expect(firstDifference(toldOf(inSteps), toldOf(whole))).toBeNull();
  });

  it.each([1, 2, 3, 5])('sends the same set in %i shares, and each knows all', (count) => {
    const shares = Array.from({ length: count }, (_, index) =>
      runShop({ ...spec, share: { index, count } }),
    );
    const union = shares.flatMap(({ sendings }) => textsOf(sendings));
    expect(firstDifference(union.toSorted(), textsOf(whole.sendings).toSorted())).toBeNull();
    for (const share of shares) expect(firstDifference(toldOf(share), toldOf(whole))).toBeNull();
  });

  it('tells what its records show', () => {
    expectTruth(whole);
  });

  it('gives every event the fields that its type must have', () => {
    const missing = recount(whole).events.flatMap(({ event }) => missingFieldsOf(event));
    expect(missing).toEqual([]);
  });
});

describe('a shop', () => {
  it('tells what its records show, whatever goes wrong and whoever visits', () => {
    const spec = fc.record({
      seed: fc.integer({ min: 0, max: 0xffffffff }),
      faults: fc.subarray([...ALL_FAULTS]),
      seconds: fc.integer({ min: 1, max: 60 }),
      eventsPerSecond: fc.integer({ min: 1, max: 40 }),
      userCount: fc.integer({ min: 1, max: 300 }),
      isDiurnal: fc.boolean(),
    });
    fc.assert(
      fc.property(spec, (changes) => {
        expectTruth(runShop(smallSpec(changes)));
      }),
      { numRuns: 15 },
    );
  });

  it('hands over what is sent before the moment asked for, and nothing else', () => {
    const spec = smallSpec({ faults: [faultOf({ kind: 'late', share: 0.5, by: '61s' })] });
    const shop = createShop(spec);
    const sentMs: number[] = [];
    const untilMs = spec.fromMs + 20_000.5;
    expect(shop.advance(untilMs, ({ sendMs }) => sentMs.push(sendMs))).toBe(true);
    expect(Math.max(...sentMs)).toBeLessThan(untilMs);
    expect(shop.truth.isComplete).toBe(false);
    const rest: number[] = [];
    expect(shop.advance(Infinity, ({ sendMs }) => rest.push(sendMs))).toBe(false);
    expect(Math.min(...rest)).toBeGreaterThanOrEqual(untilMs);
    expect(shop.truth.isComplete).toBe(true);
    expect(sentMs.length + rest.length).toBe(shop.truth.sent.total);
  });

  it('sends what is very late in the same order, however it is driven', () => {
    const faults = [faultOf({ kind: 'late', share: 1, by: 65_525 })];
    const spec = smallSpec({ faults, eventsPerSecond: 800, seconds: 6 });
    expect(
      firstDifference(
        textsOf(runShop(spec, { stepMs: 1 }).sendings),
        textsOf(runShop(spec).sendings),
      ),
    ).toBeNull();
  });

  it.each([
    ['at all hours', false],
    ['of a day with its night', true],
  ])('sends as many events a second as it was asked for, %s', (_title, isDiurnal) => {
    // A small share is rendered, which saves time; the truth is that of the whole.
    const share = { index: 0, count: 16 };
    const load = { seconds: 86_400, eventsPerSecond: 2, userCount: 20_000 };
    const { sendings, truth } = runShop(smallSpec({ ...load, isDiurnal, share }));
    expect(truth.sent.total / 86_400 / 2).toBeCloseTo(1, 1);
    const byHour = (hour: number): number =>
      sendings.filter(({ sendMs }) => new Date(sendMs).getUTCHours() === hour).length;
    const [atNight, atPeak] = [byHour(6) + byHour(7), byHour(18) + byHour(19)];
    if (isDiurnal) expect(atPeak).toBeGreaterThan(2.5 * atNight);
    else expect(atPeak / atNight).toBeCloseTo(1, 0);
  });
});
