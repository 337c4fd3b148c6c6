import { describe, expect, it } from 'vitest';
import { bigint, number, rowOf, text, truth } from './row-check.js';

const row = rowOf({ name: text, count: number, ns: bigint, is: truth });

describe('a row', () => {
  it('is read column by column, and no other', () => {
    const sent = { name: 'a', count: '12', ns: '1784000000000000000', is: 1, more: true };
    expect(row.parse(sent)).toEqual({
      name: 'a',
      count: 12,
      ns: 1_784_000_000_000_000_000n,
      is: true,
    });
    expect(row.parse({ name: '', count: -0.5, ns: 0, is: false })).toEqual({
      name: '',
      count: -0.5,
      ns: 0n,
      is: false,
    });
  });

  it.each([
    { name: 1 },
    { count: 'many' },
    { count: '' },
    { count: null },
    { ns: '1.5' },
    { ns: '' },
    { ns: 1.5 },
    { is: null },
    { is: undefined },
  ])('is refused with %j in it', (wrong) => {
    const sent = { name: 'a', count: 1, ns: 1, is: true, ...wrong };
    expect(() => row.parse(sent)).toThrow(TypeError);
  });
});
