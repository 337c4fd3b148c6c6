// From queue to store: rows/s and CPU-seconds of every process for `atbd worker ingest` from the embedded queue,
// from Kafka and from Redis, and beside each, in the same run, a direct insert of the very same chunks. `engine` is the run from
// Kafka with ClickHouse's own Kafka engine as a third.
// npm run bench -- ingest [events] [embedded|kafka|redis|engine] [workers]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startTestContext } from '../dist/commands/_cli/testing/test-context.js';
import { openQueue } from '../dist/engine/queue/open-queue.js';
import { hasKafka, startKafkaBroker } from '../dist/engine/testing/kafka-broker.js';
import { hasRedis, startRedisServer } from '../dist/engine/testing/redis-server.js';
import { emptyTables, insert, rowsReady, warmUp } from './ingest/direct.js';
import { toMessage } from './ingest/event.js';
import { dropWordIndex, readByKafkaEngine } from './ingest/kafka-engine.js';
import { measure, report } from './ingest/measure.js';

const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const TOPIC = 'events';
const PARTITION_COUNT = 6;
const SHARD_COUNT = 3;
const BATCH_SIZE = 5_000;
const POLL_MS = 20;

export default async function bench([eventCount = '500000', only, workers = '1']) {
  const load = { count: Number(eventCount), workerCount: Number(workers) };
  const isAsked = (kind) => only === undefined || only === kind;
  if (isAsked('embedded')) await benchQueue('embedded', { kind: 'embedded' }, load, []);
  if (isAsked('kafka') && hasKafka()) await benchKafka(load);
  if (only === 'engine' && hasKafka()) await benchKafka(load, { withEngine: true });
  if (isAsked('redis') && hasRedis()) await benchRedis(load);
}

async function benchRedis(load) {
  const server = await startRedisServer();
  try {
    const queue = { kind: 'redis', url: server.url };
    await benchQueue('redis', queue, load, [['server', server.pid]]);
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

async function benchKafka(load, { withEngine = false } = {}) {
  const broker = await startKafkaBroker();
  try {
    const queue = { kind: 'kafka', brokers: [broker.bootstrap] };
    const engineFrom = withEngine ? broker.bootstrap : undefined;
    await benchQueue('kafka', queue, load, [['broker', broker.pid]], engineFrom);
  } finally {
    await broker[Symbol.asyncDispose]();
  }
}

async function benchQueue(name, queueSpec, { count, workerCount }, others, engineFrom) {
  const context = await startTestContext({ queue: queueSpec, shardCount: SHARD_COUNT });
  const queue = await openQueue(context.queue);
  try {
    await queue.createTopic(TOPIC, { partitionCount: PARTITION_COUNT });
    const bytes = await produce(queue, count);
    console.log(
      `${name}: ${count} events of ${Math.round(bytes / count)} bytes, ${PARTITION_COUNT} partitions, ${SHARD_COUNT} shards`,
    );
    const shards = context.testStore.pids.map((pid, index) => [`shard-${index}`, pid]);

    if (engineFrom !== undefined) await dropWordIndex(context);
    await warmUp(context);
    await emptyTables(context);
    const workers = Array.from({ length: workerCount }, () =>
      spawn(process.execPath, [BIN, 'worker', 'ingest'], {
        env: { ...process.env, ...context.env },
        stdio: 'ignore',
      }),
    );
    const named = workers.map(({ pid }, index) => [`worker-${index}`, pid]);
    const processes = [...named, ...shards, ...others];
    // Starting is a process's price, not an event's: it is measured apart, up to the first chunk's announcement.
    const start = await measure(count, processes, () => untilAnnounced(queue));
    const byWorker = await measure(count, processes, () => untilStored(queue));
    report(workerCount === 1 ? 'worker' : `${workerCount} workers`, byWorker);
    const nodeSecondsOf = ({ cpu }) => named.reduce((sum, [each]) => sum + cpu[each], 0);
    console.log(
      `  (the start before that: ${start.seconds.toFixed(2)} s, ${nodeSecondsOf(start).toFixed(2)} CPU-s of Node)`,
    );
    await Promise.all(workers.map(end));

    const chunks = await chunksOf(context, queue);
    await emptyTables(context);
    if (engineFrom !== undefined) {
      const from = { bootstrap: engineFrom, topic: TOPIC };
      const byEngine = await measure(count, [...shards, ...others], () =>
        readByKafkaEngine(context, from, count),
      );
      report('Kafka engine', byEngine);
      await emptyTables(context);
    }
    const direct = await measure(count, [['bench', process.pid], ...shards], () =>
      insert(context, chunks),
    );
    report('direct', direct);
    const nodeUs = (nodeSecondsOf(byWorker) / count) * 1e6;
    console.log(
      `  worker / direct: ${(direct.seconds / byWorker.seconds).toFixed(2)}x of the rate; Node ${nodeUs.toFixed(2)} µs an event; ` +
        `${chunks.length} chunks of ${Math.round(count / chunks.length)} events`,
    );
  } finally {
    await queue[Symbol.asyncDispose]();
    await context[Symbol.asyncDispose]();
  }
}

async function end(worker) {
  const exited = once(worker, 'exit');
  worker.kill('SIGTERM');
  await exited;
}

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
