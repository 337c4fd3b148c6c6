import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeIntent, encodeIntent } from './intent.js';

describe('intent', () => {
  it('reads back what it wrote', () => {
    const offset = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const open = fc.option(
      fc.record({ first: offset, last: offset, shard: fc.nat({ max: 4096 }) }),
      { nil: null },
    );
    fc.assert(
      fc.property(fc.nat(), open, (epoch, range) => {
        expect(decodeIntent(encodeIntent({ epoch, open: range }))).toEqual({ epoch, open: range });
      }),
    );
  });

  it.each([null, '', 'something of another tool', 'v2 e1', 'v1 e1 5-', 'v1 e1 5-9'])(
    'takes %j for a commit of somebody else',
    (text) => {
      expect(decodeIntent(text)).toBeUndefined();
    },
  );
});
