import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

/** No command of a demo takes nearly so long; a hanging one must not hang the demo. */
const COMMAND_TIMEOUT_MS = 110_000;

/** How long a command may take to end after it was asked to. */
const STOP_TIMEOUT_MS = 10_000;

/** The real command line, as child processes with the demo's environment and folder. */
export class Atbd {
  #env;
  #cwd;
  #screen;
  #onSpawn;

  /** `onSpawn` is given the process of each command. */
  constructor({ env, cwd, screen, onSpawn }) {
    this.#env = env;
    this.#cwd = cwd;
    this.#screen = screen;
    this.#onSpawn = onSpawn;
  }

  /** Prints the command and runs it before the reader's eyes; throws unless it exits 0. */
  async show(args, { signal } = {}) {
    // Started first, so that what the reader sees is already in the caretaker's charge.
    const child = this.#spawn(args, ['ignore', 'inherit', 'inherit']);
    this.#screen.command(['atbd', ...args]);
    await exitOf(child, { args, signal });
  }

  /** Runs it quietly; gives its stdout. */
  async read(args, { signal } = {}) {
    const child = this.#spawn(args, ['ignore', 'pipe', 'pipe']);
    const output = { stdout: [], stderr: [] };
    for (const name of ['stdout', 'stderr']) {
      child[name].on('data', (part) => output[name].push(part));
    }
    const complaint = () => Buffer.concat(output.stderr).toString('utf8');
    await exitOf(child, { args, signal, complaint });
    return Buffer.concat(output.stdout).toString('utf8');
  }

  /** Prints the command and leaves it running in the background, its output in a file. */
  follow(args, outputFile) {
    this.#screen.command(['atbd', ...args]);
    const output = openSync(outputFile, 'a');
    const child = this.#spawn(args, ['ignore', output, output]);
    closeSync(output);
    return new Follower(child, { args, outputFile });
  }

  #spawn(args, stdio) {
    const options = { env: this.#env, cwd: this.#cwd, stdio };
    const child = spawn(process.execPath, [RUN, ...args], options);
    this.#onSpawn(child);
    return child;
  }
}

/** A command in the background. */
class Follower {
  #child;
  #about;
  #exited;

  constructor(child, about) {
    this.#child = child;
    this.#about = about;
    this.#exited = once(child, 'close');
  }

  /** Throws when it has ended by itself. */
  check() {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) return;
    const { args, outputFile } = this.#about;
    throw new Error(
      `cannot go on: atbd ${args[0]} ended (${exitCode ?? signalCode}); see ${outputFile}`,
    );
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(timer);
  }
}

/** Waits for the end, which an abort or the time limit bring about; throws unless it is exit code 0. */
async function exitOf(child, { args, signal, complaint = () => '' }) {
  const end = () => child.kill('SIGTERM');
  const limit = setTimeout(end, COMMAND_TIMEOUT_MS);
  if (signal?.aborted) end();
  else signal?.addEventListener('abort', end, { once: true });
  const [code, killedBy] = await once(child, 'close');
  clearTimeout(limit);
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
  if (code === 0) return;
  const what = `\`atbd ${args.join(' ')}\` ended with ${killedBy ?? `exit code ${code}`}`;
  throw new Error(`cannot go on: ${what}\n${complaint()}`.trimEnd());
}
