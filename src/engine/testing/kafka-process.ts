import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Where `.ci/install` puts Kafka. */
export const KAFKA_JARS = fileURLToPath(new URL('../../../.cache/kafka', import.meta.url));

/** Seconds on a quiet machine; three that start at once on a full one were seen to take more than a minute. */
const READY_MS_MAX = 110_000;
const POLL_MS = 100;
/** Small: several of them run beside everything else. */
const HEAP = ['-Xmx384m', '-Xms128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
/** Kafka wants one; any will do. */
const CLUSTER_ID = 'atbdAtbdAtbdAtbdAtbdAg';

/** Arguments for `java` that run a class of Kafka's. */
export function kafkaJava(...mainClassAndArgs: readonly string[]): string[] {
  return [...HEAP, '-cp', `${KAFKA_JARS}/*`, ...mainClassAndArgs];
}

/** One JVM with its folder, which goes with it. */
export class BrokerProcess implements AsyncDisposable {
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
    // Not waited for in one piece: the brokers of a cluster are formatted side by side.
    await promisify(execFile)('java', kafkaJava(...format, ...config, ...formatArgs), { cwd: dir });
    const node = new BrokerProcess(dir, port);
    try {
      await node.run();
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
    return node;
  }

  get pid(): number {
    return this.#process!.pid!;
  }

  async run(): Promise<void> {
    this.#process = spawn('java', kafkaJava('kafka.Kafka', 'server.properties'), {
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
