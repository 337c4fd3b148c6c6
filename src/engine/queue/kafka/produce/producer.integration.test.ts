import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../model/clock.js';
import type { Queue, QueueMessage } from '../../../model/queue.js';
import { hasKafka, type KafkaBroker, startKafkaBroker } from '../../../testing/kafka-broker.js';
import { openQueue } from '../../open-queue.js';
import { createCluster } from '../kafka-internals.js';
import { BatchWriter } from './batch-writer.js';
import { KafkaBrokerLink } from './broker-link.js';
import { outcomeOf } from './produce-outcome.js';
import { sealBatch } from './record-batch-bytes.js';

/** A send is a few records of each partition; so many of them pass while brokers come and go. */
const RECORDS_A_SEND = 300;

/** So that a few seconds are some thousand records, and not a million. */
const PACE_MS = 3;

const SETTLE_MS = 60_000;

describe.runIf(hasKafka())('KafkaProducer on a real broker', () => {
  let broker: KafkaBroker;
  let queue: Queue;
  beforeAll(async () => {
    broker = await startKafkaBroker();
    queue = await openQueue({ kind: 'kafka', brokers: [broker.bootstrap] });
  });
  afterAll(async () => {
    await queue[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
  });

  /** Kafka's own tool makes it: with replicas and settings of its own. */
  async function makeTopic(topic: string, ...args: readonly string[]): Promise<void> {
    const create = ['--bootstrap-server', broker.bootstrap, '--create', '--topic', topic, ...args];
    broker.runTool('org.apache.kafka.tools.TopicCommand', create);
    // Makes nothing, and waits until the topic is known.
    await queue.createTopic(topic, { partitionCount: 1 });
  }

  async function valuesByPartition(topic: string): Promise<Map<number, string[]>> {
    const { partitions } = await queue.describeTopic(topic);
    const values = new Map<number, string[]>(partitions.map(({ partition }) => [partition, []]));
    const offsets = (of: 'start' | 'end') =>
      new Map(partitions.map((range) => [range.partition, range[of]]));
    const from = { fromOffsets: offsets('start'), untilOffsets: offsets('end') };
    const { signal } = new AbortController();
    for await (const { partition, records } of queue.read({ topic, ...from, signal })) {
      values.get(partition)?.push(...records.map(({ value }) => String(value)));
    }
    return values;
  }

  /** Sends on and on until it is told to stop; each key's values count up. */
  function startSending(topic: string) {
    const progress = { confirmedSends: 0, isOver: false };
    const run = async (): Promise<number> => {
      await using producer = await queue.createProducer();
      let count = 0;
      const inFlight: Promise<void>[] = [];
      while (!progress.isOver) {
        const messages = Array.from({ length: RECORDS_A_SEND }, (): QueueMessage => {
          count += 1;
          return { key: `key-${count % 50}`, value: String(count) };
        });
        const counted = producer.send(topic, messages).then(() => {
          progress.confirmedSends += 1;
        });
        inFlight.push(counted);
        if (inFlight.length > 2) await inFlight.shift();
        await systemClock.sleep(PACE_MS);
      }
      await Promise.all(inFlight);
      return count;
    };
    const running = run();
    return {
      /** Until so many more sends are confirmed. */
      async pass(sendCount: number): Promise<void> {
        const wanted = progress.confirmedSends + sendCount;
        const check = (): void => {
          expect(progress.confirmedSends).toBeGreaterThanOrEqual(wanted);
        };
        await Promise.race([vi.waitFor(check, SETTLE_MS), running]);
      },
      /** Returns how many records were sent. */
      stop(): Promise<number> {
        progress.isOver = true;
        return running;
      },
    };
  }

  async function expectOnceInOrder(topic: string, count: number): Promise<void> {
    const seen = new Set<string>();
    let total = 0;
    for (const values of (await valuesByPartition(topic)).values()) {
      const lastOfKey = new Map<number, number>();
      for (const value of values) {
        const number = Number(value);
        expect(number).toBeGreaterThan(lastOfKey.get(number % 50) ?? 0);
        lastOfKey.set(number % 50, number);
        seen.add(value);
      }
      total += values.length;
    }
    expect({ total, distinct: seen.size }).toEqual({ total: count, distinct: count });
  }

  it('loses nothing and sends nothing twice when the broker is killed and comes back', async () => {
    await queue.createTopic('restart', { partitionCount: 3 });
    const sending = startSending('restart');
    for (let round = 0; round < 2; round += 1) {
      await sending.pass(10);
      await broker.kill();
      await broker.restart();
    }
    await sending.pass(10);
    const count = await sending.stop();
    await expectOnceInOrder('restart', count);
  });

  it('loses nothing and sends nothing twice when the leader dies and another broker leads', async () => {
    await using second = await broker.addBroker();
    await makeTopic('leader', '--replica-assignment', '2:1,1:2,2:1,1:2');
    const sending = startSending('leader');
    await sending.pass(10);
    await second.kill();
    // More than may be on its way: partitions that the dead one led are written to again.
    await sending.pass(10);
    const count = await sending.stop();
    await expectOnceInOrder('leader', count);
  });

  it('hears from the broker that a batch is there already, and that one is missing before it', async () => {
    await queue.createTopic('again', { partitionCount: 1 });
    const link = new KafkaBrokerLink(createCluster({ brokers: [broker.bootstrap] }));
    await link.connect();
    expect(await link.partitionCountOf('again')).toBe(1);
    // A broker that has just started gives no numbers yet.
    const identity = await vi.waitFor(() => link.newIdentity(), SETTLE_MS);
    const send = async (sequence: number) => {
      const writer = new BatchWriter();
      writer.add({ key: null, value: `value ${sequence}` }, null, systemClock.nowMs());
      const { bytes } = writer.finish();
      sealBatch(bytes, { ...identity, sequence });
      const leader = link.leaderOf('again', 0) ?? '';
      const [answer] = await link.produce(leader, [{ topic: 'again', partition: 0, bytes }]);
      return outcomeOf(answer!).kind;
    };
    const kinds: string[] = [];
    for (const sequence of [0, 0, 1, 2, 2, 4]) kinds.push(await send(sequence));
    expect(kinds).toEqual(['done', 'done', 'done', 'done', 'done', 'again-anew']);
    await link.close();
    const expected = Array.from({ length: 3 }, (_, sequence) => `value ${sequence}`);
    expect((await valuesByPartition('again')).get(0)).toEqual(expected);
  });

  it('sends in parts what a topic of small batches takes, and refuses one record that it does not', async () => {
    await makeTopic('small', '--partitions', '1', '--config', 'max.message.bytes=5000');
    await using producer = await queue.createProducer();
    const values = Array.from({ length: 30 }, (_, index) => `${index} ${'x'.repeat(1_000)}`);
    const messages = values.map((value): QueueMessage => ({ key: 'k', value }));
    await producer.send('small', messages);
    const tooLarge = producer.send('small', [{ key: 'k', value: 'x'.repeat(6_000) }]);
    await expect(tooLarge).rejects.toMatchObject({
      code: 'QUEUE_FAILED',
      message: expect.stringMatching(
        /^cannot send to small: a record of 6\d\d\d bytes is larger than the topic takes$/u,
      ) as string,
    });
    await producer.send('small', [{ key: 'k', value: 'after' }]);
    expect((await valuesByPartition('small')).get(0)).toEqual([...values, 'after']);
  });

  it('says in the words of the broker why it refused a record', async () => {
    await queue.createTopic('future', { partitionCount: 1 });
    await using producer = await queue.createProducer();
    const timestampMs = systemClock.nowMs() + 7 * 24 * 60 * 60 * 1000;
    const refused = producer.send('future', [{ key: null, value: 'x', timestampMs }]);
    const error: unknown = await refused.catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'QUEUE_FAILED', message: 'cannot send to future' });
    expect((error as { cause: Error }).cause.message).toContain('Timestamp');
  });
});
