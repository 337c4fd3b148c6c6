import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { freePorts } from './free-ports.js';
import { BrokerProcess } from './kafka-process.js';

/**
 * Several brokers that are one KRaft cluster on loopback, each of them a controller too. Whatever is acknowledged is with
 * two of them, so that any one may be killed.
 */
export interface KafkaCluster extends AsyncDisposable {
  readonly brokers: readonly ClusterBroker[];
  /** host:port of each broker. */
  readonly bootstrap: readonly string[];
  /** Whether every partition, internal ones too, has all of its replicas in sync: only then may the next broker die. */
  isInSync(): Promise<boolean>;
}

/** A broker that may be killed and comes back with what it has on disk. */
export interface ClusterBroker {
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
  /** Resolves when it takes requests again. */
  run(): Promise<void>;
}

const IN_SYNC_MIN = 2;

export async function startKafkaCluster({
  brokerCount,
}: {
  readonly brokerCount: number;
}): Promise<KafkaCluster> {
  const ports = await freePorts(2 * brokerCount);
  const brokerPorts = ports.slice(0, brokerCount);
  const controllerPorts = ports.slice(brokerCount);
  const started = await Promise.allSettled(
    brokerPorts.map(async (port, index) => {
      const dir = await mkdtemp(join(tmpdir(), 'atbd-kafka-'));
      const lines = propertiesOf({ index, dir, port, controllerPorts });
      await writeFile(join(dir, 'server.properties'), `${lines.join('\n')}\n`);
      return BrokerProcess.start({ dir, port, formatArgs: [] });
    }),
  );
  const brokers = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(brokers.map((broker) => broker[Symbol.asyncDispose]()));
  };
  if (brokers.length < brokerCount) {
    await stop();
    const failed = started.find((each) => each.status === 'rejected');
    throw new Error('a broker of the cluster did not start', { cause: failed?.reason });
  }
  const bootstrap = brokerPorts.map((port) => `127.0.0.1:${port}`);
  return { brokers, bootstrap, isInSync: () => isInSync(bootstrap), [Symbol.asyncDispose]: stop };
}

function propertiesOf({
  index,
  dir,
  port,
  controllerPorts,
}: {
  readonly index: number;
  readonly dir: string;
  readonly port: number;
  readonly controllerPorts: readonly number[];
}): string[] {
  const voters = controllerPorts.map((each, at) => `${at + 1}@127.0.0.1:${each}`);
  return [
    'process.roles=broker,controller',
    `node.id=${index + 1}`,
    `controller.quorum.voters=${voters.join(',')}`,
    'controller.listener.names=CONTROLLER',
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPorts[index]!}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name=PLAINTEXT',
    `log.dirs=${join(dir, 'data')}`,
    `default.replication.factor=${controllerPorts.length}`,
    `min.insync.replicas=${IN_SYNC_MIN}`,
    `offsets.topic.replication.factor=${controllerPorts.length}`,
    'offsets.topic.num.partitions=4',
    `transaction.state.log.replication.factor=${controllerPorts.length}`,
    `transaction.state.log.min.isr=${IN_SYNC_MIN}`,
    'transaction.state.log.num.partitions=4',
    // A dead broker is noticed after this, not after nine seconds: tests kill many.
    'broker.session.timeout.ms=3000',
    'broker.heartbeat.interval.ms=500',
    'group.initial.rebalance.delay.ms=0',
    'group.min.session.timeout.ms=500',
    'auto.create.topics.enable=false',
  ];
}

async function isInSync(bootstrap: readonly string[]): Promise<boolean> {
  const kafka = new kafkajs.Kafka({
    brokers: [...bootstrap],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 1 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata();
    const partitions = topics.flatMap((topic) => topic.partitions);
    return partitions.every(({ isr, replicas }) => isr.length === replicas.length);
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
