import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExceptionSplitter } from './exception-splitter.js';

const TAG = 'cgfcbpcbgmyewfft';
const WORDS = 'Code: 395. DB::Exception: boom. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO)';
const BLOCK = `\r\n__exception__\r\n${TAG}\r\n${WORDS}\n${WORDS.length} ${TAG}\r\n__exception__\r\n`;

function split(chunks: readonly Buffer[]): { bytes: Buffer; exception: string | undefined } {
  const splitter = new ExceptionSplitter(TAG);
  const bytes = Buffer.concat([...chunks.map((chunk) => splitter.push(chunk)), splitter.end()]);
  return { bytes, exception: splitter.exception };
}

/** Cut at these places, modulo its length. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [0, ...places.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b)];
  return cuts.map((from, index) => bytes.subarray(from, cuts[index + 1] ?? bytes.length));
}

/** Bytes of which parts of the mark are made, so that they come near it. */
const nearMark = fc
  .array(fc.constantFrom('\r', '\n', '\r\n', '__exception__', TAG, 'x', '\r\n__exception__\r\n'))
  .map((parts) => parts.join(''));
const places = fc.array(fc.nat(), { maxLength: 8 });

describe('an answer and the exception behind it', () => {
  it('are parted wherever the chunks are cut', () => {
    fc.assert(
      fc.property(nearMark, places, (text, cuts) => {
        // An answer cannot know the tag; with it in front of the block the text would be part of one.
        fc.pre((text + BLOCK).indexOf(`\r\n__exception__\r\n${TAG}\r\n`) === text.length);
        const whole = Buffer.from(text);
        expect(split(cutAt(whole, cuts))).toEqual({ bytes: whole, exception: undefined });
        const broken = Buffer.from(text + BLOCK);
        expect(split(cutAt(broken, cuts))).toEqual({ bytes: whole, exception: WORDS });
      }),
    );
  });

  it('are parted when the connection is cut within the block', () => {
    const words = `Code: 395. DB::Exc`;
    const cut = `a\r\n__exception__\r\n${TAG}\r\n${words}`;
    expect(split([Buffer.from(cut)])).toEqual({ bytes: Buffer.from('a'), exception: words });
  });

  it('nothing is held back of an answer that does not look like the mark', () => {
    const splitter = new ExceptionSplitter(TAG);
    expect(splitter.push(Buffer.from('a\n')).toString()).toBe('a\n');
    expect(splitter.push(Buffer.from('b\r\n__')).toString()).toBe('b');
    expect(splitter.push(Buffer.from('c')).toString()).toBe('\r\n__c');
  });

  it('of another tag is an answer', () => {
    const text = BLOCK.replaceAll(TAG, 'zzzzzzzzzzzzzzzz');
    expect(split([Buffer.from(text)]).bytes.toString()).toBe(text);
  });
});
