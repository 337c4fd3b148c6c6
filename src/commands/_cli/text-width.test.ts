import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { clipText, fitEnd, fitText, widthOf, wrapText } from './text-width.js';

describe('columns', () => {
  it.each([
    ['plain', 5],
    ['漢字', 4],
    ['😀', 2],
    ['👩‍👩‍👧', 2],
    ['e\u0301', 1],
    ['ＷＩＤＥ', 8],
    ['…', 1],
    ['', 0],
  ])('of %j are %d', (text, columns) => {
    expect(widthOf(text)).toBe(columns);
  });

  it('are one for each character that is not looked up', () => {
    const plain = [
      [0x20, 0x7e],
      [0xa1, 0xa8],
      [0xaa, 0xac],
      [0xaf, 0xff],
      [0x2026, 0x2026],
      [0x2500, 0x259f],
    ];
    for (const [first = 0, last = 0] of plain) {
      for (let code = first; code <= last; code++) {
        const text = String.fromCodePoint(code);
        expect([text, stringWidth(text)]).toEqual([text, 1]);
        expect([text, widthOf(`a${text}b`)]).toEqual([text, 3]);
      }
    }
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['漢字漢字', 5, '漢字…'],
    ['漢字漢字', 4, '漢…'],
    ['a😀b', 2, 'a…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('%j cut to %d is %j', (text, width, expected) => {
    expect(clipText(text, width)).toBe(expected);
  });

  it.each([
    ['src/payment/provider.js:57', 16, '…/provider.js:57'],
    ['漢字/漢.js', 6, '…漢.js'],
    ['a.js', 6, 'a.js  '],
  ])('%j cut from the left to %d is %j', (text, width, expected) => {
    expect(fitEnd(text, width)).toBe(expected);
  });

  const anyText = fc.string({
    unit: fc.oneof(
      fc.constantFrom('漢', '😀', 'e\u0301', ' ', 'a', '👩‍👩‍👧', '\u0301'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
  });

  it('are filled exactly, whatever the text', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 30 }), (text, width) => {
        // Control characters have no width of their own: they are made visible before.
        fc.pre(!/\p{C}/u.test(text.replaceAll('\u200d', '')));
        expect(widthOf(fitText(text, width))).toBe(width);
        for (const line of wrapText(text, width, 5))
          expect(widthOf(line)).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('of a text of a megabyte cost no more than what is shown', () => {
    expect(clipText('漢'.repeat(1_000_000), 4)).toBe('漢…');
  });

  it('break lines at spaces and lose nothing before the last', () => {
    expect(wrapText('charge of order failed: no answer', 12, 3)).toEqual([
      'charge of',
      'order',
      'failed: no …',
    ]);
    expect(wrapText('short', 12, 3)).toEqual(['short']);
  });
});
