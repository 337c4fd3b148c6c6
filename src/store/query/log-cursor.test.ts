import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MATCH_ALL } from '../../engine/model/filter.js';
import { decodeCursor, encodeCursor, type LogCursor } from './log-cursor.js';

const BINDING = { filter: MATCH_ALL, isAscending: false };

/** About a line of a terminal. */
const LENGTH_MAX = 84;

const int64 = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
const small = fc.integer({ min: 0, max: 2 ** 31 });
const time = fc.option(int64);
const cursors: fc.Arbitrary<LogCursor> = fc.record({
  last: fc.record({
    tsNs: fc.bigInt({ min: -(2n ** 61n), max: 2n ** 61n }),
    position: fc.record({
      topic: fc.string({ unit: 'binary' }),
      epoch: small,
      partition: small,
      offset: int64,
      item: fc.oneof(fc.constant(0), small),
    }),
  }),
  range: fc.record({ fromNs: time, toNs: time, arrivedSinceNs: time }),
  cut: fc.array(
    fc.record({
      topic: fc.string({ minLength: 1 }),
      epoch: small,
      lastByPartition: fc.array(fc.tuple(small, int64)).map((pairs) => new Map(pairs)),
    }),
    { maxLength: 3 },
  ),
});

describe('a cursor', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(cursors, (cursor) => {
        expect(decodeCursor(encodeCursor(cursor, BINDING), BINDING)).toEqual(cursor);
      }),
    );
  });

  it('is short enough for a line of its own', () => {
    const tsNs = 1_795_470_590_910_123_456n;
    const cursor = encodeCursor(
      {
        last: {
          tsNs,
          position: { topic: 'events', epoch: 1, partition: 3, offset: 250_000n, item: 0 },
        },
        range: {
          fromNs: tsNs - 3_600_000_000_000n,
          toNs: tsNs + 12_345_678n,
          arrivedSinceNs: null,
        },
        cut: [
          {
            topic: 'events',
            epoch: 1,
            lastByPartition: new Map([
              [0, 250_000n],
              [1, 250_000n],
              [2, 250_000n],
              [3, 250_000n],
            ]),
          },
        ],
      },
      BINDING,
    );
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(cursor.length).toBeLessThanOrEqual(LENGTH_MAX);
  });

  it('is refused when it is none, or a part of one', () => {
    const refused = expect.objectContaining({
      code: 'USAGE_INVALID',
      message: 'cannot use the --after cursor: it is not a cursor',
    }) as Error;
    fc.assert(
      fc.property(cursors, fc.double({ min: 0, max: 0.999, noNaN: true }), (cursor, share) => {
        const whole = encodeCursor(cursor, BINDING);
        // Four characters are three whole bytes.
        const part = whole.slice(0, Math.floor((whole.length * share) / 4) * 4);
        expect(() => decodeCursor(part, BINDING)).toThrow(refused);
        expect(() => decodeCursor(`${whole} `, BINDING)).toThrow(refused);
      }),
    );
  });

  it('belongs to one moment of a question', () => {
    const at = (ns: bigint) => ({
      ...BINDING,
      filter: { kind: 'time', relation: '>', ns } as const,
    });
    fc.assert(
      fc.property(cursors, (cursor) => {
        const text = encodeCursor(cursor, at(1n));
        expect(decodeCursor(text, at(1n))).toEqual(cursor);
        expect(() => decodeCursor(text, at(2n))).toThrow('it belongs to another question');
      }),
    );
  });

  it('is refused when it belongs to another question', () => {
    fc.assert(
      fc.property(cursors, (cursor) => {
        const text = encodeCursor(cursor, BINDING);
        expect(() => decodeCursor(text, { ...BINDING, isAscending: true })).toThrow(
          'cannot use the --after cursor: it belongs to another question',
        );
      }),
    );
  });
});
