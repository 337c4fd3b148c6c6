import { describe, expect, it } from 'vitest';
import { runOf } from '../model/record-run.js';
import { readChunk } from './read-chunk.js';

const LIMITS = { recordsMax: 100, bytesMax: 1_000_000 };

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
