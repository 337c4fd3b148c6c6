import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalUnits, formatDecimal } from './decimal.js';

describe('decimalUnits', () => {
  it.each([
    ['0', 0n],
    ['-0.000', 0n],
    ['19.99', 19_990_000_000n],
    ['-0.000000001', -1n],
    ['0.0000000010', 1n],
    ['007', 7_000_000_000n],
    ['1.5e3', 1_500_000_000_000n],
    ['1E-9', 1n],
    ['1000e-10', 100n],
    ['9999999999999999999999999999.999999999', 10n ** 37n - 1n],
    ['0e9999', 0n],
  ])('%s is exact', (text, units) => {
    expect(decimalUnits(text)).toBe(units);
  });

  it.each([
    '',
    '1.',
    '.5',
    '+1',
    '1 ',
    'x',
    'NaN',
    '1e',
    '1,5',
    '0.0000000001',
    '1e-10',
    '10000000000000000000000000000',
    '1e28',
    '1e9999',
  ])('%j is none', (text) => {
    expect(decimalUnits(text)).toBeUndefined();
  });

  it('reads back what formatDecimal writes, which has no digit too many', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 37n) + 1n, max: 10n ** 37n - 1n }), (units) => {
        const text = formatDecimal(units);
        expect(decimalUnits(text)).toBe(units);
        expect(text).toMatch(/^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/);
      }),
    );
  });
});
