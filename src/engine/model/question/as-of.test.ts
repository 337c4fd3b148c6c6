import { describe, expect, it } from 'vitest';
import { withProvisional } from './as-of.js';

describe('withProvisional', () => {
  const buckets = { startsMs: [0, 60_000, 120_000], endMs: 180_000, everyMs: 60_000 };
  const range = { fromNs: 0n, toNs: 150_000_000_000n };

  it.each([
    // Row's interval, final until, provisional.
    [0n, 60_000_000_000n, false],
    [0n, 59_999_999_999n, true],
    [60_000_000_000n, 119_999_999_999n, true],
    [60_000_000_000n, 120_000_000_000n, false],
    // The last interval counts only as far as the range.
    [120_000_000_000n, 150_000_000_000n, false],
    [120_000_000_000n, 149_999_999_999n, true],
  ])('marks the interval from %i final until %i: %s', (time, finalNs, provisional) => {
    expect(withProvisional({ time }, { range, buckets, finalNs })).toEqual({ time, provisional });
  });

  it('judges a total by its range', () => {
    const at = (finalNs: bigint) => withProvisional({}, { range, buckets: null, finalNs });
    expect(at(range.toNs)).toEqual({ provisional: false });
    expect(at(range.toNs - 1n)).toEqual({ provisional: true });
  });

  it('leaves a mark where something is open', () => {
    const finalNs = range.toNs;
    const row = { provisional: true };
    expect(withProvisional(row, { range, buckets: null, finalNs })).toEqual(row);
  });
});
