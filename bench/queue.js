// A queue by itself: events/s produced in batches and consumed by a group, each with its CPU-seconds.
// npm run bench -- queue [events] [batch] [embedded|redis]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { openQueue } from '../dist/engine/queue/open-queue.js';
import { startRedisServer } from '../dist/engine/testing/redis-server.js';

const EVENT_BYTES = 354;
const PARTITION_COUNT = 6;

/** The kernel counts a process's time in these (getconf CLK_TCK is 100 on every Linux we know). */
const TICKS_A_SECOND = 100;

let serverPid;

export default async function bench([eventCount = '1000000', batchSize = '5000', kind]) {
  const path = await mkdtemp(join(tmpdir(), 'atbd-bench-'));
  const server = kind === 'redis' ? await startRedisServer() : undefined;
  serverPid = server?.pid;
  try {
    const queue = await openQueue(
      server ? { kind: 'redis', url: server.url } : { kind: 'embedded', path },
    );
    await queue.createTopic('events', { partitionCount: PARTITION_COUNT });
    await measure('produced', Number(eventCount), () =>
      produce(queue, Number(eventCount), Number(batchSize)),
    );
    const total = Number(eventCount);
    await measure('consumed as rows', total, () =>
      consume(queue, total, { groupId: 'rows', look: (run) => run.rows() }),
    );
    await measure('consumed as records', total, () =>
      consume(queue, total, { groupId: 'records', look: (run) => run.records() }),
    );
    await measureLatency(queue);
    await queue[Symbol.asyncDispose]();
  } finally {
    await rm(path, { recursive: true, force: true });
    await server?.[Symbol.asyncDispose]();
  }
}

async function produce(queue, eventCount, batchSize) {
  const producer = await queue.createProducer();
  const value = Buffer.alloc(EVENT_BYTES, 'x');
  const inFlight = [];
  for (let first = 0; first < eventCount; first += batchSize) {
    const messages = Array.from(
      { length: Math.min(batchSize, eventCount - first) },
      (_, index) => ({
        key: `op-${first + index}`,
        value,
      }),
    );
    inFlight.push(producer.send('events', messages));
    if (inFlight.length > 1) await inFlight.shift();
  }
  await Promise.all(inFlight);
}

/** `look` is what the reader does with each run of records: pass it on, or look into it. */
async function consume(queue, eventCount, { groupId, look }) {
  const stop = new AbortController();
  const consumer = await queue.createConsumer({ groupId, topics: ['events'] });
  let seenCount = 0;
  await consumer.run(async (partition) => {
    while (!partition.signal.aborted) {
      const runs = await partition.read({ waitMs: 100 }).catch(() => undefined);
      if (!runs) continue;
      for (const run of runs) {
        look(run);
        seenCount += run.recordCount;
      }
      const last = runs.at(-1);
      const position = last.offsetAt(last.recordCount - 1) + 1n;
      await partition.commit({ position, intent: null });
      if (seenCount === eventCount) stop.abort();
    }
  }, stop.signal);
}

async function measureLatency(queue) {
  const producer = await queue.createProducer();
  const latenciesMs = [];
  for (let index = 0; index < 50; index += 1) {
    const started = performance.now();
    await producer.send('events', [{ key: 'one', value: 'one event' }]);
    latenciesMs.push(performance.now() - started);
  }
  latenciesMs.sort((a, b) => a - b);
  console.log(
    `one event on disk: median ${latenciesMs[25].toFixed(1)} ms, worst ${latenciesMs[49].toFixed(1)} ms`,
  );
}

async function measure(what, count, work) {
  const cpu = process.cpuUsage();
  const serverCpu = serverCpuSeconds();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const cpuSeconds = (user + system) / 1e6;
  console.log(
    `${what}: ${count} events of ${EVENT_BYTES} bytes in ${seconds.toFixed(2)} s = ${Math.round(count / seconds)} events/s, ` +
      `${cpuSeconds.toFixed(2)} CPU-s (${((cpuSeconds / count) * 1e6).toFixed(2)} µs an event)` +
      (serverPid === undefined
        ? ''
        : `, server ${(serverCpuSeconds() - serverCpu).toFixed(2)} CPU-s`),
  );
}

function serverCpuSeconds() {
  if (serverPid === undefined) return 0;
  const fields = readFileSync(`/proc/${serverPid}/stat`, 'utf8').split(') ')[1].split(' ');
  // User and system time are the 14th and 15th field, of which the first two are cut off here.
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
