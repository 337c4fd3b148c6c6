import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../../../bin/run.js', import.meta.url));

/** What a command said and how it ended. */
export interface Ran {
  /** null after a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs longer than this hangs. */
const RUN_MS_MAX = 90_000;

/** Exit codes that come with a whole document on stdout: nothing amiss, an assertion or a verdict, an answer in part. */
const CODES_WITH_ANSWER: readonly (number | null)[] = [0, 1, 3];

/**
 * Runs the built CLI as a user does; settings of the machine that could change the outcome are left out. What it prints with
 * `--json` is held against its published schema.
 */
export async function runAtbd(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const ran = await run(args, options);
  const hasDocument = CODES_WITH_ANSWER.includes(ran.code) && ran.stdout !== '';
  if (args.includes('--json') && hasDocument && options.closeStdout !== true) {
    const { checkOutput } = await import('./check-output.js');
    checkOutput(args, ran.stdout);
  }
  return ran;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Closes the reading end at once, as `| head -0` does. */
  readonly closeStdout?: boolean;
  readonly signal?: AbortSignal;
}

function run(args: readonly string[], options: RunOptions): Promise<Ran> {
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(process.execPath, [BIN, ...args], {
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: { PATH, HOME, TMPDIR, NODE_ENV: 'production', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_MS_MAX,
    ...(options.signal && { signal: options.signal }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  if (options.closeStdout === true) child.stdout.destroy();
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}
