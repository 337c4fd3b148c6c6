import { describe, expect, it } from 'vitest';
import { createShopSource } from './shop-source.js';

const FROM_MS = Date.UTC(2026, 10, 1);

const sourceOf = (seed = 1) => createShopSource({ seed, fromMs: FROM_MS, eventsPerSecond: 500 });

describe('createShopSource', () => {
  it('gives as many records as asked for, each under the id of its action', () => {
    const source = sourceOf();
    for (const count of [0, 1, 7, 1_000]) {
      const messages = source.take(count);
      expect(messages).toHaveLength(count);
      for (const { key, value } of messages) {
        const event = JSON.parse(String(value)) as Record<string, unknown>;
        expect(event['op_id']).toBe(key);
        expect(source.services).toContain(event['service']);
      }
    }
  });

  it('keeps up with the clock at its mean rate', () => {
    const last = sourceOf().take(5_000).at(-1);
    const { ts } = JSON.parse(String(last?.value)) as { ts: string };
    expect(Math.abs(Date.parse(ts) - (FROM_MS + 10_000))).toBeLessThan(5_000);
  });

  it('gives the same records for the same seed, in pieces of any size', () => {
    const [one, two] = [sourceOf(3), sourceOf(3)];
    expect([...one.take(30), ...one.take(70)]).toEqual(two.take(100));
    expect(sourceOf(4).take(100)).not.toEqual(sourceOf(3).take(100));
  });
});
