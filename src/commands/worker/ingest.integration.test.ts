import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openQueue } from '../../engine/queue/open-queue.js';
import { DEFAULT_PARTITION_COUNT } from '../../engine/model/limit.js';
import { hasKafka, startKafkaBroker } from '../../engine/testing/kafka-broker.js';
import { hasRedis, startRedisServer } from '../../engine/testing/redis-server.js';
import { hasPart } from '../../engine/testing/required-part.js';
import { createRandom } from '../../engine/model/random.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';
import {
  startTestContext,
  type TestContext,
  type TestQueue,
} from '../_cli/testing/test-context.js';
import { KillTest, TOPIC } from '../_cli/testing/kill-test.js';

const SHARD_COUNT = 3;
const EVENT_COUNT = 500_000;
/** Sent in each life of the worker, so that there is always work when it is killed. */
const EVENTS_A_LIFE = 20_000;
/** A kill test that has not met its goals by then never will. */
const LIVES_MAX = 60;
const SEED = 20261123;
const TEST_MS_MAX = 300_000;

const SAMPLE = fileURLToPath(
  new URL('../../../../shared/data/openstack/openstack_2k.log', import.meta.url),
);
const hasSample = hasPart('sample data', existsSync(SAMPLE), 'it lies in ../shared/data');

/** Counts over all shards, asked of the store itself. */
async function countsOf({ testStore }: TestContext): Promise<Record<string, unknown>> {
  const client = await testStore.store.shard(0);
  const answer = await client.query({
    query: `SELECT toUInt32((SELECT count() FROM events)) AS events, toUInt32((SELECT count() FROM dead_letters)) AS dead,
      toUInt32((SELECT countIf(level = 'warn') FROM events)) AS warnings`,
    format: 'JSONEachRow',
  });
  const [row] = await answer.json<Record<string, unknown>>();
  return row!;
}

/** The same promises on every queue. */
export function describeIngest(
  name: string,
  startQueue: () => Promise<TestQueue & AsyncDisposable>,
): void {
  describe(`atbd worker ingest from ${name}`, () => {
    it.runIf(hasSample)(
      'stores the OpenStack log whole: 2,000 events, 31 warnings, and its traces',
      async () => {
        await using queue = await startQueue();
        await using context = await startTestContext({ queue, shardCount: SHARD_COUNT });
        const { env } = context;
        const sent = await runAtbd(['ingest', SAMPLE, '--backfill', '--json'], { env });
        expect(JSON.parse(sent.stdout)).toMatchObject({
          readCount: 2_000,
          sentCount: 2_000,
          rejectedCount: 0,
        });

        await storeAll(context);
        expect(await countsOf(context)).toEqual({ events: 2_000, dead: 0, warnings: 31 });
        for (const [id, count] of [
          ['req-addc1839-2ed5-4778-b57e-5854eb7b8b09', 398],
          ['req-d38f479d-9bb9-4276-9688-52607e8fd350', 12],
        ] as const) {
          const trace = await runAtbd(['query', 'trace', id, '--json'], { env });
          const { events } = JSON.parse(trace.stdout) as { events: { service: string }[] };
          expect(events).toHaveLength(count);
          if (count === 12)
            expect(events.filter(({ service }) => service === 'nova-api')).toHaveLength(1);
        }
        expect(await runAtbd(['verify'], { env })).toMatchObject({ code: 0 });
      },
      TEST_MS_MAX,
    );

    it(
      'stores 500k events exactly once while the worker is killed at every step',
      async () => {
        await using queue = await startQueue();
        await using context = await startTestContext({ queue, shardCount: SHARD_COUNT });
        await using opened = await openQueue(context.queue);
        await opened.createTopic(TOPIC, { partitionCount: DEFAULT_PARTITION_COUNT });
        const test = new KillTest({ queue: opened, context, random: createRandom(SEED) });
        for (let life = 0; life < LIVES_MAX && !test.isDone; life += 1) {
          await test.liveAndDie(Math.min(EVENTS_A_LIFE, EVENT_COUNT - test.sent));
        }
        await test.produce(EVENT_COUNT - test.sent);
        await storeAll(context);

        console.log(`${name}: ${test.killCount} kills (seed ${SEED}):`, test.hits);
        expect(test.isDone).toBe(true);
        const { events, dead } = await countsOf(context);
        expect(Number(events) + Number(dead)).toBe(EVENT_COUNT);
        expect(Number(dead)).toBe(Math.ceil(EVENT_COUNT / 10_007));
        expect(await runAtbd(['verify'], { env: context.env })).toMatchObject({ code: 0 });
      },
      TEST_MS_MAX,
    );
  });

  /** Lets a worker run in peace until everything is committed. */
  async function storeAll(context: TestContext): Promise<void> {
    await using queue = await openQueue(context.queue);
    const test = new KillTest({ queue, context, random: createRandom(SEED) });
    const worker = test.startWorker();
    const ended = once(worker, 'exit');
    await test.untilStored();
    worker.kill('SIGTERM');
    await ended;
  }
}

describeIngest('the embedded queue', () =>
  Promise.resolve({ kind: 'embedded', [Symbol.asyncDispose]: () => Promise.resolve() }),
);

describe.runIf(hasKafka())('with a broker', () => {
  describeIngest('Kafka', async () => {
    const broker = await startKafkaBroker();
    return {
      kind: 'kafka',
      brokers: [broker.bootstrap],
      [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
    };
  });
});

describe.runIf(hasRedis())('with a server', () => {
  describeIngest('Redis', async () => {
    const server = await startRedisServer();
    return {
      kind: 'redis',
      url: server.url,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  });
});
