import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockHolder } from '../../../engine/deploy/generation-lock.js';
import { readStackStatus, type StackStatus } from '../../../engine/deploy/stack-status.js';
import { hasEnded } from '../stack/leftover.js';
import type { StackReport } from '../stack/describe-stack.js';
import { runAtbd, type Ran } from './run-atbd.js';

/** Whatever a stack does by itself (restart, take over, end) it does well within this time. */
const WAIT_MS_MAX = 30_000;
const POLL_MS = 50;

/** Exit code of `status` when there is no stack. */
const STATUS_NOT_UP = 6;

/** A real local stack in a folder of its own, driven through the CLI only. */
export class TestStack implements AsyncDisposable {
  /** Below `folder`, so that the folder can be looked at after a purge. */
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #seen: StackStatus[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
    this.home = join(folder, 'home');
    this.env = { ATBD_HOME: this.home, ATBD_CONFIG: join(folder, 'config.yaml') };
  }

  static async make(): Promise<TestStack> {
    const stack = new TestStack(await mkdtemp(join(tmpdir(), 'atbd-stack-')));
    await mkdir(stack.home);
    return stack;
  }

  atbd(...args: readonly string[]): Promise<Ran> {
    return runAtbd(args, { env: this.env });
  }

  /** What `up` said; whatever else it says is in the error. */
  async up(...args: readonly string[]): Promise<{ alreadyUp: boolean; parts: string[] }> {
    const { code, stdout, stderr } = await this.atbd('up', '--local', '--json', ...args);
    if (code !== 0) throw new Error(`up ended with ${code}: ${stdout}${stderr}`);
    await this.internals();
    return JSON.parse(stdout) as { alreadyUp: boolean; parts: string[] };
  }

  /** What `status --json` says; undefined while the stack is not up. */
  async report(): Promise<StackReport | undefined> {
    const { code, stdout } = await this.atbd('status', '--json');
    return code === STATUS_NOT_UP ? undefined : (JSON.parse(stdout) as StackReport);
  }

  /** What the supervisor wrote down last; its processes are those we may kill. */
  async internals(): Promise<StackStatus> {
    const status = await readStackStatus(join(this.home, 'run', 'supervisor.json'));
    if (!status) throw new Error(`no status of a supervisor in ${this.home}`);
    this.#seen.push(status);
    return status;
  }

  /** SIGKILL to one part. */
  async kill(part: string): Promise<void> {
    const { parts } = await this.internals();
    const pid = parts.find(({ name }) => name === part)?.process?.pid;
    if (pid === undefined) throw new Error(`${part} does not run`);
    process.kill(pid, 'SIGKILL');
  }

  /** SIGKILL to the supervisor and every part, as good as at once. */
  async killAll(): Promise<void> {
    const identities = identitiesIn(await this.internals());
    for (const { pid } of identities) process.kill(pid, 'SIGKILL');
    for (const identity of identities) await hasEnded(identity, WAIT_MS_MAX);
  }

  /** Resolves when the report fulfils the condition, with it. */
  async untilReport(condition: (report: StackReport) => boolean): Promise<StackReport> {
    const untilMs = Date.now() + WAIT_MS_MAX;
    for (;;) {
      const report = await this.report();
      if (report && condition(report)) return report;
      if (Date.now() > untilMs) throw new Error(`still ${JSON.stringify(report)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Resolves as soon as there is a supervisor, however far it has come. */
  async untilLocked(): Promise<void> {
    const untilMs = Date.now() + WAIT_MS_MAX;
    while (!(await lockHolder(join(this.home, 'lock')))) {
      if (Date.now() > untilMs) throw new Error(`no supervisor in ${this.home}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** How many events of this service are stored, as `query logs` says. */
  async storedCount(service: string): Promise<number> {
    const limit = ['--limit', '10000', '--fields', 'service', '--output', 'ndjson'];
    const { stdout } = await this.atbd('query', 'logs', '--service', service, ...limit);
    return stdout.split('\n').filter((line) => line !== '').length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.atbd('down', '--purge', '--yes');
    // A test that failed half-way may have lost track: what it has seen ends, too.
    for (const identity of this.#seen.flatMap(identitiesIn)) {
      if (!(await hasEnded(identity, 0))) process.kill(identity.pid, 'SIGKILL');
    }
    await rm(this.#folder, { recursive: true });
  }
}

/** The supervisor and its processes. */
export function identitiesIn({ supervisor, parts }: StackStatus): StackStatus['supervisor'][] {
  return [supervisor, ...parts.flatMap(({ process }) => (process ? [process] : []))];
}

/** The command lines of all processes that name the folder, on Linux. */
export async function commandLinesNaming(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(folder));
}

/** The same, and of those whose environment names the folder: services that a story's script has started. */
export async function commandLinesKnowing(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = (pid: string, what: string): Promise<string> =>
    readFile(`/proc/${pid}/${what}`, 'utf8').catch(() => '');
  const lines = await Promise.all(
    pids.map(async (pid) => {
      const line = await read(pid, 'cmdline');
      return line.includes(folder) || (await read(pid, 'environ')).includes(folder) ? [line] : [];
    }),
  );
  return lines.flat();
}
