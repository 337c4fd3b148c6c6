import { join } from 'node:path';
import { systemClock } from '../../../model/clock.js';
import { AtbdError } from '../../../model/error.js';
import { FileLock } from './file-lock.js';

const POLL_MS = 1;

/** An open takes milliseconds and a commit tens of them: who holds the gate for longer is stopped. */
const WAIT_MS_MAX = 30_000;

/**
 * Keeps commits and opens of an LMDB environment apart, over all processes.
 *
 * lmdb-js (3.5.6) opens an environment by reading the newest meta page and then writing its number
 * to the shared lock file, without a lock. A commit of another process in between is forgotten: the next
 * one takes its place. LMDB repaired this in 2021 (ITS#9496), lmdb-js has not. Closing is kept apart too:
 * who closes last destroys the mutexes, which who is just opening would go on to use.
 *
 * Commits share the gate, so they cost each other nothing here. `opening` is passed by every commit
 * and kept by who opens: without it commits that overlap would keep an opener out for ever.
 */
export class OpenGate {
  readonly #directory: string;
  readonly #opening: FileLock;
  readonly #writing: FileLock;
  #isAlone = false;
  #commitCount = 0;

  /** In a directory that exists. Pair with `dispose`. */
  constructor(directory: string) {
    this.#directory = directory;
    this.#opening = new FileLock(join(directory, 'opening.lock'));
    this.#writing = new FileLock(join(directory, 'writing.lock'));
  }

  /** Runs `change` while no process opens or closes; starts it in this turn when nobody is in the way. */
  async commit<Result>(change: () => Promise<Result>): Promise<Result> {
    if (!this.#tryEnter()) await this.#wait(() => this.#tryEnter());
    try {
      return await change();
    } finally {
      this.#commitCount -= 1;
      if (this.#commitCount === 0) this.#writing.unlock();
    }
  }

  /** Runs `openOrClose` while no process commits, opens or closes. */
  async alone<Result>(openOrClose: () => Result | Promise<Result>): Promise<Result> {
    await this.#wait(() => this.#tryStayAlone());
    try {
      await this.#wait(() => this.#commitCount === 0 && this.#writing.try('exclusive'));
      return await openOrClose();
    } finally {
      this.#isAlone = false;
      if (this.#commitCount === 0) this.#writing.unlock();
      this.#opening.unlock();
    }
  }

  dispose(): void {
    this.#opening.close();
    this.#writing.close();
  }

  /** Marked in the same turn: a lock that this process asks for again would be changed, not refused. */
  #tryStayAlone(): boolean {
    if (this.#isAlone || !this.#opening.try('exclusive')) return false;
    this.#isAlone = true;
    return true;
  }

  #tryEnter(): boolean {
    if (this.#isAlone || !this.#opening.try('shared')) return false;
    // Who opens takes `opening` first, so with that in hand only commits can be here.
    const isIn = this.#commitCount > 0 || this.#writing.try('shared');
    this.#opening.unlock();
    if (isIn) this.#commitCount += 1;
    return isIn;
  }

  async #wait(tryOnce: () => boolean): Promise<void> {
    for (let waitedMs = 0; waitedMs < WAIT_MS_MAX; waitedMs += POLL_MS) {
      if (tryOnce()) return;
      await systemClock.sleep(POLL_MS);
    }
    throw new AtbdError({
      code: 'QUEUE_UNREACHABLE',
      message: `cannot use the queue at ${this.#directory}: another process has kept it locked for ${WAIT_MS_MAX / 1000} s`,
      hint: 'A process that uses it hangs or is stopped: `fuser -v` on the .lock files there names it; continue or end it.',
    });
  }
}
