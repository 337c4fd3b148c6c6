import { expect, it } from 'vitest';
import { AtbdError } from '../../../engine/model/error.js';
import { byteSize } from './byte-size.js';

it.each([
  ['268435456', 268_435_456],
  ['256MiB', 268_435_456],
  ['256mib', 268_435_456],
  ['1.5GB', 1_500_000_000],
  ['8 KiB', 8_192],
])('reads %s', (text, bytes) => {
  expect(byteSize('--x', text, { min: 8_192, max: 1e12 })).toBe(bytes);
});

it.each(['', 'many', '-1', '8191', '1TiB', '1e9', '256MiBs'])('refuses %j', (text) => {
  expect(() => byteSize('--x', text, { min: 8_192, max: 1e12 })).toThrow(AtbdError);
});
