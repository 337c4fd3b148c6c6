import kafkajs, { type Admin, type Kafka, type KafkaConfig, type SASLOptions } from 'kafkajs';
import { type Clock, systemClock } from '../../model/clock.js';
import type { QueueConnection, SaslOptions, TlsOptions } from '../../model/connection.js';
import type {
  ConsumerOptions,
  GroupPosition,
  GroupProgress,
  Queue,
  QueueConsumer,
  QueueProducer,
  ReadOptions,
  RecordBatch,
  TopicDescription,
} from '../../model/queue.js';
import { progressByOffsets } from '../group-progress.js';
import { kafkaErrorType, topicNotFound, toQueueError } from './kafka-error.js';
import { type Cluster, createCluster } from './kafka-internals.js';
import { KafkaConsumer } from './consume/kafka-consumer.js';
import { KafkaBrokerLink } from './produce/broker-link.js';
import { KafkaProducer } from './produce/kafka-producer.js';
import { readPartitions } from './consume/read-partitions.js';
import { fetchTopicMetadata, type TopicMetadata } from './topic-metadata.js';

type KafkaConnection = Extract<QueueConnection, { kind: 'kafka' }>;

/** Java's defaults: a member that hangs loses its partitions after this. */
const SESSION_TIMEOUT_MS = 30_000;
/** How long the group waits for its members to come back after a change. */
const REBALANCE_TIMEOUT_MS = 60_000;
const READ_BYTES_MAX = 8 * 1024 * 1024;

/** Bounded: an operator waits a few seconds for the word that the brokers are away. */
const RETRY = { retries: 4, initialRetryTime: 100, maxRetryTime: 1_000 };
const CONNECTION_TIMEOUT_MS = 3_000;

/** A topic that was just made is known to all brokers within this time. */
const SETTLE_MS_MAX = 15_000;
const SETTLE_POLL_MS = 50;

/** What a broker says while it is still finding out. */
const PASSING = [
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
];

export async function openKafkaQueue(connection: KafkaConnection): Promise<Queue> {
  return Promise.resolve(new KafkaQueue(connection, systemClock));
}

/** Kafka through kafkajs. Connections are made when they are first needed. */
class KafkaQueue implements Queue {
  readonly kind = 'kafka';
  readonly #config: KafkaConfig;
  readonly #kafka: Kafka;
  readonly #clock: Clock;
  #admin: Promise<Admin> | undefined;
  #cluster: Promise<Cluster> | undefined;

  constructor(connection: KafkaConnection, clock: Clock) {
    this.#clock = clock;
    this.#config = configOf(connection);
    this.#kafka = new kafkajs.Kafka(this.#config);
  }

  async createTopic(
    name: string,
    { partitionCount }: { readonly partitionCount: number },
  ): Promise<void> {
    return this.#trying(`create the topic ${name}`, async () => {
      if ((await this.#metadata(name)) !== undefined) return;
      const admin = await this.#connectedAdmin();
      // False: somebody else has just made it.
      await admin.createTopics({
        topics: [{ topic: name, numPartitions: partitionCount }],
        waitForLeaders: true,
      });
      await this.#until(async () => (await this.#metadata(name)) !== undefined);
    });
  }

  async deleteTopic(name: string): Promise<void> {
    return this.#trying(`delete the topic ${name}`, async () => {
      await (await this.#connectedAdmin()).deleteTopics({ topics: [name] });
      await this.#until(async () => (await this.#metadata(name)) === undefined);
    });
  }

  async listTopics(): Promise<string[]> {
    return this.#trying('list the topics', async () => {
      const topics = await (await this.#connectedAdmin()).listTopics();
      return topics.filter((topic) => !topic.startsWith('__')).sort();
    });
  }

  async describeTopic(name: string): Promise<TopicDescription> {
    return this.#trying(`describe the topic ${name}`, async () => {
      const { clusterId, topicId, partitions } = await this.#requireTopic(name);
      const [starts, ends] = await Promise.all([
        this.#offsets(name, partitions, { fromBeginning: true }),
        this.#offsets(name, partitions, { fromBeginning: false }),
      ]);
      return {
        name,
        identity: `${clusterId}/${topicId}`,
        partitions: partitions.map((partition) => ({
          partition,
          start: starts.get(partition) ?? 0n,
          end: ends.get(partition) ?? 0n,
        })),
      };
    });
  }

  async offsetsAtTime(topic: string, timestampMs: number): Promise<ReadonlyMap<number, bigint>> {
    return this.#trying(`find offsets of ${topic} by time`, async () => {
      const { partitions } = await this.#requireTopic(topic);
      const found = await this.#offsets(topic, partitions, { fromTimestamp: timestampMs });
      const ends = await this.#offsets(topic, partitions, { fromBeginning: false });
      // -1: no record is that young.
      return new Map(
        partitions.map((partition) => {
          const offset = found.get(partition) ?? -1n;
          return [partition, offset >= 0n ? offset : (ends.get(partition) ?? 0n)];
        }),
      );
    });
  }

  async groupPositions(
    groupId: string,
    topic: string,
  ): Promise<ReadonlyMap<number, GroupPosition>> {
    return this.#trying(`read the positions of the group ${groupId}`, async () => {
      const { partitions } = await this.#requireTopic(topic);
      const coordinator = await (await this.#connectedCluster()).findGroupCoordinator({ groupId });
      const { responses } = await coordinator.offsetFetch({
        groupId,
        topics: [{ topic, partitions: partitions.map((partition) => ({ partition })) }],
      });
      const positions = new Map<number, GroupPosition>();
      for (const { partition, offset, metadata } of responses.flatMap(
        (answer) => answer.partitions,
      )) {
        if (BigInt(offset) < 0n) continue;
        const intent = metadata === null || metadata === '' ? null : metadata;
        positions.set(partition, { position: BigInt(offset), intent });
      }
      return positions;
    });
  }

  async groupProgress(groupId: string, topic: string): Promise<ReadonlyMap<number, GroupProgress>> {
    const description = await this.describeTopic(topic);
    return progressByOffsets(description, await this.groupPositions(groupId, topic));
  }

  async createProducer(): Promise<QueueProducer> {
    return this.#trying('connect to Kafka', async () => {
      const link = new KafkaBrokerLink(createCluster(this.#config));
      try {
        await link.connect();
        return new KafkaProducer({ link, identity: await link.newIdentity(), clock: this.#clock });
      } catch (error) {
        await link.close();
        throw error;
      }
    });
  }

  async createConsumer({
    groupId,
    topics,
    sessionTimeoutMs,
    readBytesMax,
  }: ConsumerOptions): Promise<QueueConsumer> {
    const sessionMs = sessionTimeoutMs ?? SESSION_TIMEOUT_MS;
    return Promise.resolve(
      new KafkaConsumer({
        groupId,
        topics,
        sessionTimeoutMs: sessionMs,
        rebalanceTimeoutMs: Math.max(REBALANCE_TIMEOUT_MS, 2 * sessionMs),
        readBytesMax: readBytesMax ?? READ_BYTES_MAX,
        control: createCluster(this.#config),
        data: createCluster(this.#config),
        clock: this.#clock,
        facts: {
          describe: async (topic) => {
            const { identity, partitions } = await this.describeTopic(topic);
            return { identity, ranges: partitions };
          },
          outline: async (topic) => {
            const metadata = await this.#trying(`look at the topic ${topic}`, () =>
              this.#metadata(topic),
            );
            return metadata && `${metadata.topicId}/${metadata.partitions.length}`;
          },
          positions: (group, topic) => this.groupPositions(group, topic),
        },
      }),
    );
  }

  async *read(options: ReadOptions): AsyncIterable<RecordBatch> {
    const cluster = createCluster(this.#config);
    try {
      const { partitions } = await this.describeTopic(options.topic);
      yield* readPartitions(cluster, partitions, options);
    } catch (cause) {
      throw toQueueError(cause, `read ${options.topic}`);
    } finally {
      await cluster.disconnect();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#admin?.catch(() => undefined))?.disconnect();
    await (await this.#cluster?.catch(() => undefined))?.disconnect();
  }

  async #offsets(
    topic: string,
    partitions: readonly number[],
    at: { readonly fromBeginning: boolean } | { readonly fromTimestamp: number },
  ): Promise<Map<number, bigint>> {
    const cluster = await this.#connectedCluster();
    await cluster.addMultipleTargetTopics([topic]);
    const ask = async (): Promise<Map<number, bigint>> => {
      const answers = await cluster.fetchTopicsOffset([
        { topic, partitions: partitions.map((partition) => ({ partition })), ...at },
      ]);
      const offsets = answers.flatMap((answer) => answer.partitions);
      return new Map(offsets.map(({ partition, offset }) => [partition, BigInt(offset)]));
    };
    const first = await ask().catch(() => undefined);
    if (first?.size === partitions.length) return first;
    // The topic is younger than what we know of the cluster, or a leader moved.
    await cluster.refreshMetadata();
    return ask();
  }

  async #requireTopic(name: string): Promise<TopicMetadata> {
    const metadata = await this.#metadata(name);
    if (metadata !== undefined) return metadata;
    throw topicNotFound(name);
  }

  async #metadata(name: string): Promise<TopicMetadata | undefined> {
    const cluster = await this.#connectedCluster();
    return fetchTopicMetadata(await cluster.findControllerBroker(), name);
  }

  async #connectedCluster(): Promise<Cluster> {
    this.#cluster ??= (async () => {
      const cluster = createCluster(this.#config);
      await cluster.connect();
      await cluster.refreshMetadata();
      return cluster;
    })();
    try {
      return await this.#cluster;
    } catch (error) {
      this.#cluster = undefined;
      throw error;
    }
  }

  async #connectedAdmin(): Promise<Admin> {
    this.#admin ??= (async () => {
      const admin = this.#kafka.admin();
      await admin.connect();
      return admin;
    })();
    try {
      return await this.#admin;
    } catch (error) {
      this.#admin = undefined;
      throw error;
    }
  }

  async #until(isTrue: () => Promise<boolean>): Promise<void> {
    const deadlineMs = this.#clock.nowMs() + SETTLE_MS_MAX;
    while (!(await isTrue()) && this.#clock.nowMs() < deadlineMs)
      await this.#clock.sleep(SETTLE_POLL_MS);
  }

  async #trying<T>(doing: string, attempt: () => Promise<T>): Promise<T> {
    const deadlineMs = this.#clock.nowMs() + SETTLE_MS_MAX;
    for (;;) {
      try {
        return await attempt();
      } catch (cause) {
        const isPassing = PASSING.includes(kafkaErrorType(cause) ?? '');
        if (!isPassing || this.#clock.nowMs() > deadlineMs) throw toQueueError(cause, doing);
        await this.#clock.sleep(SETTLE_POLL_MS);
      }
    }
  }
}

function configOf({ brokers, clientId, tls, sasl }: KafkaConnection): KafkaConfig {
  return {
    brokers: [...brokers],
    clientId: clientId ?? 'atbd',
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    retry: RETRY,
    // Its lines would reach the terminal raw; every failure comes to us as an error.
    logLevel: kafkajs.logLevel.NOTHING,
    logCreator: () => () => undefined,
    ...(tls && { ssl: sslOf(tls) }),
    ...(sasl && { sasl: saslOf(sasl) }),
  };
}

function sslOf({ ca, cert, key, serverName }: TlsOptions): NonNullable<KafkaConfig['ssl']> {
  return {
    ...(ca !== undefined && { ca: [ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}

function saslOf({ mechanism, username, password }: SaslOptions): SASLOptions {
  return { mechanism, username, password };
}
