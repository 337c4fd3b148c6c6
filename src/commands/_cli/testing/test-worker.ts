import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from './test-context.js';

const BIN = fileURLToPath(new URL('../../../../bin/run.js', import.meta.url));

/** What a condition may take before the test gives up on it. */
const WAIT_MS_MAX = 60_000;
const POLL_MS = 50;

/** A real `atbd worker ingest` that serves its metrics, and what it says. */
export interface TestWorker extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly url: string;
  /** All that it wrote to stderr so far. */
  readonly log: string;
  get(path: string): Promise<{ readonly status: number; readonly text: string }>;
  /** The samples of one scrape, by name and labels. */
  samples(): Promise<Readonly<Record<string, number>>>;
  /** Scrapes until it holds; rejects with the last samples when it never does. */
  samplesUntil(
    holds: (samples: Readonly<Record<string, number>>) => boolean,
  ): Promise<Readonly<Record<string, number>>>;
  /** Bytes that it holds when all garbage is collected: its heap, and its buffers outside of the heap. */
  retainedBytes(): Promise<number>;
  /** Sends the signal and says how the process ended. */
  end(
    signal: NodeJS.Signals,
  ): Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** Options of node that make a process collect its garbage on SIGUSR2, and write into the file what it holds then. */
function weighOnSignal(file: string): string[] {
  const [half, whole] = [JSON.stringify(`${file}.half`), JSON.stringify(file)];
  const code = `
    import { renameSync, writeFileSync } from 'node:fs';
    process.on('SIGUSR2', () => {
      globalThis.gc();
      writeFileSync(${half}, JSON.stringify(process.memoryUsage()));
      renameSync(${half}, ${whole});
    });`;
  return ['--expose-gc', '--import', `data:text/javascript,${encodeURIComponent(code)}`];
}

export async function startTestWorker(
  { env }: Pick<TestContext, 'env'>,
  args: readonly string[] = [],
): Promise<TestWorker> {
  const dir = await mkdtemp(join(tmpdir(), 'atbd-worker-'));
  const stateFile = join(dir, 'state.json');
  const memoryFile = join(dir, 'memory.json');
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(
    process.execPath,
    [
      ...weighOnSignal(memoryFile),
      ...[BIN, 'worker', 'ingest'],
      ...['--metrics-listen', '0', '--state-file', stateFile],
      ...args,
    ],
    { env: { PATH, HOME, TMPDIR, ...env }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString('utf8')));
  const url = await until(async () => {
    if (child.exitCode !== null) throw new Error(`the worker ended: ${log}`);
    const text = await readFile(stateFile, 'utf8').catch(() => '{}');
    return (JSON.parse(text) as { metricsUrl?: string }).metricsUrl;
  });

  async function get(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, text: await response.text() };
  }
  async function samples(): Promise<Record<string, number>> {
    const { text } = await get('/metrics');
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return Object.fromEntries(
      lines.map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
    );
  }
  return {
    child,
    url,
    get log() {
      return log;
    },
    get,
    samples,
    samplesUntil: (holds) =>
      until(async () => {
        const seen = await samples();
        return holds(seen) ? seen : undefined;
      }, samples),
    async retainedBytes() {
      child.kill('SIGUSR2');
      const text = await until(() => readFile(memoryFile, 'utf8').catch(() => undefined));
      await rm(memoryFile);
      const { heapUsed, external } = JSON.parse(text) as NodeJS.MemoryUsage;
      return heapUsed + external;
    },
    async end(signal) {
      child.kill(signal);
      const [code, endedBy] = await exited;
      return { code, signal: endedBy };
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Asks again and again until there is an answer; what `explain` says goes into the failure. */
export async function until<T>(
  ask: () => Promise<T | undefined>,
  explain?: () => Promise<unknown>,
): Promise<T> {
  const deadline = Date.now() + WAIT_MS_MAX;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) {
      const why = explain === undefined ? '' : `: ${JSON.stringify(await explain())}`;
      throw new Error(`it did not come true in ${WAIT_MS_MAX / 1000} s${why}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
