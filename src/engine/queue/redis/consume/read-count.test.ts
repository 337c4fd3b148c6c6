import { describe, expect, it } from 'vitest';
import { runOf } from '../../../model/record-run.js';
import { ReadCount } from './read-count.js';

const record = (offset: number) => ({
  ...{ offset: BigInt(offset), timestampMs: 0, key: null, value: null, headers: undefined },
});

/** What lies from one offset up to another. */
function page(from: number, until: number, offsets: readonly number[]) {
  const run = offsets.length === 0 ? undefined : runOf(offsets.map(record));
  return { from: BigInt(from), until: BigInt(until), run, isFull: false };
}

describe('ReadCount', () => {
  it('counts what was read from where the count is known', () => {
    const count = new ReadCount(10n, 5);
    count.add(page(10, 31, [12, 20, 30]));
    count.add(page(31, 41, [40]));
    expect([10n, 12n, 13n, 31n, 41n].map((offset) => count.at(offset))).toEqual([5, 5, 6, 8, 9]);
  });

  it('knows nothing of before, of beyond, and of what was skipped', () => {
    const count = new ReadCount(10n, 5);
    count.add(page(20, 31, [30]));
    expect([9n, 31n].map((offset) => count.at(offset))).toEqual([null, null]);
  });

  it('counts once what was read twice', () => {
    const count = new ReadCount(0n, 0);
    count.add(page(0, 21, [10, 20]));
    count.add(page(15, 31, [20, 30]));
    expect(count.at(31n)).toBe(3);
  });

  it('goes on from a commit, and from one whose count is not known only at the next that is', () => {
    const count = new ReadCount(0n, 0);
    count.add(page(0, 21, [10, 20]));
    count.moveTo(15n, 1);
    expect(count.at(21n)).toBe(2);
    count.moveTo(100n, null);
    count.add(page(100, 111, [110]));
    expect(count.at(111n)).toBeNull();
  });
});
