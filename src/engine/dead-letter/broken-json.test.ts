import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonBreak } from './broken-json.js';

function breakOf(text: string | Buffer): string {
  const found = findJsonBreak(Buffer.from(text));
  return found === undefined
    ? 'none'
    : `${found.at} ${found.line}:${found.column} ${found.expected}`;
}

describe('the place where JSON breaks', () => {
  it.each([
    ['', 'none'],
    ['not json', 'none'],
    ['"a text"', 'none'],
    ['{}', 'none'],
    [' [1, {"a": [true, null]}, -1.5e+3] ', 'none'],
    ['{"a":1,}', '7 1:8 a name in double quotes'],
    ['{"a":1', '6 1:7 "," or "}"'],
    ['{a:1}', '1 1:2 a name in double quotes or "}"'],
    ["{'a':1}", '1 1:2 a name in double quotes or "}"'],
    ['{"a" 1}', '5 1:6 ":"'],
    ['{"a":1 "b":2}', '7 1:8 "," or "}"'],
    ['{"a":}', '5 1:6 a value'],
    ['[1,]', '3 1:4 a value'],
    ['[', '1 1:2 a value or "]"'],
    ['[1 2]', '3 1:4 "," or "]"'],
    ['{"a":NaN}', '5 1:6 a value'],
    ['{"a":01}', '6 1:7 "," or "}"'],
    ['{"a":"open', '10 1:11 a closing double quote'],
    ['{"a":"\\x"}', '6 1:7 an escape that JSON knows'],
    ['{"a":"x\ny"}', '7 1:8 no raw control character in a text'],
    ['{"a":1} {"b":2}', '8 1:9 the end'],
    ['{\n  "größe": 1,\n  "ü": x\n}', '26 3:8 a value'],
  ])('%j: %s', (text, expected) => {
    expect(breakOf(text)).toBe(expected);
  });

  it('is found in a megabyte of brackets, and in bytes that are no text', () => {
    expect(breakOf('['.repeat(1_000_000))).toBe('1000000 1:1000001 a value or "]"');
    expect(breakOf(Buffer.from([0x7b, 0xff, 0x00]))).toBe('1 1:2 a name in double quotes or "}"');
  });

  it('is the first byte that is no UTF-8 where all else is JSON', () => {
    const bytes = Buffer.from('{"a":"größe ?"}', 'utf8');
    bytes[bytes.indexOf('?')] = 0xff;
    expect(breakOf(bytes)).toBe('14 1:13 UTF-8');
    expect(breakOf(bytes.subarray(0, 16))).toBe('14 1:13 UTF-8');
  });

  it('is there for each object that the language itself refuses, and for no other', () => {
    const part = fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '1', 'true', '\\', ' ', '"a"');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = `{${parts.join('')}`;
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        expect(findJsonBreak(Buffer.from(text)) === undefined).toBe(isJson);
      }),
    );
  });
});
