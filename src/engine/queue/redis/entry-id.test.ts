import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AtbdError } from '../../model/error.js';
import { ID_MS_END, ID_SEQUENCE_END, idOfOffset, offsetOfId } from './entry-id.js';

const part = (end: number) => fc.integer({ min: 0, max: end - 1 });
const id = fc.tuple(
  fc.maxSafeNat().map((n) => n % ID_MS_END),
  part(ID_SEQUENCE_END),
);

describe('an entry ID as an offset', () => {
  it.each([
    ['0-0', 0n],
    ['0-1', 1n],
    ['1-0', 1_048_576n],
    ['1700000000000-5', 1_782_579_200_000_000_005n],
    ['8796093022207-1048575', 2n ** 63n - 1n],
  ])('%s is %s', (text, offset) => {
    expect(offsetOfId(text)).toBe(offset);
    expect(idOfOffset(offset)).toBe(text);
  });

  it('goes there and back, and keeps the order', () => {
    const before = ([ms, sequence]: [number, number], [otherMs, other]: [number, number]) =>
      ms === otherMs ? sequence < other : ms < otherMs;
    fc.assert(
      fc.property(id, id, (one, two) => {
        const [a, b] = [offsetOfId(one.join('-')), offsetOfId(two.join('-'))];
        expect(idOfOffset(a)).toBe(one.join('-'));
        expect(a < b).toBe(before(one, two));
      }),
    );
  });

  it.each(['8796093022208-0', '1-1048576', '18446744073709551615-0', '5', '-', 'x-1'])(
    'refuses %s by its name',
    (text) => {
      const convert = (): bigint => offsetOfId(text);
      expect(convert).toThrow(AtbdError);
      expect(convert).toThrow(`cannot use the stream entry "${text}"`);
    },
  );
});
