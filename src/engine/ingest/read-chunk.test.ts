import { describe, expect, it } from 'vitest';
import { runOf } from '../model/record-run.js';
import { lingerMsAfter, readChunk } from './read-chunk.js';

const LIMITS = { recordsMax: 100, bytesMax: 1_000_000 };

describe('lingerMsAfter', () => {
  it.each([
    [0, 200],
    [60, 200],
    [100, 200],
    [300, 600],
    [5_000, 1_000],
  ])('after an insert of %i ms waits %i ms for company', (insertMs, lingerMs) => {
    expect(lingerMsAfter(insertMs)).toBe(lingerMs);
  });
});

describe('readChunk', () => {
  it('waits for company as long as it is told to, and takes what there is then', async () => {
    const waits: number[] = [];
    const record = { offset: 7n, timestampMs: 0, key: null, value: null, headers: undefined };
    const partition = {
      read: ({ waitMs }: { readonly waitMs: number }) => {
        waits.push(waitMs);
        return Promise.resolve([runOf([record])]);
      },
      seek: () => undefined,
    };
    const chunk = await readChunk(partition, 5n, LIMITS, 600);
    expect(waits).toEqual([600]);
    expect(chunk).toMatchObject({ first: 5n, last: 7n });
  });
});
