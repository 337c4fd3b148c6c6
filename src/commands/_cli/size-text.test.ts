import { expect, it } from 'vitest';
import { parseSize, sizeText } from './size-text.js';

it.each([
  ['4096B', 4096],
  ['512 MiB', 512 * 1024 ** 2],
  ['1.5GiB', 1.5 * 1024 ** 3],
  ['10 GB', 1e10],
  ['1 TB', 1e12],
  ['10', undefined],
  ['10 iB', undefined],
  ['-1 GB', undefined],
  ['1 EB', undefined],
  ['', undefined],
])('%j is %s bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

it.each([
  [0, '0.0 KiB'],
  [1536, '1.5 KiB'],
  [12 * 1024 ** 2, '12 MiB'],
  [2048 * 1024 ** 4, '2048 TiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
