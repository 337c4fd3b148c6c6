import { expect, it } from 'vitest';
import { formatAmount, parseAmount } from './amount.js';

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
