import { describe, expect, it } from 'vitest';
import { watermarkOf } from './watermark.js';

const NOW_MS = 1_000_000_000;
const ago = (seconds: number) => BigInt(NOW_MS - seconds * 1000) * 1_000_000n;
const partition = (largestAgo: number, arrivedAgo: number) => ({
  largestNs: ago(largestAgo),
  arrivedMs: NOW_MS - arrivedAgo * 1000,
});

describe('the watermark', () => {
  it.each([
    ['of nothing is not known', [], null],
    ['is the largest time of one partition', [partition(5, 1)], ago(5)],
    ['is the least advanced of all', [partition(5, 1), partition(40, 2), partition(3, 0)], ago(40)],
    ['does not wait for an idle partition', [partition(5, 1), partition(90, 60)], ago(5)],
    ['waits for one that is nearly idle', [partition(5, 1), partition(90, 59.999)], ago(90)],
    ['of a catching up partition is far back', [partition(5, 1), partition(7200, 1)], ago(7200)],
    ['is the most advanced where all are idle', [partition(500, 90), partition(90, 80)], ago(90)],
    ['is never later than the clock', [partition(-300, 1)], ago(0)],
    ['is never later than the clock where all are idle', [partition(-300, 100)], ago(0)],
  ])('%s', (_, partitions, expected) => {
    expect(watermarkOf(partitions, NOW_MS)).toBe(expected);
  });
});
