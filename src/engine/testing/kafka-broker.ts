import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from './free-ports.js';
import { hasPart } from './required-part.js';

const JARS = fileURLToPath(new URL('../../../.cache/kafka', import.meta.url));

const CLASSPATH = `${JARS}/*`;

/** Whether Kafka's jars are here; see hasPart. */
export function hasKafka(): boolean {
  const isThere = existsSync(JARS) && readdirSync(JARS).some((name) => name.startsWith('kafka_'));
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

const READY_MS_MAX = 60_000;
const POLL_MS = 100;
const HEAP = ['-Xmx384m', '-Xms128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
/** Kafka wants one; any will do. */
const CLUSTER_ID = 'atbdAtbdAtbdAtbdAtbdAg';

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
      execFileSync('java', [...HEAP, '-cp', CLASSPATH, mainClass, ...args], {
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

/** One JVM with its folder, which goes with it. */
class BrokerProcess implements AddedBroker {
  readonly #dir: string;
  readonly #port: number;
  #process: ChildProcess | undefined;
  readonly #killOnExit = (): void => void this.#process?.kill('SIGKILL');

  private constructor(dir: string, port: number) {
    this.#dir = dir;
    this.#port = port;
    process.on('exit', this.#killOnExit);
  }

  /** `dir` holds its server.properties. */
  static async start({
    dir,
    port,
    formatArgs,
  }: {
    readonly dir: string;
    readonly port: number;
    readonly formatArgs: readonly string[];
  }): Promise<BrokerProcess> {
    const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID];
    const config = ['-c', 'server.properties'];
    execFileSync('java', [...HEAP, '-cp', CLASSPATH, ...format, ...config, ...formatArgs], {
      cwd: dir,
      stdio: 'ignore',
    });
    const node = new BrokerProcess(dir, port);
    await node.run();
    return node;
  }

  get pid(): number {
    return this.#process!.pid!;
  }

  async run(): Promise<void> {
    this.#process = spawn('java', [...HEAP, '-cp', CLASSPATH, 'kafka.Kafka', 'server.properties'], {
      cwd: this.#dir,
      stdio: 'ignore',
    });
    await untilListening(this.#port, this.#process);
  }

  async kill(): Promise<void> {
    const running = this.#process;
    if (running?.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#killOnExit);
    await this.kill();
    await rm(this.#dir, { recursive: true, force: true });
  }
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

async function untilListening(port: number, broker: ChildProcess): Promise<void> {
  const deadline = Date.now() + READY_MS_MAX;
  while (!(await canConnect(port))) {
    if (broker.exitCode !== null)
      throw new Error(`the Kafka broker ended with code ${broker.exitCode}`);
    if (Date.now() > deadline) throw new Error('the Kafka broker did not start');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
