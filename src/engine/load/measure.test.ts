import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Measure } from './measure.js';

describe('Measure', () => {
  it('knows nothing before the first latency', () => {
    expect(new Measure().summarise()).toEqual({
      ...{ count: 0, errors: 0, errorsByCode: {}, unfinished: 0 },
      ...{ p50: null, p90: null, p99: null, max: null },
    });
  });

  it('gives each percentile within 0.1 % of the value at its rank, and the largest exactly', () => {
    const latencies = fc.array(fc.double({ min: 0, max: 600_000, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(latencies, (values) => {
        const measure = new Measure();
        for (const value of values) measure.record(value);
        const sorted = values.toSorted((a, b) => a - b);
        const summary = measure.summarise();
        for (const [percent, seen] of [
          [50, summary.p50],
          [90, summary.p90],
          [99, summary.p99],
        ] as const) {
          const expected = sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? NaN;
          expect(Math.abs((seen ?? NaN) - expected)).toBeLessThanOrEqual(expected * 0.001 + 0.0011);
        }
        expect(summary.max).toBeCloseTo(sorted.at(-1) ?? NaN, 3);
        expect(summary.p99).toBeLessThanOrEqual(summary.max ?? NaN);
      }),
    );
  });

  it('takes a clock that went back for no time at all', () => {
    const measure = new Measure();
    measure.record(-5);
    expect(measure.summarise()).toMatchObject({ count: 1, max: 0 });
  });
});
