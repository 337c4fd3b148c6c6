import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { TopicSpec } from '../../engine/edge/topic/topic-spec.js';
import { INGEST_GROUP_ID } from '../../engine/model/limit.js';
import { openQueue } from '../../engine/queue/open-queue.js';
import { hasKafka, startKafkaBroker } from '../../engine/testing/kafka-broker.js';
import { hasRedis, startRedisServer } from '../../engine/testing/redis-server.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';
import {
  startTestContext,
  type TestContext,
  type TestQueue,
} from '../_cli/testing/test-context.js';

const TEST_MS_MAX = 240_000;
const POLL_MS = 100;
const LIFE_MS_MAX = 15_000;
/** Of each topic, in each life of the worker. */
const RECORDS_A_LIFE = 3_000;
const PARTITION_COUNT = 5;
const EVENTS_A_REQUEST = 5;
const START_MS = Date.now() - 3_600_000;

interface ForeignMessage {
  readonly key: string | null;
  readonly value: string | null;
}

/** A topic, and what those who fill it write; `isBad` records become dead letters. */
interface ForeignTopic {
  readonly spec: TopicSpec;
  readonly write: (index: number) => ForeignMessage;
  readonly isBad: (index: number) => boolean;
  /** Of a record that is not bad; 1 when left out. */
  readonly eventCount?: number;
}

const isEvery = (count: number) => (index: number) => index % count === 0;
const time = (index: number): string => new Date(START_MS + index).toISOString();

const TOPICS: readonly ForeignTopic[] = [
  {
    spec: { name: 'app-logs', format: 'json', service: 'shop' },
    isBad: isEvery(97),
    write: (index) => ({
      key: `k${index % 7}`,
      value: isEvery(97)(index)
        ? `not json ${index}`
        : JSON.stringify({
            '@timestamp': time(index),
            severity: 'WARNING',
            msg: `line ${index}`,
            trace_id: `t${index}`,
          }),
    }),
  },
  {
    spec: {
      name: 'lines',
      format: 'text',
      pattern: String.raw`^(?<ts>\S+) (?<level>\w+) (?<message>.*)$`,
      serviceFromKey: true,
    },
    isBad: isEvery(89),
    write: (index) => ({
      key: `svc-${index % 3}`,
      value: isEvery(89)(index) ? '   ' : `${time(index)} ERROR line ${index}`,
    }),
  },
  {
    spec: {
      name: 'shopdb.public.orders',
      format: 'debezium',
      types: { 'orders.created': 'order.placed' },
      columns: { id: 'order_id' },
    },
    isBad: isEvery(83),
    // A tombstone follows a deletion.
    write: (index) => ({
      key: JSON.stringify({ id: index }),
      value: isEvery(83)(index)
        ? null
        : JSON.stringify({
            before: null,
            after: { id: index, user_id: `u${index % 50}`, status: 'placed', amount: '19.90' },
            source: { name: 'shopdb', db: 'shop', table: 'orders', ts_ms: START_MS + index },
            op: 'c',
          }),
    }),
  },
  {
    spec: { name: 'otlp_logs', format: 'otlp-json' },
    isBad: isEvery(79),
    eventCount: EVENTS_A_REQUEST,
    write: (index) => ({
      key: null,
      value: isEvery(79)(index) ? '{"resource":{}}' : JSON.stringify(requestOf(index)),
    }),
  },
];

/** Log records of one moment and one action: only their number in the request tells them apart. */
function requestOf(index: number): object {
  const logRecords = Array.from({ length: EVENTS_A_REQUEST }, (_, item) => ({
    timeUnixNano: `${START_MS + index}000000`,
    traceId: `otlp-${index}`,
    severityText: 'ERROR',
    body: { stringValue: `said ${item} of ${index}` },
  }));
  const attributes = [{ key: 'service.name', value: { stringValue: 'collector' } }];
  return { resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords }] }] };
}

/** Sends as somebody else would. */
type Send = (topic: string, messages: readonly ForeignMessage[]) => Promise<void>;

interface ForeignQueue extends AsyncDisposable {
  readonly queue: TestQueue;
  readonly open: (context: TestContext) => Promise<{ readonly send: Send } & AsyncDisposable>;
}

/** How the worker's lives end: at a step of its second or third chunk of all. */
const DEATHS = ['announced:2', 'written:2', 'announced:3', 'written:3'];

function describeTopics(name: string, start: () => Promise<ForeignQueue>): void {
  describe(`topics that others fill, in ${name}`, () => {
    it(
      'are stored exactly once while the worker is killed',
      async () => {
        await using foreign = await start();
        const topics = TOPICS.map(({ spec }) => spec);
        await using context = await startTestContext({
          queue: foreign.queue,
          shardCount: 2,
          topics,
        });
        await using producer = await foreign.open(context);
        let sent = 0;
        for (const death of [...DEATHS, undefined]) {
          for (const { spec, write } of TOPICS) {
            const messages = Array.from({ length: RECORDS_A_LIFE }, (_, index) =>
              write(sent + index),
            );
            await producer.send(spec.name, messages);
          }
          sent += RECORDS_A_LIFE;
          if (death === undefined) await storeAll(context);
          else await liveAndDie(context, death);
        }
        const indexes = Array.from({ length: sent }, (_, index) => index);
        for (const { spec, isBad, eventCount = 1 } of TOPICS) {
          const dead = indexes.filter(isBad).length;
          expect(await countsOf(context, spec.name)).toEqual({
            topic: spec.name,
            events: (sent - dead) * eventCount,
            distinct: (sent - dead) * eventCount,
            dead,
          });
        }
        expect(await runAtbd(['verify'], { env: context.env })).toMatchObject({ code: 0 });
        await expectEvents(context);
        await expectPages(context);
        await expectFinding(context);
        await expectMended(context);
      },
      TEST_MS_MAX,
    );
  });
}

/** What became of one record of each topic. */
async function expectEvents({ env }: TestContext): Promise<void> {
  const logs = async (...args: string[]): Promise<unknown> => {
    const { stdout } = await runAtbd(['query', 'logs', '--json', ...args], { env });
    const { events } = JSON.parse(stdout) as { events: unknown[] };
    return events[0];
  };
  expect(await logs('--since', '1d', '-f', 'op_id=t101')).toMatchObject({
    topic: 'app-logs',
    ts: expect.stringContaining(time(101).slice(0, 23)) as string,
    level: 'warn',
    service: 'shop',
    message: 'line 101',
  });
  expect(await logs('--since', '1d', '--service', 'svc-2', 'line', '101')).toMatchObject({
    level: 'error',
    service: 'svc-2',
  });
  expect(await logs('--since', '1d', '-f', 'order_id=101')).toMatchObject({
    kind: 'record',
    type: 'order.placed',
    ts: expect.stringContaining(time(101).slice(0, 23)) as string,
    service: 'shopdb',
    user_id: 'u1',
    amount: '19.9',
    attrs: { 'change.table': 'orders' },
  });
}

/** Pages that end between events of one record: none is shown twice, none is left out. */
async function expectPages({ env }: TestContext): Promise<void> {
  const messages: string[] = [];
  let after: string[] = [];
  for (;;) {
    const args = ['--since', '1d', '-f', 'op_id=otlp-101', '--limit', '2', '--json', ...after];
    const { stdout } = await runAtbd(['query', 'logs', ...args], { env });
    const page = JSON.parse(stdout) as { events: { message: string }[]; next: string | null };
    messages.push(...page.events.map(({ message }) => message));
    if (page.next === null) break;
    after = ['--after', page.next];
  }
  const items = Array.from({ length: EVENTS_A_REQUEST }, (_, item) => `said ${item} of 101`);
  expect(messages).toEqual(items.toReversed());
}

/** `verify` sees that one event of a record is gone. */
async function expectFinding({ testStore, env }: TestContext): Promise<void> {
  const query = `ALTER TABLE events_local DELETE WHERE message = 'said 3 of 101'`;
  for (const shard of [0, 1]) {
    const client = await testStore.store.shard(shard);
    await client.command({ query, clickhouse_settings: { mutations_sync: '2' } });
  }
  const { code, stdout } = await runAtbd(['verify', '--json'], { env });
  const { findings } = JSON.parse(stdout) as { findings: object[] };
  expect({ code, findings }).toMatchObject({
    code: 1,
    findings: [{ kind: 'inner_event_missing', topic: 'otlp_logs', count: 1 }],
  });
}

/** The one event comes back out of its record, which is mapped again. */
async function expectMended({ env }: TestContext): Promise<void> {
  const { code, stdout, stderr } = await runAtbd(['verify', '--repair', '--yes'], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^ {2}otlp_logs\/1\/\d+ offsets .*: 1 event$/mu);
  expect(await runAtbd(['verify', '--contents'], { env })).toMatchObject({ code: 0 });
}

function startWorker({ env }: TestContext, failpoint?: string): ReturnType<typeof spawn> {
  return spawn(process.execPath, ['bin/run.js', 'worker', 'ingest', '--session-timeout', '6000'], {
    env: { ...process.env, ...env, ...(failpoint && { ATBD_FAILPOINT: failpoint }) },
    stdio: 'ignore',
  });
}

async function liveAndDie(context: TestContext, failpoint: string): Promise<void> {
  const worker = startWorker(context, failpoint);
  const dead = once(worker, 'exit');
  const deadline = setTimeout(() => worker.kill('SIGKILL'), LIFE_MS_MAX);
  const [, signal] = (await dead) as [number | null, string | null];
  clearTimeout(deadline);
  expect(signal).toBe('SIGKILL');
}

async function storeAll(context: TestContext): Promise<void> {
  const worker = startWorker(context);
  const ended = once(worker, 'exit');
  await using queue = await openQueue(context.queue);
  await expect
    .poll(
      async () => {
        let waiting = 0n;
        for (const { spec } of TOPICS) {
          const progress = await queue.groupProgress(INGEST_GROUP_ID, spec.name);
          for (const each of progress.values()) waiting += each.waiting;
        }
        return waiting;
      },
      { timeout: TEST_MS_MAX / 2, interval: POLL_MS },
    )
    .toBe(0n);
  worker.kill('SIGTERM');
  await ended;
}

async function countsOf({ testStore }: TestContext, topic: string): Promise<unknown> {
  const client = await testStore.store.shard(0);
  const answer = await client.query({
    query: `SELECT {topic:String} AS topic,
      toUInt32((SELECT count() FROM events WHERE topic = {topic:String})) AS events,
      toUInt32((SELECT uniqExact(message, order_id) FROM events WHERE topic = {topic:String})) AS distinct,
      toUInt32((SELECT count() FROM dead_letters WHERE topic = {topic:String})) AS dead`,
    query_params: { topic },
    format: 'JSONEachRow',
  });
  const [row] = await answer.json();
  return row;
}

/** By our own producer, where nobody else's is at hand. */
async function openOurs(context: TestContext): Promise<{ readonly send: Send } & AsyncDisposable> {
  const queue = await openQueue(context.queue);
  for (const { spec } of TOPICS)
    await queue.createTopic(spec.name, { partitionCount: PARTITION_COUNT });
  const producer = await queue.createProducer();
  return {
    send: async (topic, messages) => {
      await producer.send(topic, [...messages]);
    },
    async [Symbol.asyncDispose]() {
      await producer[Symbol.asyncDispose]();
      await queue[Symbol.asyncDispose]();
    },
  };
}

describeTopics('the embedded queue', () =>
  Promise.resolve({
    queue: { kind: 'embedded' },
    open: openOurs,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
);

describe.runIf(hasRedis())('with a server', () => {
  describeTopics('Redis', async () => {
    const server = await startRedisServer();
    return {
      queue: { kind: 'redis', url: server.url },
      open: openOurs,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  });
});

describe.runIf(hasKafka())('with a broker', () => {
  describeTopics('Kafka', async () => {
    const broker = await startKafkaBroker();
    return {
      queue: { kind: 'kafka', brokers: [broker.bootstrap] },
      async open() {
        const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
        const admin = kafka.admin();
        await admin.connect();
        await admin.createTopics({
          topics: TOPICS.map(({ spec }) => ({ topic: spec.name, numPartitions: PARTITION_COUNT })),
        });
        await admin.disconnect();
        const producer = kafka.producer();
        await producer.connect();
        return {
          send: async (topic, messages) => {
            await producer.send({ topic, messages: messages.map((message) => ({ ...message })) });
          },
          [Symbol.asyncDispose]: () => producer.disconnect(),
        };
      },
      [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
    };
  });
});
