import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hash2, hash3, hex4, hex8, mix32, uniqueHex16, unitOf } from './hash.js';
import { Random } from './random.js';

const DRAWS = 20_000;

function draw(seed: number, one: (random: Random) => number): number[] {
  const random = new Random();
  random.begin(seed);
  return Array.from({ length: DRAWS }, () => one(random));
}

/** Pearson's test against equal shares of 16 classes; 37.7 is passed by one in a thousand. */
function chiSquared(units: readonly number[]): number {
  const counts = new Array<number>(16).fill(0);
  for (const unit of units)
    counts[Math.floor(unit * 16)] = (counts[Math.floor(unit * 16)] ?? 0) + 1;
  const expected = units.length / 16;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('a hash', () => {
  it('stays what it is: seeds of old reports and stories must go on to mean the same', () => {
    expect([mix32(1), hash2(1, 2), hash3(1, 2, 3)].map(hex8)).toEqual([
      '514e28b7',
      'fe7a0bfd',
      '2f295594',
    ]);
    expect([uniqueHex16(1, 0), uniqueHex16(1, 1), uniqueHex16(2, 1)]).toEqual([
      'd882530d4df7fb04',
      '70d190326bf086f0',
      '502e071218c4f228',
    ]);
  });

  it.each([
    ['of neighbours', (index: number) => hash2(7, index)],
    ['of neighbouring seeds', (index: number) => hash2(index, 7)],
    ['of neighbours in the last of three', (index: number) => hash3(7, 9, index)],
  ])('spreads evenly: %s', (_title, hashOf) => {
    const hashes = Array.from({ length: DRAWS }, (_, index) => hashOf(index));
    expect(chiSquared(hashes.map(unitOf))).toBeLessThan(37.7);
    expect(chiSquared(hashes.map((hash) => (hash % 16) / 16))).toBeLessThan(37.7);
    expect(new Set(hashes).size).toBeGreaterThan(DRAWS - 5);
  });

  it('changes about half of its bits with each bit of what goes in', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(word, word, (first, second) => {
        const changed = Array.from({ length: 32 }, (_, bit) => {
          const difference = hash2(first, second) ^ hash2(first, (second ^ (1 << bit)) >>> 0);
          return (difference >>> 0).toString(2).replaceAll('0', '').length;
        });
        expect(meanOf(changed)).toBeGreaterThan(12.5);
        expect(meanOf(changed)).toBeLessThan(19.5);
      }),
    );
  });

  it('depends on the order of what goes in', () => {
    expect(hash2(1, 2)).not.toBe(hash2(2, 1));
    expect(hash3(1, 2, 3)).not.toBe(hash3(1, 3, 2));
  });

  it('is written with all its zeros', () => {
    expect([hex8(0), hex8(0xabc), hex8(0xffffffff), hex4(0), hex4(0xa)]).toEqual([
      '00000000',
      '00000abc',
      'ffffffff',
      '0000',
      '000a',
    ]);
  });

  it('makes ids of sixteen digits of which no two are the same, however large the number', () => {
    const number = fc.maxSafeNat();
    fc.assert(
      fc.property(number, number, fc.integer(), (one, other, seed) => {
        const [first, second] = [uniqueHex16(seed, one), uniqueHex16(seed, other)];
        expect(first).toMatch(/^[0-9a-f]{16}$/u);
        expect(first === second).toBe(one === other);
      }),
    );
    const ids = Array.from({ length: DRAWS }, (_, index) => uniqueHex16(1, index));
    expect(new Set(ids).size).toBe(DRAWS);
  });
});

describe('chance', () => {
  it('draws the same after the same seed, whatever was drawn before', () => {
    const random = new Random();
    const five = (seed: number): number[] => {
      random.begin(seed);
      return [
        random.unit(),
        random.below(10),
        random.exponential(3),
        random.around(5),
        random.seed(),
      ];
    };
    const first = five(42);
    five(43);
    expect(five(42)).toEqual(first);
    expect(five(43)).not.toEqual(first);
  });

  it('is even, within [0, 1)', () => {
    const units = draw(1, (random) => random.unit());
    expect(Math.min(...units)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...units)).toBeLessThan(1);
    expect(chiSquared(units)).toBeLessThan(37.7);
    // Neither the next draw nor the first draw of the next seed knows of this one.
    expect(chiSquared(units.map((unit, at) => (unit + (units[at + 1] ?? 0)) % 1))).toBeLessThan(
      37.7,
    );
    const random = new Random();
    const firsts = Array.from({ length: DRAWS }, (_, seed) => {
      random.begin(seed);
      return random.unit();
    });
    expect(chiSquared(firsts)).toBeLessThan(37.7);
  });

  it.each([
    ['below 10', (random: Random) => random.below(10), 4.5, 0.1],
    ['a chance of 0.02', (random: Random) => Number(random.chance(0.02)), 0.02, 0.004],
    ['exponential with mean 7', (random: Random) => random.exponential(7), 7, 0.2],
    // The mean of a lognormal is a tenth above its median with this spread.
    ['around 10000', (random: Random) => random.around(10_000), 11_066, 150],
  ])('has the right mean: %s', (_title, one, mean, tolerance) => {
    const values = draw(3, one);
    expect(Math.abs(meanOf(values) - mean)).toBeLessThan(tolerance);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it('gives whole numbers where they are counted, half of the latencies on each side of the median', () => {
    const latencies = draw(5, (random) => random.around(10_000));
    expect(latencies.every(Number.isInteger)).toBe(true);
    const below = latencies.filter((latency) => latency < 10_000).length;
    expect(Math.abs(below / DRAWS - 0.5)).toBeLessThan(0.015);
    expect(new Set(draw(6, (random) => random.below(5)))).toEqual(new Set([0, 1, 2, 3, 4]));
  });
});
