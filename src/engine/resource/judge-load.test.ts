import { describe, expect, it } from 'vitest';
import { judgeLoad, type LoadPoint } from './judge-load.js';

const least = () => 0.1;

/** Load of 0.2 and 0.01 a user, with a little noise; `changes` by index. */
function day(changes: Readonly<Record<number, Partial<LoadPoint>>> = {}): LoadPoint[] {
  return Array.from({ length: 24 }, (_, hour) => {
    const users = 10 + (hour % 12) * 3;
    const noise = ((hour * 7) % 5) * 0.002;
    return { users, load: 0.2 + 0.01 * users + noise, ...changes[hour] };
  });
}

const suspicious = (points: readonly LoadPoint[]): number[] =>
  judgeLoad(points, least).flatMap(({ isSuspicious }, at) => (isSuspicious === true ? [at] : []));

describe('a load', () => {
  it('is what its users explain, on a usual day', () => {
    expect(suspicious(day())).toEqual([]);
    expect(judgeLoad(day(), least)[0]?.expected).toBeCloseTo(0.304, 2);
  });

  it('is suspicious where it grew without users, and only there', () => {
    expect(suspicious(day({ 5: { load: 0.9 }, 6: { load: 0.85 } }))).toEqual([5, 6]);
  });

  it('is not suspicious where users came with it', () => {
    expect(suspicious(day({ 5: { users: 70, load: 0.9 } }))).toEqual([]);
  });

  it('is not suspicious where it is below', () => {
    expect(suspicious(day({ 5: { load: 0.01 } }))).toEqual([]);
  });

  it.each([
    [0.395, []],
    [0.42, [0]],
  ])('has to be above by a minimum as well: %d', (load, expected) => {
    // Far beyond three deviations, both.
    expect(suspicious(day({ 0: { load } }))).toEqual(expected);
  });

  it('has to be above what is usual as well, where loads scatter', () => {
    const scattered = day().map(({ users, load }, at) => ({
      users,
      load: (load ?? 0) + ((at * 11) % 7) * 0.1,
    }));
    expect(suspicious(scattered)).toEqual([]);
  });

  it('is not judged where it is not known', () => {
    const [first] = judgeLoad(day({ 0: { load: null } }), least);
    expect(first).toEqual({ expected: expect.closeTo(0.304, 2) as number, isSuspicious: null });
  });

  it.each([
    [7, null],
    [8, false],
  ])('of %i intervals: %s', (count, expected) => {
    const verdicts = judgeLoad(day().slice(0, count), least);
    expect(verdicts.map(({ isSuspicious }) => isSuspicious)).toEqual(Array(count).fill(expected));
  });
});
