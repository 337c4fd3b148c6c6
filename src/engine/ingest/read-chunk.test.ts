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

  it('goes on while there is a backlog, without waiting, and asks for no more than a chunk may hold', async () => {
    const sizes = [1_500_000, 1_200_000, 10, 1_500_000];
    const asked: object[] = [];
    const partition = {
      read: (options: object) => {
        asked.push(options);
        const value = Buffer.alloc(sizes[asked.length - 1]!);
        const offset = BigInt(asked.length);
        return Promise.resolve([
          runOf([{ offset, timestampMs: 0, key: null, value, headers: undefined }]),
        ]);
      },
      seek: () => undefined,
    };
    const limits = { recordsMax: 100, bytesMax: 3_000_000 };
    const chunk = await readChunk(partition, 1n, limits, 600);
    const bytesMin = limits.bytesMax;
    expect(asked).toEqual([600, 0, 0].map((waitMs) => ({ bytesMin, waitMs })));
    expect(chunk).toMatchObject({ first: 1n, last: 3n });
  });
});
