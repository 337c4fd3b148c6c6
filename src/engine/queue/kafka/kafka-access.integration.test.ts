import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueueConnection, SaslOptions } from '../../model/connection.js';
import type { Queue } from '../../model/queue.js';
import { hasKafka, type KafkaBroker, startKafkaBroker } from '../../testing/kafka-broker.js';
import { makeSelfSigned } from '../../testing/self-signed.js';
import { openQueue } from '../open-queue.js';

const USERNAME = 'operator';
const PASSWORD = 'only-for-tests';
const TOPIC = 'access';

describe.runIf(hasKafka())('Kafka', () => {
  const tls = hasKafka() ? makeSelfSigned() : { key: '', certificate: '' };
  let broker: KafkaBroker;
  beforeAll(async () => {
    const secure = {
      keyAndCertificatePem: tls.key + tls.certificate,
      username: USERNAME,
      password: PASSWORD,
    };
    broker = await startKafkaBroker({ secure });
    await using queue = await openQueue({ kind: 'kafka', brokers: [broker.bootstrap] });
    await queue.createTopic(TOPIC, { partitionCount: 1 });
  });
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  const secure = (sasl: SaslOptions, ca = tls.certificate): Promise<Queue> => {
    const connection: QueueConnection = {
      kind: 'kafka',
      brokers: [broker.secureBootstrap!],
      tls: { ca },
      sasl,
    };
    return openQueue(connection);
  };

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'lets in by TLS and %s',
    async (mechanism) => {
      await using queue = await secure({ mechanism, username: USERNAME, password: PASSWORD });
      expect(await queue.describeTopic(TOPIC)).toMatchObject({ name: TOPIC });
    },
  );

  it('says that the password is wrong, and not what it was', async () => {
    const password = 'a-wrong-secret';
    await using queue = await secure({ mechanism: 'scram-sha-256', username: USERNAME, password });
    const error: unknown = await queue.describeTopic(TOPIC).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(JSON.stringify(error) + String(error)).not.toContain(password);
  });

  it('does not trust a certificate that nobody vouched for', async () => {
    const other = makeSelfSigned();
    await using queue = await secure(
      { mechanism: 'plain', username: USERNAME, password: PASSWORD },
      other.certificate,
    );
    await expect(queue.describeTopic(TOPIC)).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
  });

  it('says soon that no broker answers', async () => {
    await using queue = await openQueue({ kind: 'kafka', brokers: ['127.0.0.1:1'] });
    await expect(queue.listTopics()).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
  });

  it('reads what a transaction committed, and not what one took back', async () => {
    await using queue = await openQueue({ kind: 'kafka', brokers: [broker.bootstrap] });
    const topic = 'transactions';
    await queue.createTopic(topic, { partitionCount: 1 });
    const client = new kafkajs.Kafka({
      brokers: [broker.bootstrap],
      logLevel: kafkajs.logLevel.NOTHING,
    });
    const producer = client.producer({
      transactionalId: 'shop',
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    for (const [value, isCommit] of [
      ['first', true],
      ['taken back', false],
      ['last', true],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value }, { value }] });
      await (isCommit ? transaction.commit() : transaction.abort());
    }
    await producer.disconnect();
    const { partitions } = await queue.describeTopic(topic);
    const read: [bigint, string][] = [];
    for await (const { records } of queue.read({
      topic,
      fromOffsets: new Map([[0, 0n]]),
      untilOffsets: new Map([[0, partitions[0]!.end]]),
      signal: new AbortController().signal,
    })) {
      read.push(...records.map(({ offset, value }): [bigint, string] => [offset, String(value)]));
    }
    // Offsets 2, 5 and 8 are the ends of the transactions.
    expect(read).toEqual([
      [0n, 'first'],
      [1n, 'first'],
      [6n, 'last'],
      [7n, 'last'],
    ]);
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'])(
    'reads what the Java producer compressed with %s',
    async (codec) => {
      await using queue = await openQueue({ kind: 'kafka', brokers: [broker.bootstrap] });
      const topic = `codec-${codec}`;
      await queue.createTopic(topic, { partitionCount: 1 });
      const lines = Array.from(
        { length: 500 },
        (_, index) => `line ${index} of a text that compresses well`,
      );
      broker.runTool(
        'org.apache.kafka.tools.ConsoleProducer',
        ['--bootstrap-server', broker.bootstrap, '--topic', topic, '--compression-codec', codec],
        `${lines.join('\n')}\n`,
      );
      const { partitions } = await queue.describeTopic(topic);
      const read: string[] = [];
      for await (const { records } of queue.read({
        topic,
        fromOffsets: new Map([[0, 0n]]),
        untilOffsets: new Map([[0, partitions[0]!.end]]),
        signal: new AbortController().signal,
      })) {
        read.push(...records.map(({ value }) => String(value)));
      }
      expect(read).toEqual(lines);
    },
  );
});
