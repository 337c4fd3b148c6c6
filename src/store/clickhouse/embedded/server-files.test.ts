import { describe, expect, it } from 'vitest';
import { shardMemoryBytes } from './server-files.js';

const GB = 1024 ** 3;

describe('shardMemoryBytes', () => {
  it.each([
    { machine: 24 * GB, shards: 3, each: 4 * GB },
    { machine: 16 * GB, shards: 1, each: 8 * GB },
    { machine: 4 * GB, shards: 3, each: GB },
    { machine: 0.5 * GB, shards: 3, each: GB },
  ])('of $machine bytes leaves each of $shards shards $each', ({ machine, shards, each }) => {
    expect(shardMemoryBytes(machine, shards)).toBe(each);
  });
});
