// From queue to store: rows/s and CPU-seconds of every process for `atbd worker ingest` from the embedded queue,
// from Kafka and from Redis, and beside each, in the same run, a direct insert of the very same chunks.
// npm run bench -- ingest [events] [embedded|kafka|redis]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startTestContext } from '../dist/commands/_cli/testing/test-context.js';
import { runOf } from '../dist/engine/model/record-run.js';
import { openQueue } from '../dist/engine/queue/open-queue.js';
import { hasKafka, startKafkaBroker } from '../dist/engine/testing/kafka-broker.js';
import { hasRedis, startRedisServer } from '../dist/engine/testing/redis-server.js';
import { createChunkStore } from '../dist/store/write/chunk-store.js';

const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const TOPIC = 'events';
const PARTITION_COUNT = 6;
const SHARD_COUNT = 3;
const BATCH_SIZE = 5_000;
/** The kernel counts a process's time in these (getconf CLK_TCK is 100 on every Linux we know). */
const TICKS_A_SECOND = 100;
const POLL_MS = 20;
const FILLED_TABLES = ['events', 'traffic_1m', 'sessions_1m', 'metrics_1m'];

const WARM_UP_RECORDS = 20_000;

export default async function bench([eventCount = '500000', only]) {
  const count = Number(eventCount);
  const isAsked = (kind) => only === undefined || only === kind;
  if (isAsked('embedded')) await benchQueue('embedded', { kind: 'embedded' }, count, []);
  if (isAsked('kafka') && hasKafka()) await benchKafka(count);
  if (isAsked('redis') && hasRedis()) await benchRedis(count);
}

async function benchRedis(count) {
  const server = await startRedisServer();
  try {
    const queue = { kind: 'redis', url: server.url };
    await benchQueue('redis', queue, count, [['server', server.pid]]);
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

async function benchKafka(count) {
  const broker = await startKafkaBroker();
  try {
    const queue = { kind: 'kafka', brokers: [broker.bootstrap] };
    await benchQueue('kafka', queue, count, [['broker', broker.pid]]);
  } finally {
    await broker[Symbol.asyncDispose]();
  }
}

async function benchQueue(name, queueSpec, count, others) {
  const context = await startTestContext({ queue: queueSpec, shardCount: SHARD_COUNT });
  const queue = await openQueue(context.queue);
  try {
    await queue.createTopic(TOPIC, { partitionCount: PARTITION_COUNT });
    const bytes = await produce(queue, count);
    console.log(
      `${name}: ${count} events of ${Math.round(bytes / count)} bytes, ${PARTITION_COUNT} partitions, ${SHARD_COUNT} shards`,
    );
    const shards = context.testStore.pids.map((pid, index) => [`shard-${index}`, pid]);

    await warmUp(context);
    await emptyTables(context);
    const worker = spawn(process.execPath, [BIN, 'worker', 'ingest'], {
      env: { ...process.env, ...context.env },
      stdio: 'ignore',
    });
    const exited = once(worker, 'exit');
    const processes = [['worker', worker.pid], ...shards, ...others];
    // Starting is a process's price, not an event's: it is measured apart, up to the first chunk's announcement.
    const start = await measure(count, processes, () => untilAnnounced(queue));
    const byWorker = await measure(count, processes, () => untilStored(queue));
    report('worker', byWorker);
    console.log(
      `  (its start before that: ${start.seconds.toFixed(2)} s, ${start.cpu.worker.toFixed(2)} CPU-s of the worker)`,
    );
    worker.kill('SIGTERM');
    await exited;

    const chunks = await chunksOf(context, queue);
    await emptyTables(context);
    const direct = await measure(count, [['bench', process.pid], ...shards], () =>
      insert(context, chunks),
    );
    report('direct', direct);
    const { cpu, seconds } = byWorker;
    console.log(
      `  worker / direct: ${(direct.seconds / seconds).toFixed(2)}x of the rate; Node ${((cpu.worker / count) * 1e6).toFixed(2)} µs an event; ` +
        `${chunks.length} chunks of ${Math.round(count / chunks.length)} events`,
    );
  } finally {
    await queue[Symbol.asyncDispose]();
    await context[Symbol.asyncDispose]();
  }
}

/** Events as a shop logs them: ids that do not repeat, words that do. */
async function produce(queue, count) {
  const producer = await queue.createProducer();
  let bytes = 0;
  for (let first = 0; first < count; first += BATCH_SIZE) {
    const messages = Array.from({ length: Math.min(BATCH_SIZE, count - first) }, (_, index) =>
      toMessage(first + index),
    );
    for (const { value } of messages) bytes += value.length;
    await producer.send(TOPIC, messages);
  }
  await producer[Symbol.asyncDispose]();
  return bytes;
}

const SERVICES = ['gateway', 'catalogue', 'reservation', 'order', 'payment', 'notification'];
const START_MS = Date.UTC(2026, 10, 1);

function toMessage(index) {
  const opId = (BigInt(Math.floor(index / 12)) * 0x9e3779b97f4a7c15n)
    .toString(16)
    .padStart(32, '0')
    .slice(-32);
  const value = JSON.stringify({
    ts: new Date(START_MS + index * 20).toISOString(),
    kind: 'log',
    type: 'log',
    level: index % 50 === 0 ? 'error' : 'info',
    service: SERVICES[index % SERVICES.length],
    host: `host-${index % 12}`,
    pod: `pod-${index % 36}`,
    module: 'payment.gateway',
    file: 'src/payment/gateway.ts',
    line: index % 400,
    message: `attempt ${index % 4} of the payment for order ${index} was answered by provider ${index % 5} after ${(index * 7919) % 2000} ms`,
    op_id: opId,
    span_id: opId.slice(0, 16),
    user_id: `user-${(index * 31) % 20_000}`,
    operation: 'buy',
  });
  return { key: opId, value };
}

/** What a server does for the first time it does slowly: whoever came first would look worse. */
async function warmUp(context) {
  const records = Array.from({ length: WARM_UP_RECORDS }, (_, index) => ({
    ...{ offset: BigInt(index), timestampMs: START_MS, headers: undefined },
    ...{ key: null, value: Buffer.from(toMessage(index).value) },
  }));
  const runs = [rowsReady(records)];
  const chunks = Array.from({ length: 2 * PARTITION_COUNT }, (_, index) => ({
    ...{ topic: 'warm-up', epoch: 1, partition: index, shard: index % SHARD_COUNT, runs },
    ...{ first: 0n, last: BigInt(WARM_UP_RECORDS - 1) },
  }));
  await insert(context, chunks);
}

/** Who comes next starts with empty tables, and does not merge what came before. */
async function emptyTables({ testStore: { store } }) {
  for (let index = 0; index < SHARD_COUNT; index += 1) {
    const client = await store.shard(index);
    for (const table of FILLED_TABLES)
      await client.command({ query: `TRUNCATE TABLE atbd.${table}_local SYNC` });
  }
}

async function untilAnnounced(queue) {
  while ((await queue.groupPositions('atbd-ingest', TOPIC)).size === 0) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function untilStored(queue) {
  const { partitions } = await queue.describeTopic(TOPIC);
  for (;;) {
    const positions = await queue.groupPositions('atbd-ingest', TOPIC);
    if (partitions.every(({ partition, end }) => (positions.get(partition)?.position ?? 0n) >= end))
      return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The chunks that the worker made, by the ledger, with their records; under an epoch of their own. */
async function chunksOf(context, queue) {
  const client = await context.testStore.store.shard(0);
  const answer = await client.query({
    query:
      "SELECT toUInt32(_shard_num) - 1 AS shard, partition, toString(first) AS first, toString(last) AS last FROM ledger WHERE topic = 'events' ORDER BY partition, ledger.first LIMIT 100000",
    format: 'JSONEachRow',
  });
  const lines = await answer.json();
  const { partitions } = await queue.describeTopic(TOPIC);
  const records = new Map(partitions.map(({ partition }) => [partition, []]));
  for await (const batch of queue.read({
    topic: TOPIC,
    fromOffsets: new Map(partitions.map(({ partition, start }) => [partition, start])),
    untilOffsets: new Map(partitions.map(({ partition, end }) => [partition, end])),
    signal: new AbortController().signal,
  })) {
    records.get(batch.partition).push(...batch.records);
  }
  return lines.map(({ shard, partition, ...range }) => {
    // Offsets of Redis are times: there are holes everywhere.
    const [first, last] = [BigInt(range.first), BigInt(range.last)];
    const own = records.get(partition).filter(({ offset }) => offset >= first && offset <= last);
    return { topic: TOPIC, epoch: 2, partition, shard, first, last, runs: [rowsReady(own)] };
  });
}

/** Encoded beforehand, so that the direct insert is nothing but the insert. */
function rowsReady(records) {
  const rows = runOf(records).rows();
  return { recordCount: records.length, rows: () => rows };
}

/** One insert at a time per partition, as the worker does. */
async function insert(context, chunks) {
  const store = createChunkStore(context.testStore.store);
  const lanes = Map.groupBy
    ? Map.groupBy(chunks, ({ partition }) => partition)
    : chunks.reduce(
        (map, chunk) => map.set(chunk.partition, [...(map.get(chunk.partition) ?? []), chunk]),
        new Map(),
      );
  await Promise.all(
    [...lanes.values()].map(async (lane) => {
      for (const chunk of lane) await store.writeChunk(chunk, new AbortController().signal);
    }),
  );
}

async function measure(count, processes, work) {
  const before = processes.map(([, pid]) => cpuSecondsOf(pid));
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const cpu = Object.fromEntries(
    processes.map(([name, pid], index) => [name, cpuSecondsOf(pid) - before[index]]),
  );
  return { seconds, cpu, rate: count / seconds };
}

function report(name, { seconds, cpu, rate }) {
  const parts = Object.entries(cpu).map(([process, used]) => `${process} ${used.toFixed(2)}`);
  const total = Object.values(cpu).reduce((sum, used) => sum + used, 0);
  console.log(
    `  ${name}: ${Math.round(rate)} rows/s (${seconds.toFixed(2)} s), ${total.toFixed(2)} CPU-s: ${parts.join(', ')}`,
  );
}

function cpuSecondsOf(pid) {
  // The name in parentheses may hold blanks; what follows does not.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
