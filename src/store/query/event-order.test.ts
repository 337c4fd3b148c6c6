import { describe, expect, it } from 'vitest';
import { compareByKey } from './event-order.js';

function row(ts: string, topic: string, offset: string, [epoch, partition, item] = [1, 0, 0]) {
  return { c0: ts, c1: topic, c2: epoch, c3: partition, c4: offset, c5: item };
}

describe('compareByKey', () => {
  it.each([
    ['a shorter time that is less', row('999', 'a', '5'), row('1000', 'a', '1')],
    ['a time before 1970', row('-5', 'a', '1'), row('3', 'a', '1')],
    [
      'a time beyond 53 bits',
      row('1795470590910000001', 'a', '9'),
      row('1795470590910000002', 'a', '1'),
    ],
    ['a topic', row('1', 'events', '9'), row('1', 'payments', '1')],
    [
      'a topic by its bytes, not by its UTF-16',
      row('1', '\uFF5E', '9'),
      row('1', '\u{1F600}', '1'),
    ],
    ['an epoch', row('1', 'a', '9', [2, 9, 0]), row('1', 'a', '1', [10, 0, 0])],
    ['a partition', row('1', 'a', '9', [1, 2, 0]), row('1', 'a', '1', [1, 10, 0])],
    ['an offset', row('1', 'a', '9'), row('1', 'a', '10')],
    ['events of one record', row('1', 'a', '9', [1, 0, 9]), row('1', 'a', '9', [1, 0, 10])],
  ])('tells %s', (_, less, more) => {
    expect(compareByKey(less, more)).toBeLessThan(0);
    expect(compareByKey(more, less)).toBeGreaterThan(0);
    expect(compareByKey(less, { ...less })).toBe(0);
  });
});
