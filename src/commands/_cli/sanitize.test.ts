import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitizeJson, sanitizeText } from './sanitize.js';

/** What must never reach a terminal, written independently of the code: by code point. */
function isDangerous(code: number): boolean {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  if (code >= 0xd800 && code <= 0xdfff) return true;
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

const anyText = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    fc.constantFrom('\u001b[2J', '\u009b31m', '\r', '\u202e', '😀', 'e\u0301', '\n'),
  ),
});

describe('sanitizeText', () => {
  it.each([
    ['plain text, ünïcode 漢字 👩‍👩‍👧', 'plain text, ünïcode 漢字 👩‍👩‍👧'],
    ['\u001b[31mred\u001b[0m', '␛[31mred␛[0m'],
    ['\u001b]8;;http://x\u0007link', '␛]8;;http://x␇link'],
    ['a\r\nb\tc\0', 'a␍␊b␉c␀'],
    ['\u009b2J\u007f', '<U+009B>2J␡'],
    ['gp\u202egpj.exe', 'gp<U+202E>gpj.exe'],
    ['\ud800!', '<U+D800>!'],
  ])('shows %j as %j', (text, expected) => {
    expect(sanitizeText(text)).toBe(expected);
  });

  it('lets nothing through that a terminal acts on', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const character of sanitizeText(text)) {
          expect(isDangerous(character.codePointAt(0) ?? 0)).toBe(false);
        }
      }),
    );
  });

  it('keeps line feeds and tabs where asked, but no lone carriage return', () => {
    expect(sanitizeText('a\n\tb\rc\r\nd\u001b', { keepLineBreaks: true })).toBe('a\n\tb␍c\r\nd␛');
  });
});

describe('sanitizeJson', () => {
  it('means the same as JSON and lets nothing through that a terminal acts on', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = sanitizeJson({ text });
        expect(JSON.parse(json)).toEqual({ text });
        for (const character of json)
          expect(isDangerous(character.codePointAt(0) ?? 0)).toBe(false);
      }),
    );
  });
});
