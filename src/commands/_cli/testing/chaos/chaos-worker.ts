import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import type { TestContext } from '../test-context.js';
import { InsertGate } from './insert-gate.js';

const BIN = fileURLToPath(new URL('../../../../../bin/run.js', import.meta.url));

/** A worker that vanished loses its partitions after this: often, and not because a busy machine made it late. */
export const SESSION_TIMEOUT_MS = 2_000;

/** One that ended by itself is started again after this, as a supervisor would. */
const RESTART_AFTER_MS = 500;

/** A real `atbd worker ingest` that reaches its shards through gates of its own, and is always started again. */
export class ChaosWorker implements AsyncDisposable {
  readonly name: string;
  /** By shard. */
  readonly gates: readonly InsertGate[];
  /** How it ended when nobody had killed it. */
  readonly endedByItself: string[] = [];
  /** Partitions whose chunks it sent last; others may have taken them over since. */
  readonly partitions = new Set<number>();
  readonly #env: Readonly<Record<string, string>>;
  readonly #logPath: string;
  #child: ChildProcess | undefined;
  #isExpectedToEnd = false;

  private constructor(options: {
    name: string;
    gates: readonly InsertGate[];
    env: Readonly<Record<string, string>>;
    logPath: string;
  }) {
    this.name = options.name;
    this.gates = options.gates;
    this.#env = options.env;
    this.#logPath = options.logPath;
  }

  static async start(
    index: number,
    { context, logDir }: { readonly context: TestContext; readonly logDir: string },
  ): Promise<ChaosWorker> {
    const name = `worker-${index + 1}`;
    const gates = await Promise.all(
      context.testStore.connection.shards.map(({ url }) => InsertGate.open(url)),
    );
    const configPath = join(logDir, `${name}.yaml`);
    const config = parse(await readFile(context.env['ATBD_CONFIG']!, 'utf8')) as {
      contexts: { test: { store: { shards: string[] } } };
    };
    config.contexts.test.store.shards = gates.map(({ url }) => url);
    await writeFile(configPath, stringify(config), { mode: 0o600 });
    const env = { ...context.env, ATBD_CONFIG: configPath };
    const worker = new ChaosWorker({ name, gates, env, logPath: join(logDir, `${name}.log`) });
    for (const gate of gates)
      gate.onAsked = ({ partition }) => {
        worker.partitions.add(partition);
      };
    worker.run();
    return worker;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  run(): void {
    const { PATH, HOME, TMPDIR } = process.env;
    const log = openSync(this.#logPath, 'a');
    const child = spawn(
      process.execPath,
      [BIN, 'worker', 'ingest', '--session-timeout', String(SESSION_TIMEOUT_MS)],
      { env: { PATH, HOME, TMPDIR, ...this.#env }, stdio: ['ignore', log, log] },
    );
    closeSync(log);
    this.#child = child;
    this.#isExpectedToEnd = false;
    child.once('exit', (code, signal) => {
      this.#child = undefined;
      this.partitions.clear();
      if (this.#isExpectedToEnd) return;
      this.endedByItself.push(signal ?? `exit code ${code ?? 'unknown'}`);
      setTimeout(() => {
        if (!this.#isExpectedToEnd && this.#child === undefined) this.run();
      }, RESTART_AFTER_MS);
    });
  }

  /** Sends the signal and waits for the end; it is not started again by itself. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#isExpectedToEnd = true;
    const child = this.#child;
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
    await Promise.all(this.gates.map((gate) => gate[Symbol.asyncDispose]()));
  }
}
