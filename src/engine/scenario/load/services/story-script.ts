import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Clock } from '../../../model/clock.js';
import { AtbdError } from '../../../model/error.js';
import { quoteValue } from '../../../model/visible-text.js';

/** How long a script and its services may take to end once they are told to. */
const STOP_MS_MAX = 5_000;

export interface ScriptOptions {
  /** The script's file, and the folder in which it runs. */
  readonly path: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** File for what it prints. */
  readonly outputPath: string;
  readonly clock: Clock;
}

/**
 * A story's script with all processes that it starts: a group of their own, so that Ctrl-C in the terminal reaches them only through
 * us, and none is left. The script has a channel to us, which closes when we are gone.
 */
export class StoryScript implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #options: ScriptOptions;
  /** Resolves when it has ended by itself with exit code 0; rejects with STORY_FAILED otherwise. */
  readonly ended: Promise<void>;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess, options: ScriptOptions) {
    this.#child = child;
    this.#options = options;
    this.#exited = once(child, 'exit').catch(() => undefined);
    child.once('exit', () => {
      this.#signalGroup('SIGKILL');
    });
    this.ended = this.#watch();
    // Who waits for it hears of it; nobody has to.
    this.ended.catch(() => undefined);
  }

  static async start(options: ScriptOptions): Promise<StoryScript> {
    const output: FileHandle = await open(options.outputPath, 'a');
    try {
      const child = fork(options.path, [], {
        cwd: options.folder,
        env: { ...process.env, ...options.env },
        execArgv: [],
        detached: true,
        stdio: ['ignore', output.fd, output.fd, 'ipc'],
      });
      return new StoryScript(child, options);
    } finally {
      await output.close();
    }
  }

  /** Ends it, by force when it does not go otherwise. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded()) return;
    this.#signalGroup('SIGTERM');
    const patience = new AbortController();
    const tired = this.#options.clock
      .sleep(STOP_MS_MAX, patience.signal)
      .then(() => {
        this.#signalGroup('SIGKILL');
      })
      .catch(() => undefined);
    await this.#exited;
    patience.abort(new Error('it has ended'));
    await tired;
  }

  async #watch(): Promise<void> {
    const [code, signal] = (await once(this.#child, 'exit')) as [number | null, string | null];
    if (code === 0) return;
    throw new AtbdError({
      code: 'STORY_FAILED',
      message: `cannot play the story: its script ${quoteValue(this.#options.path)} ended with ${signal ?? `exit code ${String(code)}`}`,
      hint: `Read what it said: services/${basename(this.#options.outputPath)} among the logs of the parts.`,
    });
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // Nobody is left in it.
    }
  }
}
