import { kafkaErrorType, topicNotFound } from '../kafka-error.js';
import type { Cluster } from '../kafka-internals.js';
import type { ProducerIdentity } from './partition-lane.js';
import { type ProducedPartition, produceRequest, type SentBatch } from './produce-request.js';

/** What producing needs of the brokers. Whatever cannot be done now is rejected, and may be tried again. */
export interface BrokerLink {
  /** Rejects with TOPIC_NOT_FOUND when the brokers have no such topic. */
  partitionCountOf(topic: string): Promise<number>;
  /** The broker that takes the partition's records, by what is known now; undefined when there is none. */
  leaderOf(topic: string, partition: number): string | undefined;
  /** A producer of its own, whose sequences begin at 0. */
  newIdentity(): Promise<ProducerIdentity>;
  /** One request, at most one batch of a partition. After a rejection nobody knows which batches arrived. */
  produce(leader: string, batches: readonly SentBatch[]): Promise<readonly ProducedPartition[]>;
  /** Asks the brokers anew who leads what. */
  refresh(): Promise<void>;
  /** Nothing will be sent to the topic any more. */
  forget(topic: string): void;
  close(): Promise<void>;
}

/** Asked for, and of no use without transactions. */
const TRANSACTION_TIMEOUT_MS = 60_000;

/** Its own connections: a broker answers a connection's requests one by one. */
export class KafkaBrokerLink implements BrokerLink {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async connect(): Promise<void> {
    await this.#cluster.connect();
    await this.#cluster.refreshMetadata();
  }

  async partitionCountOf(topic: string): Promise<number> {
    try {
      await this.#cluster.addMultipleTargetTopics([topic]);
      await this.#cluster.refreshMetadataIfNecessary();
    } catch (cause) {
      // What is known goes on to hold: sending shows what became of the topic, and of each partition for itself.
      const count = this.#knownCountOf(topic);
      if (count > 0) return count;
      if (kafkaErrorType(cause) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw cause;
      throw topicNotFound(topic, cause);
    }
    const count = this.#knownCountOf(topic);
    if (count === 0) throw topicNotFound(topic);
    return count;
  }

  leaderOf(topic: string, partition: number): string | undefined {
    if (partition >= this.#knownCountOf(topic)) return undefined;
    const [leader] = Object.keys(this.#cluster.findLeaderForPartitions(topic, [partition]));
    // -1: there is none now.
    return leader === undefined || Number(leader) < 0 ? undefined : leader;
  }

  async newIdentity(): Promise<ProducerIdentity> {
    const broker = await this.#cluster.findControllerBroker();
    const { producerId, producerEpoch } = await broker.initProducerId({
      transactionTimeout: TRANSACTION_TIMEOUT_MS,
    });
    return { producerId: BigInt(producerId), producerEpoch };
  }

  async produce(
    leader: string,
    batches: readonly SentBatch[],
  ): Promise<readonly ProducedPartition[]> {
    const broker = await this.#cluster.findBroker({ nodeId: leader });
    try {
      return (await broker.connectionPool.send(
        produceRequest(batches),
      )) as readonly ProducedPartition[];
    } catch (error) {
      // A connection that failed may hold half an answer, and one that is silent may be dead: the next has none of it.
      this.#cluster.removeBroker(broker.connectionPool);
      void broker.disconnect().catch(() => undefined);
      throw error;
    }
  }

  async refresh(): Promise<void> {
    await this.#cluster.refreshMetadata();
  }

  forget(topic: string): void {
    this.#cluster.targetTopics.delete(topic);
  }

  async close(): Promise<void> {
    await this.#cluster.disconnect();
  }

  /** 0 where nothing is known, as after all brokers were away. */
  #knownCountOf(topic: string): number {
    try {
      return this.#cluster.findTopicPartitionMetadata(topic).length;
    } catch {
      return 0;
    }
  }
}
