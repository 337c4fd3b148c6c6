import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.js';
import { BrokerProcess, KAFKA_JARS, kafkaJava } from './kafka-process.js';
import { hasPart } from './required-part.js';

/** Whether Kafka's jars are here; see hasPart. */
export function hasKafka(): boolean {
  const isThere =
    existsSync(KAFKA_JARS) && readdirSync(KAFKA_JARS).some((name) => name.startsWith('kafka_'));
  return hasPart('kafka', isThere, 'run .ci/install');
}

/** A real single-node KRaft broker on loopback, in a temporary folder. */
export interface KafkaBroker extends AsyncDisposable {
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, with what it has on disk and at the same address. */
  restart(): Promise<void>;
  /** A second broker of the same cluster, which may be killed while the first one goes on. */
  addBroker(): Promise<AddedBroker>;
  /** host:port of the plain listener. */
  readonly bootstrap: string;
  /** host:port of the listener with TLS and SASL, when asked for. */
  readonly secureBootstrap: string | undefined;
  readonly pid: number;
  /** Runs one of Kafka's own tools (`org.apache.kafka.tools.…`) with this input. */
  runTool(mainClass: string, args: readonly string[], input?: string): string;
}

/** A broker that is no controller. */
export interface AddedBroker extends AsyncDisposable {
  kill(): Promise<void>;
}

export interface KafkaBrokerOptions {
  /** PEM of key and certificate, and a user: opens a SASL_SSL listener for plain and both SCRAMs. */
  readonly secure?: {
    readonly keyAndCertificatePem: string;
    readonly username: string;
    readonly password: string;
  };
}

export async function startKafkaBroker(options: KafkaBrokerOptions = {}): Promise<KafkaBroker> {
  const dir = await mkdtemp(join(tmpdir(), 'atbd-kafka-'));
  const [port, controllerPort, securePort] = await freePorts(3);
  const { secure } = options;
  await writeFile(
    join(dir, 'server.properties'),
    properties({
      dir,
      port: port!,
      controllerPort: controllerPort!,
      securePort: securePort!,
      secure,
    }),
    { mode: 0o600 },
  );
  const users = secure
    ? ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
        '--add-scram',
        `${mechanism}=[name=${secure.username},password=${secure.password}]`,
      ])
    : [];
  const node = await BrokerProcess.start({ dir, port: port!, formatArgs: users });
  return {
    bootstrap: `127.0.0.1:${port!}`,
    secureBootstrap: secure ? `127.0.0.1:${securePort!}` : undefined,
    get pid() {
      return node.pid;
    },
    runTool: (mainClass, args, input) =>
      execFileSync('java', kafkaJava(mainClass, ...args), {
        input,
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
    kill: () => node.kill(),
    restart: () => node.run(),
    addBroker: () => addBroker(controllerPort!),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

async function addBroker(controllerPort: number): Promise<AddedBroker> {
  const dir = await mkdtemp(join(tmpdir(), 'atbd-kafka-'));
  const [port] = await freePorts(1);
  const lines = [
    'process.roles=broker',
    'node.id=2',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    'controller.listener.names=CONTROLLER',
    `listeners=PLAINTEXT://127.0.0.1:${port!}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name=PLAINTEXT',
    `log.dirs=${join(dir, 'data')}`,
  ];
  await writeFile(join(dir, 'server.properties'), `${lines.join('\n')}\n`);
  return BrokerProcess.start({ dir, port: port!, formatArgs: [] });
}

function properties({
  dir,
  port,
  controllerPort,
  securePort,
  secure,
}: {
  readonly dir: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly securePort: number;
  readonly secure: KafkaBrokerOptions['secure'];
}): string {
  const listeners = [`PLAINTEXT://127.0.0.1:${port}`, `CONTROLLER://127.0.0.1:${controllerPort}`];
  if (secure) listeners.push(`SASL_SSL://127.0.0.1:${securePort}`);
  const lines = [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    'controller.listener.names=CONTROLLER',
    `listeners=${listeners.join(',')}`,
    `advertised.listeners=${listeners.filter((name) => !name.startsWith('CONTROLLER')).join(',')}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL',
    'inter.broker.listener.name=PLAINTEXT',
    `log.dirs=${join(dir, 'data')}`,
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=4',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=4',
    // Tests kill members often: they must not wait for the dead, nor for the living to gather.
    'group.initial.rebalance.delay.ms=0',
    'group.min.session.timeout.ms=500',
    'auto.create.topics.enable=false',
    'delete.topic.enable=true',
    'log.cleaner.enable=true',
  ];
  if (secure) {
    const pem = secure.keyAndCertificatePem.trim().replaceAll('\n', ' \\\n');
    const user = `username="${secure.username}" password="${secure.password}"`;
    lines.push(
      'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'ssl.keystore.type=PEM',
      `ssl.keystore.key=${pem.slice(0, pem.indexOf('-----BEGIN CERTIFICATE'))}`
        .trim()
        .replace(/\\$/, ''),
      `ssl.keystore.certificate.chain=${pem.slice(pem.indexOf('-----BEGIN CERTIFICATE'))}`,
      `listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${secure.username}="${secure.password}";`,
      ...['256', '512'].map(
        (bits) =>
          `listener.name.sasl_ssl.scram-sha-${bits}.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required ${user};`,
      ),
    );
  }
  return `${lines.join('\n')}\n`;
}
