import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAmount, parseAmount, readAmount } from './amount.js';

it.each([
  ['0', '0.00'],
  ['12.34', '12.34'],
  ['12.340000000', '12.34'],
  ['-0.005', '-0.005'],
  ['9007199254740993.01', '9007199254740993.01'],
  ['1.123456789', '1.123456789'],
])('reads the amount %s exactly and writes %s', (text, written) => {
  expect(formatAmount(parseAmount(text))).toBe(written);
});

it.each(['', '1,5', '1e3', '1.1234567890', '.5', 'NaN'])(
  'does not take %j for an amount',
  (text) => {
    expect(() => parseAmount(text)).toThrow('is no amount');
  },
);

describe('readAmount', () => {
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
    expect(readAmount(text)).toBe(units);
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
    expect(readAmount(text)).toBeUndefined();
  });

  it('reads back what formatAmount writes, which has two decimals and no zero too many', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 37n) + 1n, max: 10n ** 37n - 1n }), (units) => {
        const text = formatAmount(units);
        expect(readAmount(text)).toBe(units);
        expect(parseAmount(text)).toBe(units);
        expect(text).toMatch(/^-?(?:0|[1-9]\d*)\.(?:\d\d|\d{2,8}[1-9])$/);
      }),
    );
  });
});
