import { describe, expect, it } from 'vitest';
import { readParams, unusedParams } from './read-params.js';

describe('-p', () => {
  it('takes values as they stand', () => {
    expect(readParams(['a=1', `b_2=it's = "x"`, 'c='])).toEqual({
      a: '1',
      b_2: `it's = "x"`,
      c: '',
    });
  });

  it.each([
    [['a'], 'cannot read --param "a"'],
    [['=1'], 'cannot read --param "=1"'],
    [['a b=1'], 'cannot read --param "a b=1"'],
    [['a=1', 'a=2'], 'cannot take --param a twice'],
    [[`a=${'x'.repeat(40_000)}`], 'cannot send values of 40000 bytes: at most 32768'],
  ])('refuses %j', (texts, message) => {
    expect(() => readParams(texts)).toThrow(message);
  });

  it('is told apart from what the text asks for', () => {
    const params = { a: '', b: '', service: '' };
    expect(unusedParams('SELECT {a:UInt8}, { b : String }, {servce:String}', params)).toEqual([
      'service',
    ]);
  });
});
