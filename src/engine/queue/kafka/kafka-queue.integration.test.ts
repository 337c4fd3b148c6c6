import { afterAll, beforeAll, describe } from 'vitest';
import { describeQueue } from '../../testing/queue-suite.js';
import { hasKafka, type KafkaBroker, startKafkaBroker } from '../../testing/kafka-broker.js';
import { openQueue } from '../open-queue.js';

describe.runIf(hasKafka())('Kafka', () => {
  let broker: KafkaBroker;
  beforeAll(async () => {
    broker = await startKafkaBroker();
  });
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  describeQueue('KafkaQueue', () => openQueue({ kind: 'kafka', brokers: [broker.bootstrap] }));
});
