import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeStdout } from './stdout.js';

/** How many pagers are open: as long as there is one, the terminal is its own. */
let openCount = 0;

/** Whether the user is in a pager: Ctrl-C is meant for that, and we must outlive it. */
export function isPagerOpen(): boolean {
  return openCount > 0;
}

/** Rows of a terminal that does not tell. */
const ROWS_DEFAULT = 24;

const LINE_FEED = 10;

/**
 * stdout for an answer. On a terminal an answer with more lines than fit goes to the user's pager: ATBD_PAGER, else PAGER, else
 * `less`; `cat` or nothing for none. Where it cannot be started the answer is simply written.
 */
export class AnswerOutput implements AsyncDisposable {
  readonly #command: readonly string[];
  readonly #rows: number;
  /** What fits on the screen up to now. */
  #held: Buffer[] = [];
  #lineCount = 0;
  #pager: ChildProcess | null | undefined;
  /** When the user has left the pager. */
  #left: Promise<unknown> = Promise.resolve();

  constructor(
    stream: { readonly isTTY?: boolean; readonly rows?: number } = process.stdout,
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.#command = stream.isTTY === true ? pagerCommand(env) : [];
    this.#rows = stream.rows || ROWS_DEFAULT;
    if (this.#command.length === 0) this.#pager = null;
  }

  /** Resolves when there is room for more. Rejects with EPIPE when the user has left the pager. */
  async write(text: string | Buffer, signal?: AbortSignal): Promise<void> {
    if (this.#pager !== undefined) return this.#pass(text, signal);
    const bytes = Buffer.from(text);
    this.#held.push(bytes);
    this.#lineCount += countLines(bytes);
    // The last row is the shell's.
    if (this.#lineCount < this.#rows) return;
    this.#pager = await this.#start();
    await this.#passHeld(signal);
  }

  /** After the last write: shows what is held, or waits until the user leaves the pager. */
  async end(): Promise<void> {
    if (this.#pager === undefined) {
      this.#pager = null;
      await this.#passHeld();
    }
    this.#pager?.stdin?.end();
    await this.#left;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #passHeld(signal?: AbortSignal): Promise<void> {
    const held = Buffer.concat(this.#held);
    this.#held = [];
    await this.#pass(held, signal);
  }

  async #pass(text: string | Buffer, signal?: AbortSignal): Promise<void> {
    const stdin = this.#pager?.stdin;
    if (!stdin) return writeStdout(text, signal);
    if (!stdin.writable) throw leftPager();
    if (stdin.write(text)) return;
    await Promise.race([once(stdin, 'drain', signal && { signal }), this.#left]);
  }

  async #start(): Promise<ChildProcess | null> {
    const [file = '', ...args] = this.#command;
    const pager = spawn(file, args, {
      // As git does: leave with the text on the screen, colours through, no waiting for what fits.
      env: { LESS: 'FRX', LV: '-c', ...process.env },
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    const left = new Promise((resolve) => pager.once('close', resolve));
    try {
      await once(pager, 'spawn');
    } catch {
      return null;
    }
    openCount += 1;
    this.#left = left.then(() => (openCount -= 1));
    // Told by the next write.
    pager.stdin.on('error', () => undefined);
    return pager;
  }
}

/** Writes a whole answer, and resolves when the user has seen it. */
export async function showAnswer(text: string): Promise<void> {
  await using output = new AnswerOutput();
  try {
    await output.write(text);
  } catch (error) {
    // Who leaves early has seen enough of it.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}

function pagerCommand(env: NodeJS.ProcessEnv): readonly string[] {
  const wanted = env['ATBD_PAGER'] ?? env['PAGER'] ?? 'less';
  const words = wanted.split(' ').filter((word) => word !== '');
  const isNone = env['TERM'] === 'dumb' || words[0] === 'cat';
  return isNone ? [] : words;
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === LINE_FEED) count += 1;
  return count;
}

function leftPager(): Error {
  return Object.assign(new Error('the pager was left'), { code: 'EPIPE' });
}
