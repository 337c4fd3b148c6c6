import { expect, it } from 'vitest';
import { createShop } from './create-shop.js';

const FROM_MS = Date.UTC(2026, 2, 2);
const DAY_MS = 86_400_000;

it.each([0.05, 0.5, 1.5])(
  'goes on after silences of minutes: %d events a second for a day',
  (eventsPerSecond) => {
    const shop = createShop({
      seed: 7,
      fromMs: FROM_MS,
      toMs: FROM_MS + DAY_MS,
      eventsPerSecond,
      userCount: 100,
      isDiurnal: true,
      faults: [],
      share: { index: 0, count: 1 },
    });
    const times: number[] = [];
    const isGoing = shop.advance(Infinity, ({ sendMs }) => times.push(sendMs));
    expect(isGoing).toBe(false);
    expect(times).toHaveLength(shop.truth.sent.total);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const wanted = (eventsPerSecond * DAY_MS) / 1000;
    expect(times.length / wanted).toBeGreaterThan(0.5);
    expect(times.length / wanted).toBeLessThan(1.5);
  },
);
