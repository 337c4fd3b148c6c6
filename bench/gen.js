// The simulated shop: events/s and CPU-seconds of one process, alone (made and thrown away), to the embedded queue, and to Kafka.
// npm run bench -- gen [events]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createShop } from '../dist/engine/generate/create-shop.js';
import { openQueue } from '../dist/engine/queue/open-queue.js';
import { hasKafka, startKafkaBroker } from '../dist/engine/testing/kafka-broker.js';

const EVENTS_PER_SECOND = 2_000;
const FROM_MS = Date.UTC(2026, 10, 1);
const STEP_MS = 1_000;
const BATCH_SIZE = 5_000;
/** Batches on their way at once, as `gen events` has. */
const IN_FLIGHT_MAX = 2;
const PARTITION_COUNT = 6;

export default async function bench([eventCount = '1000000']) {
  const seconds = Number(eventCount) / EVENTS_PER_SECOND;
  // Once before it counts: what is measured is a generator that runs, not one that is compiled.
  await generate(Math.min(seconds, 60), () => undefined);
  await measure('alone', () => generate(seconds, () => undefined));
  const path = await mkdtemp(join(tmpdir(), 'atbd-bench-'));
  try {
    await measureQueue('to the embedded queue', { kind: 'embedded', path }, seconds);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
  if (!hasKafka()) return;
  const broker = await startKafkaBroker();
  try {
    await measureQueue('to Kafka', { kind: 'kafka', brokers: [broker.bootstrap] }, seconds);
  } finally {
    await broker[Symbol.asyncDispose]();
  }
}

async function measureQueue(name, connection, seconds) {
  const queue = await openQueue(connection);
  await queue.createTopic('events', { partitionCount: PARTITION_COUNT });
  const producer = await queue.createProducer();
  await measure(name, () => generate(seconds, (messages) => producer.send('events', messages)));
  await producer[Symbol.asyncDispose]();
  await queue[Symbol.asyncDispose]();
}

/** Returns how many events were made. */
async function generate(seconds, send) {
  const toMs = FROM_MS + seconds * 1000;
  const shop = createShop({
    ...{ seed: 7, fromMs: FROM_MS, toMs, eventsPerSecond: EVENTS_PER_SECOND },
    ...{ userCount: 20_000, isDiurnal: false, faults: [], share: { index: 0, count: 1 } },
  });
  let count = 0;
  let batch = [];
  const inFlight = [];
  let hasMore = true;
  for (let untilMs = FROM_MS; hasMore;) {
    untilMs += STEP_MS;
    hasMore = shop.advance(untilMs, ({ key, value }) => {
      count += 1;
      batch.push({ key, value });
    });
    if (batch.length < BATCH_SIZE && hasMore) continue;
    inFlight.push(send(batch));
    batch = [];
    if (inFlight.length > IN_FLIGHT_MAX) await inFlight.shift();
  }
  await Promise.all(inFlight);
  return count;
}

async function measure(name, work) {
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const count = await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  console.log(
    `${name}: ${count} events in ${seconds.toFixed(2)} s = ${Math.round(count / seconds)} events/s, ` +
      `${((user + system) / 1e6).toFixed(2)} CPU-s (${((user + system) / count).toFixed(2)} µs an event)`,
  );
}
