import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeRows } from './merge-rows.js';

/** A source in batches, and how it was left. */
class Source implements AsyncIterable<readonly number[]> {
  readonly #batches: readonly (readonly number[])[];
  batchesRead = 0;
  isClosed = false;

  constructor(batches: readonly (readonly number[])[]) {
    this.#batches = batches;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly number[]> {
    try {
      for (const batch of this.#batches) {
        await Promise.resolve();
        this.batchesRead += 1;
        yield batch;
      }
    } finally {
      this.isClosed = true;
    }
  }
}

const ascending = (a: number, b: number): number => a - b;

async function collect(rows: AsyncIterable<number>, count = Infinity): Promise<number[]> {
  const taken: number[] = [];
  for await (const row of rows) {
    taken.push(row);
    if (taken.length >= count) break;
  }
  return taken;
}

describe('mergeRows', () => {
  it('gives the first rows of all in order, whatever the batches', async () => {
    const batches = fc.array(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 5 }), {
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(batches, { maxLength: 4 }),
        fc.integer({ min: 1, max: 60 }),
        async (shards, limit) => {
          const all = shards.flat(2).sort(ascending);
          const sources = shards.map((shard) => {
            const sorted = shard.flat().sort(ascending);
            let at = 0;
            return new Source(shard.map(({ length }) => sorted.slice(at, (at += length))));
          });
          const merged = await collect(mergeRows(sources, { compare: ascending, limit }));
          expect(merged).toEqual(all.slice(0, limit));
          expect(sources.map(({ isClosed }) => isClosed)).toEqual(sources.map(() => true));
        },
      ),
    );
  });

  it('reads what is left over of a short answer, so that its connection can be used again', async () => {
    const sources = [new Source([[1, 2], [3]]), new Source([[10], [11], [12]])];
    // The reader stops with the last row and does not ask for the end.
    expect(await collect(mergeRows(sources, { compare: ascending, limit: 3 }), 3)).toEqual([
      1, 2, 3,
    ]);
    expect(sources.map(({ batchesRead }) => batchesRead)).toEqual([2, 3]);
  });

  it.each([
    ['a long answer is cut', 2_000, Infinity],
    ['the reader stops before the end', 1_000, 2],
  ])('leaves the rest where %s', async (_, limit, count) => {
    const rows = Array.from({ length: limit }, (_row, index) => index);
    const sources = [new Source([rows]), new Source([[5_000], [5_001]])];
    await collect(mergeRows(sources, { compare: ascending, limit }), count);
    expect(sources[1]).toMatchObject({ batchesRead: 1, isClosed: true });
  });

  it('closes the others when one fails', async () => {
    async function* failing(): AsyncGenerator<readonly number[]> {
      yield [1];
      await Promise.reject(new Error('gone'));
    }
    const other = new Source([[2], [3]]);
    await expect(
      collect(mergeRows([failing(), other], { compare: ascending, limit: 10 })),
    ).rejects.toThrow('gone');
    expect(other.isClosed).toBe(true);
  });
});
