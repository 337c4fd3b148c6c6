import { describe, expect, it } from 'vitest';
import { InsertPace } from './insert-pace.js';

/** A pace after one insert of each partition, and the clock it goes by. */
function paceAfter(insertMsByPartition: readonly number[]): {
  pace: InsertPace;
  now: { ms: number };
} {
  const now = { ms: 5_000 };
  const pace = new InsertPace({ nowMs: () => now.ms, sleep: () => Promise.resolve() });
  insertMsByPartition.forEach((insertMs, index) => {
    pace.add(`events/${index}`, insertMs);
  });
  return { pace, now };
}

describe('InsertPace', () => {
  it.each([
    ['nobody has inserted', [], 200],
    ['one partition inserts quickly', [60], 200],
    ['three partitions insert quickly', [60, 60, 60], 240],
    ['six partitions insert quickly', [50, 50, 50, 50, 50, 50], 400],
    ['many partitions insert quickly', Array.from({ length: 60 }, () => 50), 700],
    ['one partition inserts slowly', [300], 600],
    ['six partitions insert slowly', [400, 400, 400, 400, 400, 400], 800],
    ['an insert takes very long', [5_000], 1_000],
  ])('when %s waits %j -> %i ms for company', (_, insertMs, lingerMs) => {
    expect(paceAfter(insertMs).pace.lingerMs('events/0')).toBe(lingerMs);
  });

  it('counts the latest insert of a partition only', () => {
    const { pace } = paceAfter([60, 60, 60, 60]);
    for (let count = 0; count < 100; count += 1) pace.add('events/1', 30);
    expect(pace.lingerMs('events/0')).toBe(280);
  });

  it('forgets the part of a partition that has inserted nothing for a while', () => {
    const { pace, now } = paceAfter([60, 60, 60, 60, 60]);
    now.ms += 2_001;
    pace.add('events/0', 90);
    pace.add('events/1', 90);
    expect(pace.lingerMs('events/0')).toBe(240);
  });
});
