import { expect, it } from 'vitest';
import { BACKFILL_HEADER, DEFAULT_TOPIC } from '../../engine/model/limit.js';
import { openQueue } from '../../engine/queue/open-queue.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';
import { startTestContext } from '../_cli/testing/test-context.js';
import { startTestWorker, until } from '../_cli/testing/test-worker.js';

const NOW_MS = Date.UTC(2026, 5, 1, 12);
const MINUTE_MS = 60_000;

/** An event of `service`, so many minutes before the queue's time. */
function eventAt(minutesBefore: number): string {
  const ts = new Date(NOW_MS - minutesBefore * MINUTE_MS).toISOString();
  return JSON.stringify({ ts, kind: 'log', level: 'info', service: 'cart', message: 'x' });
}

const MESSAGES = [
  { value: eventAt(0) },
  { value: eventAt(1.5) },
  // Late: one by its minutes, one by an hour.
  { value: eventAt(3) },
  { value: eventAt(60) },
  // Impossible times.
  { value: eventAt(-11) },
  { value: eventAt(500 * 24 * 60) },
  // The same in a backfill are as they should be.
  { value: eventAt(500 * 24 * 60), headers: { [BACKFILL_HEADER]: '1' } },
  { value: eventAt(60), headers: { [BACKFILL_HEADER]: '1' } },
  // No time of its own: the queue's.
  { value: '{"service":"cart","message":"no ts"}' },
  { value: 'no json' },
  { value: '[1]' },
  { value: null },
];

it('serves what it stored, how far it is behind, and whether it can work', async () => {
  await using context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 2 });
  await using queue = await openQueue(context.queue);
  await queue.createTopic(DEFAULT_TOPIC, { partitionCount: 2 });
  await using producer = await queue.createProducer();
  await using worker = await startTestWorker(context);

  await producer.send(
    DEFAULT_TOPIC,
    MESSAGES.map((message) => ({ key: 'one', timestampMs: NOW_MS, ...message })),
  );
  const topic = `topic="${DEFAULT_TOPIC}"`;
  const samples = await worker.samplesUntil(
    (seen) => seen[`atbd_ingest_events_stored_total{${topic}}`] === 9,
  );
  expect(samples).toMatchObject({
    [`atbd_ingest_late_events_total{${topic}}`]: 2,
    [`atbd_ingest_clamped_events_total{${topic}}`]: 2,
    [`atbd_ingest_dead_letters_total{${topic},reason="invalid_json"}`]: 1,
    [`atbd_ingest_dead_letters_total{${topic},reason="not_an_object"}`]: 1,
    [`atbd_ingest_dead_letters_total{${topic},reason="tombstone"}`]: 1,
    atbd_ingest_owned_partitions: 2,
  });
  const valuesOf = (name: string): number[] =>
    Object.entries(samples).flatMap(([key, value]) => (key.startsWith(`${name}{`) ? [value] : []));
  expect(valuesOf('atbd_ingest_records_total')).toEqual([MESSAGES.length]);
  expect(valuesOf('atbd_ingest_lag_records')).toEqual([0, 0]);
  expect(valuesOf('atbd_ingest_lag_seconds')).toEqual([0, 0]);
  expect(valuesOf('atbd_ingest_watermark_timestamp_seconds')).toEqual([NOW_MS / 1000]);
  expect(samples['process_cpu_seconds_total']).toBeGreaterThan(0);
  expect(await worker.get('/readyz')).toEqual({ status: 200, text: 'ok\n' });
  expect(await worker.get('/healthz')).toEqual({ status: 200, text: 'ok\n' });
  expect(await worker.get('/')).toMatchObject({ status: 404 });

  await context.testStore.stopShard(1);
  expect(await worker.get('/readyz')).toEqual({ status: 503, text: 'shard 1 does not answer\n' });
  // That is no reason to be killed.
  expect(await worker.get('/healthz')).toMatchObject({ status: 200 });
  await context.testStore.startShard(1);
  await until(async () => ((await worker.get('/readyz')).status === 200 ? true : undefined));
  expect(await worker.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

it('says that it cannot listen where somebody else does', async () => {
  await using context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 1 });
  await using worker = await startTestWorker(context);
  const { host } = new URL(worker.url);
  const second = await runAtbd(['worker', 'ingest', '--metrics-listen', host], {
    env: context.env,
  });
  expect(second).toMatchObject({ code: 2 });
  expect(second.stderr).toContain(`cannot listen on ${host}`);
});
