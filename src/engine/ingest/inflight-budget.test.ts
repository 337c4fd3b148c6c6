import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES_MAX } from '../model/limit.js';
import { InflightBudget } from './inflight-budget.js';

const MIB = 1024 ** 2;

function budgetWith(bytesMax: number, partitionCount: number): InflightBudget {
  const budget = new InflightBudget(bytesMax);
  for (let partition = 0; partition < partitionCount; partition += 1)
    budget.join({ topic: 'events', partition });
  return budget;
}

describe('InflightBudget', () => {
  it.each([
    // bytes, partitions, largest chunk
    [288 * MIB, 6, CHUNK_BYTES_MAX],
    [288 * MIB, 1, CHUNK_BYTES_MAX],
    [18 * MIB, 6, MIB],
    [18 * MIB, 12, MIB / 2],
    // Smaller chunks than these would cost the store more than the memory is worth.
    [18 * MIB, 1_000, 64 * 1024],
  ])('gives of %d bytes to each of %d partitions chunks of %d', (bytesMax, count, chunk) => {
    expect(budgetWith(bytesMax, count).chunkBytesMax).toBe(chunk);
  });

  it('keeps two chunks and a full buffer of every partition within its bytes', () => {
    for (const count of [1, 5, 6, 7, 40]) {
      const budget = budgetWith(100 * MIB, count);
      const buffers = 2 * budget.readBytesMax(count);
      expect(count * (2 * budget.chunkBytesMax + buffers)).toBeLessThanOrEqual(100 * MIB);
    }
  });

  it('lets every partition read a second chunk when each holds one, whatever their shards do', () => {
    const budget = budgetWith(18 * MIB, 6);
    for (let partition = 0; partition < 6; partition += 1) {
      const at = { topic: 'events', partition };
      budget.hold(at, MIB);
      expect(budget.hasRoom()).toBe(true);
      budget.hold(at, MIB);
    }
    expect(budget.bytes).toBe(12 * MIB);
    expect(budget.hasRoom()).toBe(false);
    budget.free({ topic: 'events', partition: 3 }, MIB);
    expect(budget.hasRoom()).toBe(true);
  });

  it('forgets what a partition held when it is let go', () => {
    const budget = budgetWith(18 * MIB, 1);
    const at = { topic: 'events', partition: 0 };
    budget.hold(at, MIB);
    budget.pause(at);
    budget.leave(at);
    budget.free(at, MIB);
    expect({ bytes: budget.bytes, paused: budget.pausedCount }).toEqual({ bytes: 0, paused: 0 });
  });
});
