import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../model/random.js';
import { explain } from './explain.js';
import { findMultitudes, type CountFrequency } from './multitude.js';
import { findRefunders } from './refunds.js';
import { median, spreadOf } from './robust.js';
import { findUnusual, type Series } from './seasonal.js';

describe('median and spread', () => {
  it.each([
    [[3], 3],
    [[4, 1], 2.5],
    [[9, 1, 5], 5],
  ])('the middle of %j is %d', (values, middle) => {
    expect(median(values)).toBe(middle);
  });

  it('are not moved by what is far out, up to half of all', () => {
    const values = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 5, maxLength: 60 });
    fc.assert(
      fc.property(values, (usual) => {
        const wild = Array.from({ length: Math.ceil(usual.length / 2) - 1 }, () => 1e9);
        const { median: middle, deviation } = spreadOf([...usual, ...wild]);
        expect(middle).toBeLessThanOrEqual(100);
        expect(deviation).toBeLessThanOrEqual(150);
      }),
    );
  });
});

describe('multitudes', () => {
  const WINDOW = { windowMs: 300_000 };
  /** Many do it once, a few up to ten times. */
  const usual: CountFrequency[] = Array.from({ length: 10 }, (_, at) => ({
    operation: 'buy',
    actions: at + 1,
    windows: Math.round(1000 / (at + 1) ** 2),
  }));
  const who = (actions: number, windowMs = 0, name = 'user u-1') => ({
    operation: 'buy',
    who: name,
    windowMs,
    actions,
  });

  it('are those who did it far oftener than everybody else', () => {
    const found = findMultitudes([who(10), who(300, 0, 'user u-2')], usual, WINDOW);
    expect(found).toMatchObject([
      {
        kind: 'multitude',
        what: 'buy actions',
        who: 'user u-2',
        seen: 300,
        fromMs: 0,
        toMs: 300_000,
      },
    ]);
  });

  it('are one story over windows that follow each other, and two where they do not', () => {
    const found = findMultitudes([who(300), who(200, 300_000), who(90, 1_200_000)], usual, WINDOW);
    expect(found.map(({ fromMs, toMs, seen }) => [fromMs, toMs, seen])).toEqual([
      [0, 600_000, 500],
      [1_200_000, 1_500_000, 90],
    ]);
  });

  it('need some actions, however rare these are', () => {
    const once = [{ operation: 'refund', actions: 1, windows: 10_000 }];
    const few = { operation: 'refund', who: 'user u-1', windowMs: 0, actions: 11 };
    expect(findMultitudes([few], once, WINDOW)).toEqual([]);
    expect(findMultitudes([{ ...few, actions: 12 }], once, WINDOW)).toHaveLength(1);
  });
});

describe('refunds', () => {
  const all = { bought: 2000, refunded: 100 };
  const user = (bought: number, refunded: number, userId = 'u-1') => ({
    userId,
    bought,
    refunded,
    firstMs: 0,
    lastMs: 9,
  });

  it.each([
    [20, 19, 1],
    [6, 6, 1],
    [12, 8, 1],
    // Some of many customers do.
    [12, 6, 0],
    // A handful is bad luck.
    [5, 5, 0],
    [3, 3, 0],
    // Most of it was kept.
    [20, 9, 0],
    // Bought before the range.
    [0, 8, 1],
  ])('of %d purchases %d given back: %d found', (bought, refunded, count) => {
    expect(findRefunders([user(bought, refunded)], all)).toHaveLength(count);
  });

  it('of three orders each accuse nobody in a shop of eight where one in three goes back', () => {
    const users = [user(4, 3, 'u-3'), user(4, 3, 'u-7'), user(5, 2, 'u-6')];
    expect(findRefunders(users, { bought: 32, refunded: 10 })).toEqual([]);
  });

  it('are measured against what the others give back: much of it is usual in some shops', () => {
    const fashion = { bought: 2000, refunded: 900 };
    expect(findRefunders([user(12, 10)], fashion)).toEqual([]);
    expect(findRefunders([user(40, 38)], fashion)).toMatchObject([{ who: 'user u-1', seen: 38 }]);
  });

  it('show a ring in which most of the shop is: it is not what is usual', () => {
    const ring = Array.from({ length: 6 }, (_, at) => user(80, 80, `u-${at}`));
    const found = findRefunders([...ring, user(9, 2, 'u-9')], { bought: 520, refunded: 483 });
    expect(found.map(({ who }) => who)).toEqual(ring.map(({ userId }) => `user ${userId}`));
  });

  it('accuse nobody where nothing is known of others', () => {
    expect(findRefunders([user(7, 7)], { bought: 7, refunded: 7 })).toEqual([]);
  });
});

const DAY_MS = 86_400_000;
const EVERY_MS = 900_000;

/** A figure that follows the hour of the day, with some chance in it. */
function seasonal(days: number, seed: number): number[] {
  const random = createRandom(seed);
  return Array.from({ length: (days * DAY_MS) / EVERY_MS }, (_, at) => {
    const hour = Math.floor((at * EVERY_MS) / 3_600_000) % 24;
    const mean = 100 + 80 * Math.sin((hour / 24) * 2 * Math.PI);
    return Math.max(
      0,
      Math.round(
        mean + Math.sqrt(mean) * (random.next() + random.next() + random.next() - 1.5) * 2,
      ),
    );
  });
}

function judge(values: readonly (number | null)[], days: number, kind: Series['kind'] = 'count') {
  const startsMs = values.map((_, at) => at * EVERY_MS);
  return findUnusual([{ what: 'errors', who: 'payment', kind, values }], {
    startsMs,
    everyMs: EVERY_MS,
    judgedFromMs: (days - 1) * DAY_MS,
    offsetMsAt: () => 0,
  });
}

describe('series', () => {
  it('that do what they do at every such hour are not unusual', () => {
    for (let seed = 1; seed <= 20; seed += 1)
      expect(judge(seasonal(8, seed), 8).anomalies, `seed ${seed}`).toEqual([]);
  });

  it('that leave it are found, up and down, with when and how far', () => {
    const values = seasonal(8, 3);
    const at = 7 * 96 + 40;
    for (const index of [at, at + 1, at + 2]) values[index] = 900;
    values[at + 20] = 0;
    const { anomalies } = judge(values, 8);
    expect(anomalies).toMatchObject([
      {
        what: 'errors',
        who: 'payment',
        fromMs: at * EVERY_MS,
        toMs: (at + 3) * EVERY_MS,
        seen: 2700,
      },
      { fromMs: (at + 20) * EVERY_MS, seen: 0 },
    ]);
    expect(anomalies[0]!.score).toBeGreaterThan(6);
    expect(anomalies[1]!.score).toBeLessThan(-6);
  });

  it('are judged by the hour of the week once there are three weeks', () => {
    // Sundays are ten times busier: unusual by the day, usual by the week.
    const values = seasonal(29, 5).map((value, at) =>
      Math.floor((at * EVERY_MS) / DAY_MS) % 7 === 0 ? value * 10 : value,
    );
    expect(judge(values, 29).anomalies).toEqual([]);
    expect(judge(values.slice(-8 * 96), 8).anomalies).not.toEqual([]);
  });

  it('warm up before there are three days, instead of guessing', () => {
    const values = seasonal(3, 7);
    values[2 * 96 + 10] = 100_000;
    expect(judge(values, 3)).toEqual({ anomalies: [], warmingUp: 1 });
  });

  it('have no history before their first sign, and none of what was not measured', () => {
    const late = seasonal(8, 9).map((value, at) => (at < 6 * 96 ? 0 : value));
    expect(judge(late, 8)).toEqual({ anomalies: [], warmingUp: 1 });
    const silent = seasonal(8, 9).map((value, at) => (at < 7 * 96 ? value : null));
    expect(judge(silent, 8, 'measure')).toEqual({ anomalies: [], warmingUp: 0 });
    const unmeasured = seasonal(8, 9).map((value, at) => (at < 6 * 96 ? null : value));
    expect(judge(unmeasured, 8, 'measure')).toEqual({ anomalies: [], warmingUp: 1 });
  });

  it('of something new that somebody known does are found: no error before is history, too', () => {
    const startsMs = seasonal(8, 1).map((_, at) => at * EVERY_MS);
    const errors = startsMs.map((_, at) => (at === 7 * 96 + 30 ? 40 : 0));
    const { anomalies } = findUnusual(
      [
        { what: 'events', who: 'cart', kind: 'count', values: seasonal(8, 1) },
        { what: 'errors', who: 'cart', kind: 'count', values: errors },
      ],
      { startsMs, everyMs: EVERY_MS, judgedFromMs: 7 * DAY_MS, offsetMsAt: () => 0 },
    );
    expect(anomalies).toMatchObject([{ what: 'errors', seen: 40, expected: 0 }]);
  });

  it('that are slow show in wider intervals, and once', () => {
    const values = seasonal(8, 1).map(() => 16);
    for (let at = 7 * 96 + 40; at < 7 * 96 + 48; at += 1) values[at] = 2;
    const { anomalies } = judge(values, 8);
    const fromMs = (7 * 96 + 40) * EVERY_MS;
    expect(anomalies).toMatchObject([{ fromMs, toMs: fromMs + 8 * EVERY_MS, seen: 16 }]);
    expect(anomalies[0]!.score).toBeLessThan(-6);
  });

  it('that fall silent are found, though they vary by a fifth from day to day', () => {
    const byDay = [48, 72, 48, 72, 48, 72, 60, 48];
    const values = byDay.flatMap((count) => Array.from({ length: 96 }, () => count));
    expect(judge(values, 8).anomalies).toEqual([]);
    const at = 7 * 96 + 40;
    for (let index = at; index < at + 4; index += 1) values[index] = 0;
    expect(judge(values, 8).anomalies).toMatchObject([
      { fromMs: at * EVERY_MS, toMs: (at + 4) * EVERY_MS, seen: 0, expected: 240 },
    ]);
  });

  it('of a few things are left alone', () => {
    const values = seasonal(8, 1).map(() => 0);
    values[7 * 96 + 5] = 9;
    values[0] = 1;
    expect(judge(values, 8).anomalies).toEqual([]);
  });
});

describe('an explanation', () => {
  const totals = [{ field: 'provider', bad: 100, all: 1000 }];
  const value = (name: string, bad: number, all: number) => ({
    field: 'provider',
    value: name,
    bad,
    all,
  });

  it('ranks what is over-represented in what went wrong', () => {
    const values = [value('acme', 90, 300), value('paybridge', 8, 400), value('kontopay', 2, 300)];
    expect(explain(values, totals)).toEqual([
      { field: 'provider', value: 'acme', bad: 90, share: 0.9, lift: 0.3 / (11 / 701) },
    ]);
  });

  it('finds what fails and is tried again, though it is most of everything', () => {
    const values = [value('acme', 478, 478), value('paybridge', 1, 64)];
    const found = explain(values, [{ field: 'provider', bad: 479, all: 542 }]);
    expect(found.map((one) => one.value)).toEqual(['acme']);
    expect(found[0]!.lift).toBeGreaterThan(30);
  });

  it('has nothing to say where nothing went wrong, or all of it is alike', () => {
    expect(explain([value('acme', 0, 300)], [{ field: 'provider', bad: 0, all: 1000 }])).toEqual(
      [],
    );
    expect(explain([value('acme', 100, 1000)], totals)).toEqual([]);
  });
});
