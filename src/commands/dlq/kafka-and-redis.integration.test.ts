import { describe, expect, it } from 'vitest';
import { openQueue } from '../../engine/queue/open-queue.js';
import { hasKafka, startKafkaBroker } from '../../engine/testing/kafka-broker.js';
import { hasRedis, startRedisServer } from '../../engine/testing/redis-server.js';
import { sqlByHand } from '../../store/testing/sql-by-hand.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import {
  startTestContext,
  type TestContext,
  type TestQueue,
} from '../_cli/testing/test-context.js';
import type { GroupsAnswer } from './_dlq/groups-answer.js';
import { fillTopic, storeAll } from './_dlq/testing/letter-topic.js';

const TOPIC = 'letters';
const LETTER_COUNT = 40;
/** Letters of one of their five keys. */
const DROPPED = LETTER_COUNT / 5;
const TEST_MS_MAX = 180_000;

interface TestServer extends AsyncDisposable {
  readonly queue: TestQueue;
}

async function startKafka(): Promise<TestServer> {
  const broker = await startKafkaBroker();
  return {
    queue: { kind: 'kafka', brokers: [broker.bootstrap] },
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

async function startRedis(): Promise<TestServer> {
  const server = await startRedisServer();
  return {
    queue: { kind: 'redis', url: server.url },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Half of the records are events, half are lines of text. */
async function fill(context: TestContext): Promise<void> {
  const messages = Array.from({ length: 2 * LETTER_COUNT }, (_, n) => ({
    key: `k-${n % 10}`,
    value:
      n % 2 === 0
        ? JSON.stringify({ ts: new Date().toISOString(), service: 'shop', message: `event ${n}` })
        : `line ${(n - 1) / 2}`,
  }));
  await fillTopic(context, TOPIC, messages, { partitionCount: 3 });
}

/** Rows of a table over all shards. */
async function count({ testStore }: TestContext, table: string, condition = '1'): Promise<number> {
  return Number(await sqlByHand(testStore, 0, `SELECT count() FROM ${table} WHERE ${condition}`));
}

async function deleteOnAllShards({ testStore }: TestContext, condition: string): Promise<void> {
  for (const shard of testStore.connection.shards.keys())
    await sqlByHand(testStore, shard, `ALTER TABLE events_local DELETE WHERE ${condition}`);
}

/** The life of dead letters, and a repair, where the queue is not our own log. */
function describeOn(name: string, isThere: boolean, start: () => Promise<TestServer>): void {
  it.runIf(isThere)(
    `drops and replays letters once, and repairs from the queue, on ${name}`,
    async () => {
      await using server = await start();
      await using context = await startTestContext({ queue: server.queue, shardCount: 2 });
      const run = (...args: readonly string[]): Promise<Ran> =>
        runAtbd([...args, '--topic', TOPIC], context);
      const groups = async (): Promise<GroupsAnswer> =>
        JSON.parse((await run('dlq', 'ls', '--json')).stdout) as GroupsAnswer;
      await fill(context);
      expect(await groups()).toMatchObject({ waiting: LETTER_COUNT, replayed: 0 });

      const drop = await run('dlq', 'drop', '--where', 'key == "k-7"', '--yes');
      expect(drop).toMatchObject({ code: 0, stderr: '' });
      expect(await groups()).toMatchObject({ waiting: LETTER_COUNT - DROPPED });

      const replay = ['dlq', 'replay', '--set', 'message=@raw', '--set', 'service=legacy', '--yes'];
      const kept = LETTER_COUNT - DROPPED;
      expect((await run(...replay)).stdout).toBe(`Sent ${kept} letters again.\n`);
      expect((await run(...replay)).stdout).toBe('Sent 0 letters again.\n');
      await using queue = await openQueue(context.queue);
      await storeAll(context, queue, TOPIC);
      expect(await count(context, 'events', `service = 'legacy'`)).toBe(kept);
      expect(await groups()).toMatchObject({ waiting: 0, replayed: kept });
      expect(await run('verify', '--contents')).toMatchObject({ code: 0, stderr: '' });

      await deleteOnAllShards(context, `message IN ('event 6', 'line 12')`);
      expect((await run('verify')).code).toBe(1);
      expect(await run('verify', '--repair', '--yes')).toMatchObject({ code: 0, stderr: '' });
      expect(await count(context, 'events')).toBe(LETTER_COUNT + kept);
      expect(await run('verify', '--contents')).toMatchObject({ code: 0, stderr: '' });
    },
    TEST_MS_MAX,
  );
}

describe('dead letters and repair', () => {
  describeOn('Kafka', hasKafka(), startKafka);
  describeOn('Redis', hasRedis(), startRedis);
});
