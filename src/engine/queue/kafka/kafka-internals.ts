// The one file that reaches into kafkajs 2.2.4: its cluster and broker objects speak the protocol,
// but its consumer cannot be fenced as exactly-once needs (docs/decisions: Kafka's group protocol by ourselves).
// `kafka-internals.test.ts` fails when the pinned version changes.
import { createRequire } from 'node:module';
import type { KafkaConfig } from 'kafkajs';

const require = createRequire(import.meta.url);

/** A connection to the brokers with its own sockets. */
export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  /** When what is known is older than METADATA_AGE_MS_MAX. */
  refreshMetadataIfNecessary(): Promise<void>;
  /** Forgets the broker and its connections: the next metadata make new ones. */
  removeBroker(at: { readonly host: string; readonly port: number }): void;
  /** Every refresh of metadata asks for these, and fails when one of them is not there. */
  readonly targetTopics: Set<string>;
  findBroker(at: { nodeId: string | number }): Promise<Broker>;
  findControllerBroker(): Promise<Broker>;
  findGroupCoordinator(at: { groupId: string }): Promise<Broker>;
  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[];
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>;
  fetchTopicsOffset(
    topics: readonly {
      topic: string;
      partitions: readonly { partition: number }[];
      fromBeginning?: boolean;
      fromTimestamp?: number;
    }[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
}

export interface Broker {
  readonly connectionPool: {
    readonly host: string;
    readonly port: number;
    send(request: ProtocolRequest): Promise<unknown>;
  };
  disconnect(): Promise<void>;
  /** A number for an idempotent producer; any broker gives one. */
  initProducerId(request: {
    readonly transactionTimeout: number;
  }): Promise<{ producerId: string; producerEpoch: number }>;
  joinGroup(request: {
    groupId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    memberId: string;
    groupProtocols: readonly { name: string; metadata: Buffer }[];
  }): Promise<JoinedGroup>;
  syncGroup(request: {
    groupId: string;
    generationId: number;
    memberId: string;
    groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[];
  }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(member: {
    groupId: string;
    memberId: string;
    groupGenerationId: number;
  }): Promise<unknown>;
  leaveGroup(member: { groupId: string; memberId: string }): Promise<unknown>;
  offsetFetch(request: {
    groupId: string;
    topics: readonly { topic: string; partitions: readonly { partition: number }[] }[];
  }): Promise<{
    responses: {
      topic: string;
      partitions: { partition: number; offset: string; metadata: string | null }[];
    }[];
  }>;
  offsetCommit(request: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: readonly {
      topic: string;
      partitions: readonly { partition: number; offset: string; metadata: string }[];
    }[];
  }): Promise<unknown>;
}

export interface JoinedGroup {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly { memberId: string; memberMetadata: Buffer }[];
}

export interface ProtocolRequest {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<unknown>;
  };
  readonly response: {
    decode(raw: Buffer): Promise<unknown>;
    parse(data: unknown): Promise<unknown>;
  };
}

/** kafkajs's byte writer, as far as we use it. */
export interface Encoder {
  writeUVarIntBytes(value?: Buffer): Encoder;
  writeUVarIntString(value: string): Encoder;
  writeUVarIntArray(items: readonly Encoder[]): Encoder;
  writeBoolean(value: boolean): Encoder;
  writeBuffer(value: Buffer): Encoder;
  writeInt8(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: string): Encoder;
  writeString(value: string): Encoder;
  writeArray(items: readonly Encoder[]): Encoder;
}

/** kafkajs's byte reader, as far as we use it. */
export interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readBoolean(): boolean;
  readBytes(length: number): Buffer;
  readUVarIntString(): string | null;
  readUVarIntArray<T>(read: (decoder: Decoder) => T): T[];
  readTaggedFields(): void;
}

/** Records of committed transactions only. */
const READ_COMMITTED = 1;

/** How long we wait for a TCP connection, and for an answer. */
const CONNECTION_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 30_000;
const METADATA_AGE_MS_MAX = 60_000;

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}

/**
 * A connection of kafkajs looks for requests that wait every millisecond, for ever (its issue 1704), by a timer with a negative
 * delay, of which Node 24 warns (1751). Ours looks while requests wait: whatever makes one wait asks for the next look itself.
 */
function lookOnlyForWaitingRequests(): void {
  const { prototype } = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  const { scheduleCheckPendingRequests: schedule } = prototype;
  prototype.scheduleCheckPendingRequests = function scheduleIfAnyWaits(): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}
lookOnlyForWaitingRequests();

export function createCluster(config: KafkaConfig): Cluster {
  const ClusterOfKafkajs = require('kafkajs/src/cluster') as new (options: object) => Cluster;
  const { createLogger, LEVELS } = require('kafkajs/src/loggers') as {
    createLogger: (options: object) => object;
    LEVELS: { NOTHING: number };
  };
  const createSocketFactory = require('kafkajs/src/network/socketFactory') as () => unknown;
  return new ClusterOfKafkajs({
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    metadataMaxAge: METADATA_AGE_MS_MAX,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: READ_COMMITTED,
    ...config,
    logger: createLogger({ level: LEVELS.NOTHING, logCreator: () => () => undefined }),
    socketFactory: createSocketFactory(),
  });
}

/** Kafka's own error of an answer's error code. */
export function kafkaError(code: number): Error {
  const { createErrorFromCode } = require('kafkajs/src/protocol/error') as {
    createErrorFromCode: (code: number) => Error;
  };
  return createErrorFromCode(code);
}

export function createEncoder(): Encoder {
  return new (require('kafkajs/src/protocol/encoder') as new () => Encoder)();
}

export function createDecoder(raw: Buffer): Decoder {
  return new (require('kafkajs/src/protocol/decoder') as new (raw: Buffer) => Decoder)(raw);
}
