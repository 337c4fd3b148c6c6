import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from './read-json.js';

describe('reading a JSON object', () => {
  it.each([
    ['{"id":1234567890123456789}', { id: '1234567890123456789' }],
    ['{"id":-9223372036854775808,"n":12}', { id: '-9223372036854775808', n: 12 }],
    ['{"amount":12345678901234.567}', { amount: '12345678901234.567' }],
    ['{"ratio":0.1234567890123456}', { ratio: 0.1234567890123456 }],
    ['{"huge":1e999,"small":1.5e3}', { huge: '1e999', small: 1500 }],
    [
      '{"large":1e20,"exact":100000000000000000000}',
      { large: '1e20', exact: '1' + '0'.repeat(20) },
    ],
    ['{"text":"1234567890123456789, {[ and \\" 1234567890123456789"}', undefined],
  ])('keeps every digit of %s', (text, expected) => {
    expect(readJson(text)).toEqual({
      kind: 'object',
      value: expected ?? (JSON.parse(text) as unknown),
    });
  });

  it.each([
    ['', 'invalid_json'],
    ['{', 'invalid_json'],
    ['{"a":1--------------------2}', 'invalid_json'],
    ['{"a":01234567890123456789}', 'invalid_json'],
    ['1234567890123456789', 'not_an_object'],
    ['[{"a":1}]', 'not_an_object'],
    ['null', 'not_an_object'],
    [`{"a":${'['.repeat(200)}${']'.repeat(200)}}`, 'too_deep'],
    [`{"a":${'['.repeat(500_000)}`, 'too_deep'],
  ])('refuses %.40s as %s', (text, reason) => {
    expect(readJson(text)).toEqual({ kind: 'deadLetter', reason });
  });

  it('lets brackets in texts be', () => {
    expect(readJson(JSON.stringify({ a: '['.repeat(1000) }))).toMatchObject({ kind: 'object' });
  });

  it('reads what JSON.parse reads, where numbers are small', () => {
    const objects = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 }));
    fc.assert(
      fc.property(objects, (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\d{16}|e[+-]?\d/.test(text));
        expect(readJson(text)).toEqual({ kind: 'object', value: JSON.parse(text) as unknown });
      }),
    );
  });
});
