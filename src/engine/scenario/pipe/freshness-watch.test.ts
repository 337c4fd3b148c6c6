import { expect, it } from 'vitest';
import type { QueueTimeSample, StoryStore } from '../../model/story-store.js';
import { FreshnessWatch } from './freshness-watch.js';
import { JumpingClock } from '../../testing/jumping-clock.js';

/** One partition in which the offset `n` is produced at `100 n` and can be seen `delayOf(n)` later. */
async function measure(recordCount: number, delayOf: (offset: number) => number) {
  const clock = new JumpingClock(0);
  const visibleAtMs = Array.from({ length: recordCount }, (_, n) => 100 * n + delayOf(n));
  const done = new AbortController();
  const store: Pick<StoryStore, 'visibleEnds' | 'sampleQueueTimes'> = {
    visibleEnds: () => {
      // Partitions are read in order: what comes after something unseen is not seen either.
      const hidden = visibleAtMs.findIndex((atMs) => atMs > clock.nowMs());
      const end = hidden === -1 ? recordCount - 1 : hidden - 1;
      if (end === recordCount - 1) done.abort(new Error('all seen'));
      return Promise.resolve(new Map(end < 0 ? [] : [[0, BigInt(end)]]));
    },
    sampleQueueTimes: () =>
      Promise.resolve(
        visibleAtMs.map((_, n): QueueTimeSample => ({
          partition: 0,
          offset: BigInt(n),
          queueTimeMs: 100 * n,
        })),
      ),
  };
  const watch = new FreshnessWatch(store as StoryStore, clock);
  await watch.run(done.signal);
  return watch.measure(new AbortController().signal);
}

it.each([
  ['at once', () => 0, { p50Ms: 0, p99Ms: 0, maxMs: 0 }],
  ['after 250 ms, seen at the next look', () => 250, { p50Ms: 300, p99Ms: 300, maxMs: 300 }],
  ['late once', (n: number) => (n === 199 ? 5_000 : 0), { p50Ms: 0, p99Ms: 0, maxMs: 5_000 }],
  [
    'late at the last five of two hundred',
    (n: number) => (n >= 195 ? 5_000 : 0),
    { p50Ms: 0, p99Ms: 5_000, maxMs: 5_000 },
  ],
])('says how long it took until records could be seen: %s', async (_what, delayOf, expected) => {
  expect(await measure(200, delayOf)).toEqual({ count: 200, ...expected });
});
