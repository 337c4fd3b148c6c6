import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { correlation, robustLine } from './robust-line.js';

const line = fc.record({
  slope: fc.integer({ min: 0, max: 50 }),
  intercept: fc.integer({ min: -100, max: 100 }),
});

describe('a robust line', () => {
  it('is the line that three quarters of the points lie on, wherever the others lie', () => {
    const wild = fc.record({ x: fc.integer({ max: 1000 }), y: fc.integer() });
    fc.assert(
      fc.property(
        line,
        fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 12, maxLength: 40 }),
        fc.array(wild, { maxLength: 3 }),
        ({ slope, intercept }, xs, others) => {
          const points = [...xs.map((x) => ({ x, y: intercept + slope * x })), ...others];
          const found = robustLine(points);
          expect(found.slope).toBeCloseTo(slope, 6);
          expect(found.intercept).toBeCloseTo(intercept, 4);
        },
      ),
    );
  });

  it.each([
    [
      'is level where x never changes',
      [
        [5, 1],
        [5, 2],
        [5, 30],
      ],
      { slope: 0, intercept: 2 },
    ],
    [
      'is level where y falls',
      [
        [1, 30],
        [2, 20],
        [3, 10],
      ],
      { slope: 0, intercept: 20 },
    ],
    ['goes through a single point', [[3, 4]], { slope: 0, intercept: 4 }],
    ['is unknown of none', [], { slope: 0, intercept: NaN }],
  ] as const)('%s', (_, points, expected) => {
    expect(robustLine(points.map(([x, y]) => ({ x, y })))).toEqual(expected);
  });

  it('of many points is the same by a part of their pairs', () => {
    const points = Array.from({ length: 1000 }, (_, x) => ({ x, y: 7 + 3 * x }));
    expect(robustLine(points)).toEqual({ slope: 3, intercept: 7 });
  });
});

describe('the correlation', () => {
  it.each([
    [
      'of what rises together is 1',
      [
        [1, 2],
        [2, 4],
        [3, 6],
      ],
      1,
    ],
    [
      'of what goes apart is -1',
      [
        [1, 6],
        [2, 4],
        [3, 2],
      ],
      -1,
    ],
    [
      'of a known sample',
      [
        [1, 1],
        [2, 3],
        [3, 2],
        [4, 5],
      ],
      0.8315218406202999,
    ],
    [
      'of two points is not defined',
      [
        [1, 2],
        [2, 4],
      ],
      null,
    ],
    [
      'of what never changes is not defined',
      [
        [1, 2],
        [1, 4],
        [1, 6],
      ],
      null,
    ],
    [
      'of what never answers is not defined',
      [
        [1, 2],
        [2, 2],
        [3, 2],
      ],
      null,
    ],
  ] as const)('%s', (_, points, expected) => {
    const found = correlation(points.map(([x, y]) => ({ x, y })));
    if (expected === null) expect(found).toBeNull();
    else expect(found).toBeCloseTo(expected, 12);
  });
});
