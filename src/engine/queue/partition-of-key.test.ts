import { describe, expect, it } from 'vitest';
import { murmur2, partitionOfKey } from './partition-of-key.js';

describe('murmur2', () => {
  // The vectors of Kafka's own UtilsTest.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %j to %d as the Java client does', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });
});

describe('partitionOfKey', () => {
  it('drops the sign instead of mirroring it', () => {
    expect(partitionOfKey(Buffer.from('foobar'), 6)).toBe((-790332482 & 0x7fffffff) % 6);
  });

  it('spreads many keys evenly', () => {
    const counts = new Array<number>(6).fill(0);
    for (let index = 0; index < 6_000; index += 1) {
      const partition = partitionOfKey(Buffer.from(`op-${index}`), 6);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(800);
  });
});
