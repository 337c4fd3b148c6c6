import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { freePorts } from './free-ports.js';
import { hasPart } from './required-part.js';

/** Another server of the same kind, Valkey for example, for the same tests. */
const PROGRAM = process.env['ATBD_TEST_REDIS'] ?? 'redis-server';

/** Whether a Redis is here; see hasPart. */
export function hasRedis(): boolean {
  return hasPart('redis', isInstalled(), 'run .ci/install, or apt-get install redis-server');
}

function isInstalled(): boolean {
  try {
    execFileSync(PROGRAM, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A real server on loopback with its files in a temporary folder. */
export interface RedisServer extends AsyncDisposable {
  /** redis://host:port */
  readonly url: string;
  /** rediss://host:port, when TLS was asked for. */
  readonly secureUrl: string | undefined;
  readonly pid: number;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, with what it has on disk and at the same address. */
  restart(): Promise<void>;
  /** Sends one command as the default user. */
  command(...args: readonly string[]): Promise<unknown>;
}

export interface RedisServerOptions {
  /** PEM texts of a listener with TLS. */
  readonly tls?: { readonly key: string; readonly certificate: string };
  /** Lines of its configuration, such as `appendfsync always`. */
  readonly lines?: readonly string[];
}

const READY_MS_MAX = 30_000;
const POLL_MS = 20;

/** Every change is on disk before it is confirmed, unless `lines` say otherwise. */
const DURABLE = ['appendonly yes', 'appendfsync always', 'save ""'];

export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), 'atbd-redis-'));
  const [port, tlsPort] = await freePorts(2);
  const lines = [`dir ${dir}`, 'bind 127.0.0.1', `port ${port!}`, ...DURABLE];
  if (options.tls) {
    await writeFile(join(dir, 'key.pem'), options.tls.key, { mode: 0o600 });
    await writeFile(join(dir, 'certificate.pem'), options.tls.certificate);
    lines.push(`tls-port ${tlsPort!}`, 'tls-auth-clients no');
    lines.push(`tls-key-file ${dir}/key.pem`, `tls-cert-file ${dir}/certificate.pem`);
  }
  const config = join(dir, 'redis.conf');
  await writeFile(config, [...lines, ...(options.lines ?? []), ''].join('\n'));
  const server = new ServerProcess({ dir, config, port: port! });
  await server.restart();
  return Object.assign(server, {
    url: `redis://127.0.0.1:${port!}`,
    secureUrl: options.tls ? `rediss://127.0.0.1:${tlsPort!}` : undefined,
  });
}

class ServerProcess {
  readonly #dir: string;
  readonly #config: string;
  readonly #port: number;
  #process: ChildProcess | undefined;
  readonly #killOnExit = (): void => void this.#process?.kill('SIGKILL');

  constructor({ dir, config, port }: { dir: string; config: string; port: number }) {
    this.#dir = dir;
    this.#config = config;
    this.#port = port;
    process.on('exit', this.#killOnExit);
  }

  get pid(): number {
    return this.#process!.pid!;
  }

  async restart(): Promise<void> {
    this.#process = spawn(PROGRAM, [this.#config], { cwd: this.#dir, stdio: 'ignore' });
    const deadline = Date.now() + READY_MS_MAX;
    while (!(await this.#isReady())) {
      if (this.#process.exitCode !== null)
        throw new Error(`the server ended with code ${this.#process.exitCode}`);
      if (Date.now() > deadline) throw new Error('the server did not start');
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async command(...args: readonly string[]): Promise<unknown> {
    const client = createClient({ RESP: 2, socket: { host: '127.0.0.1', port: this.#port } });
    await client.connect();
    try {
      return await client.sendCommand([...args]);
    } finally {
      client.destroy();
    }
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

  /** It listens before it has loaded its data, and says so in its answer to a ping. */
  #isReady(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect({ port: this.#port, host: '127.0.0.1' }, () =>
        socket.write('PING\r\n'),
      );
      const answer = (isReady: boolean): void => {
        socket.destroy();
        resolve(isReady);
      };
      socket.once('data', (data) => {
        answer(/^(\+PONG|-NOAUTH)/u.test(data.toString()));
      });
      socket.once('error', () => {
        answer(false);
      });
    });
  }
}
