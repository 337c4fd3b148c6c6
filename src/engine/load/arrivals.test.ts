import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../model/random.js';
import { Arrivals, type RateSpan } from './arrivals.js';

const START_MS = 1_000_000;

const span = (
  durationMs: number,
  fromPerSecond: number,
  toPerSecond = fromPerSecond,
): RateSpan => ({
  durationMs,
  fromPerSecond,
  toPerSecond,
});

function arrivalsOf(spans: readonly RateSpan[], seed = 1): Arrivals {
  return new Arrivals(spans, { startMs: START_MS, random: createRandom(seed) });
}

/** Offsets from the start. */
const momentsOf = (arrivals: Arrivals): number[] =>
  arrivals.takeUntil(Infinity, Infinity).map((ms) => ms - START_MS);

describe('Arrivals', () => {
  it.each([
    ['holds a rate', [span(10_000, 100)], 1_000],
    ['ramps up from nothing', [span(10_000, 0, 100)], 500],
    ['ramps down to nothing', [span(4_000, 50, 0)], 100],
    ['has a spike in the middle', [span(1_000, 10), span(1_000, 1_000), span(1_000, 10)], 1_020],
    ['pauses', [span(1_000, 10), span(60_000, 0), span(1_000, 10)], 20],
    ['is rarer than one a second', [span(10_000, 0.1)], 1],
    ['keeps parts over from span to span', [span(500, 1), span(500, 1)], 1],
    ['has none at all', [span(10_000, 0)], 0],
    ['has no span', [], 0],
  ])('%s with exactly as many as the rates say', (_title, spans, count) => {
    const arrivals = arrivalsOf(spans);
    expect(arrivals.count).toBe(count);
    expect(momentsOf(arrivals)).toHaveLength(count);
    expect(arrivals.nextMs).toBeUndefined();
  });

  it('lies in the part of the curve that is its own', () => {
    // 0 to 100 a second over 10 s: k have arrived after sqrt(k / 5) seconds.
    for (const [index, ms] of momentsOf(arrivalsOf([span(10_000, 0, 100)])).entries()) {
      expect(ms).toBeGreaterThanOrEqual(1000 * Math.sqrt(index / 5) - 1e-6);
      expect(ms).toBeLessThanOrEqual(1000 * Math.sqrt((index + 1) / 5) + 1e-6);
    }
  });

  it('ascends, stays within its spans and agrees with the count at each moment, for any rates', () => {
    const rate = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 500, noNaN: true }));
    const spans = fc.array(
      fc.record({
        durationMs: fc.integer({ min: 1, max: 5_000 }),
        fromPerSecond: rate,
        toPerSecond: rate,
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(spans, fc.nat(), (all, seed) => {
        const arrivals = arrivalsOf(all, seed);
        const { endMs, count } = arrivals;
        const moments = arrivals.takeUntil(Infinity, Infinity);
        expect(moments).toHaveLength(count);
        expect(moments).toEqual(moments.toSorted((a, b) => a - b));
        for (const [index, ms] of moments.entries()) {
          expect(ms).toBeGreaterThanOrEqual(START_MS);
          expect(ms).toBeLessThanOrEqual(endMs);
          const due = arrivals.countUntil(ms);
          expect(due).toBeGreaterThan(index - 0.01);
          expect(due).toBeLessThan(index + 1.01);
        }
      }),
    );
  });

  it('gives what is due, in pieces as large as asked for', () => {
    const arrivals = arrivalsOf([span(10_000, 10)]);
    expect(arrivals.takeUntil(START_MS - 1, 100)).toEqual([]);
    expect(arrivals.takeUntil(START_MS + 1_000, 7)).toHaveLength(7);
    expect(arrivals.takeUntil(START_MS + 1_000, 7)).toHaveLength(3);
    expect(arrivals.takeUntil(START_MS + 1_000, 7)).toHaveLength(0);
  });

  it('says the rate of each moment', () => {
    const arrivals = arrivalsOf([span(1_000, 0, 100), span(1_000, 30)]);
    expect(
      [-1, 0, 500, 1_000, 1_999, 2_000].map((ms) => arrivals.perSecondAt(START_MS + ms)),
    ).toEqual([0, 0, 50, 30, 30, 0]);
  });
});
