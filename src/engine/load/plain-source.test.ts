import { describe, expect, it } from 'vitest';
import { createRandom } from '../model/random.js';
import { createPlainSource } from './plain-source.js';
import { RecentValues } from './recent-values.js';

const NOW_MS = Date.UTC(2026, 10, 1);

describe('createPlainSource', () => {
  it('gives as many records as asked for, each an event of now under its action', () => {
    const source = createPlainSource(createRandom(1));
    for (const count of [0, 1, 5, 13, 200]) {
      const messages = source.take(count, NOW_MS);
      expect(messages).toHaveLength(count);
      for (const { key, value } of messages) {
        const event = JSON.parse(String(value)) as Record<string, unknown>;
        expect(event['op_id']).toBe(key);
        expect(source.services).toContain(event['service']);
        expect(event).toMatchObject({ ts: '2026-11-01T00:00:00.000Z', operation: 'buy' });
      }
    }
  });

  it('makes whole actions of spans, logs and a payment, some of them failed', () => {
    const source = createPlainSource(createRandom(1));
    const events = source
      .take(13 * 500, NOW_MS)
      .map(({ value }) => JSON.parse(String(value)) as Record<string, unknown>);
    const countOf = (field: string, value: string): number =>
      events.filter((event) => event[field] === value).length;
    expect(new Set(events.map((event) => event['op_id'])).size).toBe(500);
    expect([countOf('kind', 'span'), countOf('kind', 'log'), countOf('kind', 'record')]).toEqual([
      3_000, 3_000, 500,
    ]);
    expect(countOf('level', 'error')).toBeGreaterThan(0);
    expect(countOf('level', 'error')).toBeLessThan(50);
  });

  it('gives the same records for the same seed', () => {
    const take = (seed: number) => createPlainSource(createRandom(seed)).take(100, NOW_MS);
    expect(take(3)).toEqual(take(3));
    expect(take(3)).not.toEqual(take(4));
  });
});

describe('RecentValues', () => {
  it('picks among the last ones only', () => {
    const recent = new RecentValues(3);
    const random = createRandom(1);
    expect(recent.pick(random)).toBeUndefined();
    for (const value of ['a', 'b', 'c', 'd', 'e']) recent.add(value);
    const picked = new Set(Array.from({ length: 100 }, () => recent.pick(random)));
    expect([...picked].sort()).toEqual(['c', 'd', 'e']);
  });
});
