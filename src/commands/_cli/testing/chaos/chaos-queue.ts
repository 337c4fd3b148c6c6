import { startKafkaCluster } from '../../../../engine/testing/kafka-cluster.js';
import { startRedisServer } from '../../../../engine/testing/redis-server.js';
import type { TestQueue } from '../test-context.js';

export type QueueKind = TestQueue['kind'];

/** The queue of a run, and the processes of it that may be killed. */
export interface ChaosQueue extends AsyncDisposable {
  readonly connection: TestQueue;
  readonly nodes: readonly QueueNode[];
  /** Whether any one node may die now without a loss that nobody promised against. */
  isWhole(): Promise<boolean>;
}

interface QueueNode {
  kill(): Promise<void>;
  restart(): Promise<void>;
}

const BROKER_COUNT = 3;

export async function startChaosQueue(kind: QueueKind): Promise<ChaosQueue> {
  switch (kind) {
    case 'embedded':
      return {
        connection: { kind },
        nodes: [],
        isWhole: () => Promise.resolve(true),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    case 'kafka': {
      const cluster = await startKafkaCluster({ brokerCount: BROKER_COUNT });
      return {
        connection: { kind, brokers: cluster.bootstrap },
        nodes: cluster.brokers.map((broker) => ({
          kill: () => broker.kill(),
          restart: () => broker.run(),
        })),
        isWhole: () => cluster.isInSync(),
        [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
      };
    }
    case 'redis': {
      const server = await startRedisServer();
      return {
        connection: { kind, url: server.url },
        nodes: [server],
        isWhole: () => Promise.resolve(true),
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    }
  }
}
