import { describe, expect, it } from 'vitest';
import type { Chunk } from '../model/chunk.js';
import { AtbdError } from '../model/error.js';
import { runOf } from '../model/record-run.js';
import { ManualClock } from '../testing/manual-clock.js';
import { PartitionWatch } from './partition-watch.js';
import { livenessOf, readinessOf } from './worker-health.js';

const START_MS = 1_000_000;
const AT = { topic: 'events', partition: 3 };

/** Records of these queue times. */
function chunkOf(...timesMs: number[]): Chunk {
  const records = timesMs.map((timestampMs, index) => ({
    ...{ offset: BigInt(index), timestampMs, key: null, headers: undefined },
    value: Buffer.from('{}'),
  }));
  const last = BigInt(timesMs.length - 1);
  return { ...AT, epoch: 1, shard: 0, first: 0n, last, runs: [runOf(records)] };
}

function watchAt(): { clock: ManualClock; watch: PartitionWatch } {
  const clock = new ManualClock(START_MS);
  const watch = new PartitionWatch(clock);
  watch.observer.onActivity(AT, { kind: 'assigned' });
  return { clock, watch };
}

describe('PartitionWatch', () => {
  it('knows which partitions are owned', () => {
    const { watch } = watchAt();
    expect(watch.owned).toEqual([AT]);
    watch.observer.onActivity(AT, { kind: 'released' });
    expect(watch.owned).toEqual([]);
    expect(watch.waitingMs(AT)).toBeUndefined();
  });

  it('counts the age of what waits from the first record on its way', async () => {
    const { clock, watch } = watchAt();
    expect(watch.waitingMs(AT)).toBeUndefined();
    const chunk = chunkOf(START_MS - 7_000, START_MS - 1_000);
    watch.observer.onActivity(AT, { kind: 'inserting', chunk });
    await clock.advanceTo(START_MS + 500);
    expect(watch.waitingMs(AT)).toBe(7_500);

    watch.observer.onActivity(AT, { kind: 'inserted', chunk, durationMs: 500 });
    // What waits now came after the last record that was stored.
    expect(watch.waitingMs(AT)).toBe(1_500);
  });

  it('counts from the moment when nothing waited, however long the partition was idle before', async () => {
    const { clock, watch } = watchAt();
    watch.observer.onActivity(AT, {
      kind: 'inserted',
      chunk: chunkOf(START_MS - 3_600_000),
      durationMs: 1,
    });
    watch.observer.onActivity(AT, { kind: 'caughtUp' });
    await clock.advanceTo(START_MS + 200);
    expect(watch.waitingMs(AT)).toBe(200);
  });
});

describe('the health of a worker', () => {
  const OTHER_MS = 180_000;
  const INSERT_MS = 360_000;

  it('is lost when a partition does not move for longer than anything may take', async () => {
    const { clock, watch } = watchAt();
    await clock.advanceTo(START_MS + OTHER_MS);
    expect(livenessOf(watch)).toEqual({ ok: true, problems: [] });
    await clock.advanceTo(START_MS + OTHER_MS + 1_000);
    expect(livenessOf(watch)).toEqual({
      ok: false,
      problems: ['events/3 has not moved for 181 s (read or commit)'],
    });
  });

  it('gives an insert the time that a frozen shard takes to be given up', async () => {
    const { clock, watch } = watchAt();
    watch.observer.onActivity(AT, { kind: 'inserting', chunk: chunkOf(0) });
    await clock.advanceTo(START_MS + INSERT_MS);
    expect(livenessOf(watch).ok).toBe(true);
    await clock.advanceTo(START_MS + INSERT_MS + 1_000);
    expect(livenessOf(watch).problems).toEqual(['events/3 has not moved for 361 s (insert)']);
  });

  it.each([
    [
      'a read',
      (watch: PartitionWatch) => {
        watch.observer.onActivity(AT, { kind: 'read' });
      },
    ],
    [
      'a commit',
      (watch: PartitionWatch) => {
        watch.observer.onStep('committed', chunkOf(0));
      },
    ],
    [
      'an attempt that failed',
      (watch: PartitionWatch) => {
        watch.observer.onRetry(
          new AtbdError({ code: 'TIMEOUT', message: 'late', hint: 'wait' }),
          1,
        );
      },
    ],
  ])('is kept by %s', async (_what, move) => {
    const { clock, watch } = watchAt();
    await clock.advanceTo(START_MS + OTHER_MS);
    move(watch);
    await clock.advanceTo(START_MS + 2 * OTHER_MS);
    expect(livenessOf(watch).ok).toBe(true);
  });

  it('does not hang on a partition that was let go', async () => {
    const { clock, watch } = watchAt();
    watch.observer.onActivity(AT, { kind: 'released' });
    await clock.advanceTo(START_MS + INSERT_MS * 2);
    expect(livenessOf(watch).ok).toBe(true);
  });

  it('is not readiness: that takes a partition and every shard', async () => {
    const { watch } = watchAt();
    expect(await readinessOf(watch, () => Promise.resolve([]))).toEqual({ ok: true, problems: [] });
    expect((await readinessOf(watch, () => Promise.resolve([1]))).problems).toEqual([
      'shard 1 does not answer',
    ]);
    watch.observer.onActivity(AT, { kind: 'released' });
    expect((await readinessOf(watch, () => Promise.resolve([]))).problems).toEqual([
      'no partition is assigned to this worker',
    ]);
  });
});
