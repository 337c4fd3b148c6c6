import { expect, it } from 'vitest';
import { createRandom } from '../model/random.js';
import { RecentValues } from './recent-values.js';

it('picks among the last values only', () => {
  const recent = new RecentValues(3);
  const random = createRandom(1);
  expect(recent.pick(random)).toBeUndefined();
  for (const value of ['a', 'b', 'c', 'd', 'e']) recent.add(value);
  const picked = new Set(Array.from({ length: 100 }, () => recent.pick(random)));
  expect([...picked].sort()).toEqual(['c', 'd', 'e']);
});
