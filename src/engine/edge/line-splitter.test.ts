import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter, type SplitLine } from './line-splitter.js';

function split(chunks: readonly Buffer[], lineBytesMax = 1_000): SplitLine[] {
  const splitter = new LineSplitter({ lineBytesMax });
  return [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()];
}

const texts = (lines: readonly SplitLine[]): (string | number)[] =>
  lines.map((line) => (line.kind === 'line' ? line.bytes.toString() : line.byteCount));

describe('LineSplitter', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\r\nb', ['a', 'b']],
    ['\n\na', ['', '', 'a']],
    ['\uFEFFa\n\uFEFFb', ['a', '\uFEFFb']],
    ['a\0b\n', ['a\0b']],
  ])('cuts %j', (text, lines) => {
    expect(texts(split([Buffer.from(text)]))).toEqual(lines);
  });

  it('gives the same lines however the bytes arrive', () => {
    const text = fc
      .array(fc.constantFrom('\n', '\r\n', 'a', 'é', '\uFEFF', '\0'))
      .map((all) => all.join(''));
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 9 })), (whole, sizes) => {
        const bytes = Buffer.from(whole);
        const chunks: Buffer[] = [];
        let at = 0;
        for (const size of sizes) chunks.push(bytes.subarray(at, (at += size)));
        chunks.push(bytes.subarray(at));
        expect(texts(split(chunks))).toEqual(texts(split([bytes])));
      }),
    );
  });

  it('keeps nothing but the size and the start of a line over the limit, and goes on behind it', () => {
    const chunks = Array.from({ length: 2_000 }, (_, n) => Buffer.from(`${n % 10}xxxx`));
    const lines = split([...chunks, Buffer.from('\nok\n')], 20);
    expect(texts(lines)).toEqual([10_000, 'ok']);
    expect(lines[0]).toMatchObject({ sample: Buffer.concat(chunks).subarray(0, 25) });
    // In one piece, it is there with the end.
    const whole = Buffer.concat(chunks);
    expect(split([whole, Buffer.from('\n')], 20)).toEqual([
      { kind: 'tooLarge', byteCount: 10_000, sample: whole.subarray(0, 4096) },
    ]);
    expect(split([Buffer.from(`${whole.toString()}\n`)], 20)).toEqual([
      { kind: 'tooLarge', byteCount: 10_000, sample: whole.subarray(0, 4096) },
    ]);
  });
});
