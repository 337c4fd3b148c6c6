import { describe, expect, it } from 'vitest';
import type { Chunk } from '../model/chunk.js';
import { AtbdError } from '../model/error.js';
import type { LedgerSum } from '../model/ledger-sum.js';
import { runOf } from '../model/record-run.js';
import { ManualClock } from '../testing/manual-clock.js';
import { IngestMetrics } from './ingest-metrics.js';
import { PartitionWatch } from './partition-watch.js';

const NOW_MS = 1_800_000_000_000;
const AT = { topic: 'events', partition: 0 };

const CHUNK: Chunk = {
  ...{ ...AT, epoch: 1, shard: 0, first: 0n, last: 1n },
  runs: [
    runOf(
      [0n, 1n].map((offset) => ({
        ...{ offset, timestampMs: NOW_MS - 4_000, key: null, headers: undefined },
        value: Buffer.alloc(100),
      })),
    ),
  ],
};

const SUM: LedgerSum = {
  ...{ ...AT, stored: 7, late: 2, clamped: 1, newestMs: NOW_MS - 1_000 },
  dead: { invalid_json: 3 },
};

interface World {
  readonly metrics: IngestMetrics;
  /** Answers of the ledger, one a scrape. */
  readonly sums: LedgerSum[][];
  waiting: bigint;
  isQueueAway: boolean;
}

function worldOf(): World {
  const watch = new PartitionWatch(new ManualClock(NOW_MS));
  const sums: LedgerSum[][] = [];
  const world = { waiting: 12n, isQueueAway: false };
  const metrics = new IngestMetrics({
    watch,
    budget: { bytes: 3_000, bytesMax: 9_000, pausedCount: 1 },
    answerMsMax: 60_000,
    ledger: { sumLedger: () => Promise.resolve(sums.shift() ?? []) },
    queue: {
      groupProgress: () =>
        world.isQueueAway
          ? Promise.reject(new Error('away'))
          : Promise.resolve(new Map([[0, { finished: 0n, waiting: world.waiting }]])),
    },
  });
  watch.observer.onActivity(AT, { kind: 'assigned' });
  watch.observer.onActivity(AT, { kind: 'inserting', chunk: CHUNK });
  return Object.assign(world, { metrics, sums });
}

/** The samples of atbd's own metrics, without the process's. */
async function samplesOf({ metrics }: World): Promise<Record<string, number>> {
  const lines = (await metrics.render()).split('\n').filter((line) => line.startsWith('atbd_'));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice('atbd_ingest_'.length, at), Number(line.slice(at + 1))];
    }),
  );
}

describe('IngestMetrics', () => {
  it('counts a chunk when it is committed, and sizes when it is inserted', async () => {
    const world = worldOf();
    const { observer } = world.metrics;
    observer.onActivity(CHUNK, { kind: 'inserted', chunk: CHUNK, durationMs: 300 });
    const before = await samplesOf(world);
    expect(before['records_total{topic="events",partition="0"}']).toBeUndefined();
    expect(before).toMatchObject({
      flush_records_sum: 2,
      'flush_duration_seconds_bucket{le="0.25"}': 0,
      'flush_duration_seconds_bucket{le="0.5"}': 1,
      flush_duration_seconds_sum: 0.3,
    });
    observer.onStep('written', CHUNK);
    observer.onStep('committed', CHUNK);
    const after = await samplesOf(world);
    expect(after['records_total{topic="events",partition="0"}']).toBe(2);
    expect(after['bytes_total{topic="events",partition="0"}']).toBe(after['flush_bytes_sum']);
    expect(after['flush_bytes_sum']).toBeGreaterThan(200);
  });

  it('takes events, dead letters, late and clamped ones from the ledger, each line once', async () => {
    const world = worldOf();
    world.sums.push([SUM]);
    world.metrics.observer.onStep('committed', CHUNK);
    await samplesOf(world);
    expect(await samplesOf(world)).toMatchObject({
      'events_stored_total{topic="events"}': 7,
      'dead_letters_total{topic="events",reason="invalid_json"}': 3,
      'late_events_total{topic="events"}': 2,
      'clamped_events_total{topic="events"}': 1,
      'watermark_timestamp_seconds{topic="events",partition="0"}': (NOW_MS - 1_000) / 1000,
    });
  });

  it('lets the watermark rise only', async () => {
    const world = worldOf();
    world.sums.push([SUM], [{ ...SUM, newestMs: NOW_MS - 9_000 }]);
    const name = 'watermark_timestamp_seconds{topic="events",partition="0"}';
    for (let chunk = 0; chunk < 2; chunk += 1) {
      world.metrics.observer.onStep('committed', CHUNK);
      expect((await samplesOf(world))[name]).toBe((NOW_MS - 1_000) / 1000);
    }
  });

  it('says how many records wait and for how long, and 0 when none does', async () => {
    const world = worldOf();
    const lag = {
      records: 'lag_records{topic="events",partition="0"}',
      seconds: 'lag_seconds{topic="events",partition="0"}',
    };
    expect(await samplesOf(world)).toMatchObject({ [lag.records]: 12, [lag.seconds]: 4 });
    world.waiting = 0n;
    expect(await samplesOf(world)).toMatchObject({ [lag.records]: 0, [lag.seconds]: 0 });
  });

  it('leaves out what the queue does not say, and counts that', async () => {
    const world = worldOf();
    await samplesOf(world);
    world.isQueueAway = true;
    const samples = await samplesOf(world);
    expect(Object.keys(samples).filter((name) => name.startsWith('lag_'))).toEqual([]);
    expect(samples['scrape_failures_total{source="queue"}']).toBe(1);
  });

  it('says what is held, what may be, and who waits', async () => {
    expect(await samplesOf(worldOf())).toMatchObject({
      ...{ inflight_bytes: 3_000, inflight_bytes_max: 9_000 },
      ...{ paused_partitions: 1, owned_partitions: 1 },
    });
  });

  it('counts retries by the code of the error', async () => {
    const world = worldOf();
    const error = new AtbdError({ code: 'CLICKHOUSE_BUSY', message: 'busy', hint: 'wait' });
    world.metrics.observer.onRetry(error, 1);
    world.metrics.observer.onRetry(error, 2);
    expect((await samplesOf(world))['retries_total{reason="clickhouse_busy"}']).toBe(2);
  });

  it('explains each metric, and shows the process itself', async () => {
    const text = await worldOf().metrics.render();
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(names).toContain('process_cpu_seconds_total');
    expect(names.filter((name) => name?.startsWith('atbd_'))).toMatchSnapshot();
    for (const [, help] of text.matchAll(/^# HELP atbd_\S+ (.*)$/gm)) expect(help).toMatch(/\.$/);
  });
});
