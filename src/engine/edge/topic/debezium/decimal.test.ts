import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decimalOf } from './decimal.js';

it.each([
  ['MDk=', 2, '123.45'],
  ['z8c=', 2, '-123.45'],
  ['AA==', 2, '0.00'],
  ['/w==', 3, '-0.001'],
  ['Ew==', 0, '19'],
  ['Ew==', -2, '1900'],
  ['AA==', -2, '0'],
])('reads %s at the scale %i as %s', (base64, scale, expected) => {
  expect(decimalOf(base64, scale)).toBe(expected);
});

it.each([
  ['', 2],
  ['12.34', 2],
  ['A', 2],
  ['MDk=', 1.5],
  ['MDk=', 1e9],
  ['MDk=', NaN],
  ['A'.repeat(1_000), 2],
])('reads no decimal in %.10j at the scale %d', (base64, scale) => {
  expect(decimalOf(base64, scale)).toBeUndefined();
});

it('reads back every integer that Connect can write', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), (unscaled) => {
      const hex = BigInt.asUintN(208, unscaled).toString(16).padStart(52, '0');
      expect(decimalOf(Buffer.from(hex, 'hex').toString('base64'), 0)).toBe(String(unscaled));
    }),
  );
});
