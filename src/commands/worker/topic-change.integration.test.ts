import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Queue } from '../../engine/model/queue.js';
import { openQueue } from '../../engine/queue/open-queue.js';
import { hasKafka, type KafkaBroker, startKafkaBroker } from '../../engine/testing/kafka-broker.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';
import { startTestWorker, type TestWorker, until } from '../_cli/testing/test-worker.js';
import { untilStored } from '../_cli/testing/until-stored.js';

const SENT_COUNT = 400;
/** Longer than a broker takes to come back would hide that a member was forgotten. */
const SESSION_MS = 2_000;
/** More than the listeners that Node lets one signal have without a word. */
const MANY_PARTITIONS = 26;
const TEST_MS_MAX = 180_000;
const STORED_MS_MAX = 60_000;

const MESSAGES = Array.from({ length: SENT_COUNT }, (_, index) => ({
  key: `key-${index}`,
  value: JSON.stringify({ service: 'cart', message: `number ${index}` }),
}));

async function send(queue: Queue, topic: string): Promise<void> {
  await using producer = await queue.createProducer();
  await producer.send(topic, MESSAGES);
}

function startWorker(context: TestContext, topic: string): Promise<TestWorker> {
  return startTestWorker(context, ['--topic', topic, '--session-timeout', String(SESSION_MS)]);
}

/** Events of each epoch, and of how many partitions. */
async function storedOf({ testStore }: TestContext, topic: string): Promise<unknown[]> {
  const answer = await (
    await testStore.store.shard(0)
  ).query({
    query: `SELECT epoch, toUInt32(count()) AS events, toUInt32(uniqExact(partition)) AS partitions
            FROM events WHERE topic = {topic:String} GROUP BY epoch ORDER BY epoch`,
    query_params: { topic },
    format: 'JSONEachRow',
  });
  return answer.json();
}

async function verify({ env }: TestContext, topic: string) {
  return runAtbd(['verify', '--topic', topic], { env });
}

/** Stored under one epoch, deleted and made again under the worker's hands, stored under the next. */
async function makeAgain(context: TestContext, queue: Queue): Promise<void> {
  const topic = 'again';
  await queue.createTopic(topic, { partitionCount: 2 });
  await using worker = await startWorker(context, topic);
  await send(queue, topic);
  await untilStored(queue, topic);
  await queue.deleteTopic(topic);
  await queue.createTopic(topic, { partitionCount: 3 });
  await send(queue, topic);
  await send(queue, topic);
  await untilStored(queue, topic);
  expect(await storedOf(context, topic)).toEqual([
    { epoch: 1, events: SENT_COUNT, partitions: 2 },
    { epoch: 2, events: 2 * SENT_COUNT, partitions: 3 },
  ]);
  expect(await verify(context, topic)).toMatchObject({ code: 0 });
  expect(await worker.end('SIGTERM')).toEqual({ code: 0, signal: null });
}

describe('a worker of the embedded queue', () => {
  it(
    'stores what comes into a topic that is deleted and made again, and keeps what was stored',
    async () => {
      await using context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 1 });
      await using queue = await openQueue(context.queue);
      await makeAgain(context, queue);
    },
    TEST_MS_MAX,
  );
});

describe.runIf(hasKafka())('a worker of Kafka', () => {
  let broker: KafkaBroker;
  let context: TestContext;
  let queue: Queue;
  beforeAll(async () => {
    broker = await startKafkaBroker();
    const kafka = { kind: 'kafka', brokers: [broker.bootstrap] } as const;
    context = await startTestContext({ queue: kafka, shardCount: 1 });
    queue = await openQueue(context.queue);
  }, TEST_MS_MAX);
  afterAll(async () => {
    await queue[Symbol.asyncDispose]();
    await context[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
  });

  function client(): kafkajs.Kafka {
    return new kafkajs.Kafka({
      brokers: [broker.bootstrap],
      logLevel: kafkajs.logLevel.NOTHING,
    });
  }

  async function withAdmin(act: (admin: kafkajs.Admin) => Promise<unknown>): Promise<void> {
    const admin = client().admin();
    await admin.connect();
    await act(admin);
    await admin.disconnect();
  }

  /** Sends, does something before the records can be seen, and lets them be seen. */
  async function inTransaction(topic: string, act: () => Promise<unknown>): Promise<void> {
    const producer = client().producer({
      transactionalId: topic,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: MESSAGES });
    await act();
    await transaction.commit();
    await producer.disconnect();
  }

  function trim(topic: string, end: number): Promise<void> {
    return withAdmin(async (admin) => {
      // It knows no leader before.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({
        topic,
        partitions: [{ partition: 0, offset: String(end) }],
      });
    });
  }

  it(
    'stores partitions that are added under its hands, many without a warning',
    async () => {
      const topic = 'grows';
      await queue.createTopic(topic, { partitionCount: 2 });
      await using worker = await startWorker(context, topic);
      await send(queue, topic);
      await untilStored(queue, topic);
      await withAdmin((admin) =>
        admin.createPartitions({ topicPartitions: [{ topic, count: MANY_PARTITIONS }] }),
      );
      await until(async () =>
        (await queue.describeTopic(topic)).partitions.length === MANY_PARTITIONS ? true : undefined,
      );
      await send(queue, topic);
      await untilStored(queue, topic);
      expect(await storedOf(context, topic)).toEqual([
        { epoch: 1, events: 2 * SENT_COUNT, partitions: MANY_PARTITIONS },
      ]);
      expect(await verify(context, topic)).toMatchObject({ code: 0 });
      expect(await worker.end('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(worker.log).not.toContain('Warning');
    },
    TEST_MS_MAX,
  );

  it(
    'stores what comes into a topic that is deleted and made again, and keeps what was stored',
    () => makeAgain(context, queue),
    TEST_MS_MAX,
  );

  it(
    'goes on by itself when retention has overtaken it, and the loss is named',
    async () => {
      const topic = 'overtaken';
      await queue.createTopic(topic, { partitionCount: 1 });
      await using worker = await startWorker(context, topic);
      await send(queue, topic);
      await untilStored(queue, topic);
      // Nobody sees what a transaction sends before its end: so the worker, which fetches all the time, has none of it when it is trimmed.
      await inTransaction(topic, () => trim(topic, SENT_COUNT + 100));
      // What ends the transaction has an offset, too, so that there is always one that waits.
      const stored = [{ epoch: 1, events: 2 * SENT_COUNT - 100, partitions: 1 }];
      await expect.poll(() => storedOf(context, topic), { timeout: STORED_MS_MAX }).toEqual(stored);
      const [first, last] = [SENT_COUNT, SENT_COUNT + 99];
      expect(worker.log).toContain(
        `${topic}/0 (epoch 1) ${first}-${last} was trimmed from the queue before it was stored`,
      );
      const { code, stdout } = await verify(context, topic);
      expect(stdout).toContain(`${topic}/1/0 offsets ${first}–${last} (100 records)`);
      expect(code).toBe(1);
      expect(await worker.end('SIGTERM')).toEqual({ code: 0, signal: null });
    },
    TEST_MS_MAX,
  );

  it(
    'goes on by itself when the only broker was killed and came back',
    async () => {
      const topic = 'survives';
      await queue.createTopic(topic, { partitionCount: 2 });
      await using worker = await startWorker(context, topic);
      await send(queue, topic);
      await untilStored(queue, topic);
      await send(queue, topic);
      await broker.kill();
      // Long enough for the worker to see that its session is over.
      await until(async () => ((await worker.get('/readyz')).status === 503 ? true : undefined));
      await broker.restart();
      await using after = await openQueue(context.queue);
      await until(() =>
        after.describeTopic(topic).then(
          () => true,
          () => undefined,
        ),
      );
      await send(after, topic);
      await untilStored(after, topic);
      expect(await storedOf(context, topic)).toEqual([
        { epoch: 1, events: 3 * SENT_COUNT, partitions: 2 },
      ]);
      expect(await verify(context, topic)).toMatchObject({ code: 0 });
      expect(await worker.end('SIGTERM')).toEqual({ code: 0, signal: null });
    },
    TEST_MS_MAX,
  );
});
