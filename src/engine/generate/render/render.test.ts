import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalText } from './decimal-text.js';
import { TimestampText } from './timestamp-text.js';

describe('a time as text', () => {
  it('is RFC 3339 with microseconds, of any offset from any start', () => {
    const start = fc.integer({ min: -1e12, max: 4e12 });
    const offsets = fc.array(fc.integer({ min: -2e8, max: 1e12 }), { minLength: 1 });
    fc.assert(
      fc.property(start, offsets, (fromMs, all) => {
        const text = new TimestampText(fromMs);
        for (const offsetUs of all) {
          const ms = Math.floor(offsetUs / 1000);
          const rest = String(offsetUs - ms * 1000).padStart(3, '0');
          const expected = new Date(fromMs + ms).toISOString().replace('Z', `${rest}Z`);
          expect(text.of(offsetUs)).toBe(expected);
        }
      }),
    );
  });
});

describe('an amount as text', () => {
  it.each([
    [0, '0.00'],
    [5, '0.05'],
    [99, '0.99'],
    [100, '1.00'],
    [12_990, '129.90'],
    [2 ** 53 - 1, '90071992547409.91'],
  ])('writes %i minor units as %s', (minorUnits, text) => {
    expect(decimalText(minorUnits)).toBe(text);
  });
});
