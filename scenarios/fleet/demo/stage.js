import { fork } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Atbd } from './atbd.js';

const CARETAKER = fileURLToPath(new URL('./caretaker.js', import.meta.url));

/** What belongs to the user's own set-up must not reach the demo, nor the other way round. */
const USER_SETTINGS = ['ATBD_CONTEXT', 'ATBD_HOME', 'ATBD_CONFIG'];

/**
 * Everything the demo makes: a temporary folder with its own ATBD_HOME, and whatever runs there.
 * Taken down by `takeDown`, or by the caretaker if this process dies first.
 */
export class Stage {
  #caretaker;
  #stops = [];
  #pids = new Set();
  #hasStack = false;

  static async open(screen) {
    const dir = await mkdtemp(path.join(tmpdir(), 'atbd-demo-'));
    await mkdir(path.join(dir, 'logs'));
    return new Stage(dir, screen);
  }

  constructor(dir, screen) {
    this.dir = dir;
    this.logDir = path.join(dir, 'logs');
    /** What a user exports to reach the demo's stack. */
    this.settings = {
      ATBD_HOME: path.join(dir, 'home'),
      ATBD_CONFIG: path.join(dir, 'config.yaml'),
    };
    this.env = { ...process.env };
    for (const name of USER_SETTINGS) delete this.env[name];
    Object.assign(this.env, this.settings);
    const onSpawn = (child) => this.#watch(child);
    this.atbd = new Atbd({ env: this.env, cwd: this.logDir, screen, onSpawn });
    this.#caretaker = fork(CARETAKER, {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    // It waits for us, not we for it.
    this.#caretaker.unref();
    this.#caretaker.channel.unref();
    this.#tellCaretaker();
  }

  /** Starts the stack; from the first moment on there is something to take down. */
  async startStack(signal) {
    this.#hasStack = true;
    await this.atbd.show(['up', '--local'], { signal });
  }

  /** Runs a command that brings up a stack by itself and leaves it: `home` says where, once there is one. */
  async startWith(args, { signal, home }) {
    try {
      await this.atbd.show(args, { signal });
    } finally {
      const found = await home();
      if (found !== undefined) {
        this.#hasStack = true;
        this.env.ATBD_HOME = found;
        this.#tellCaretaker();
      }
    }
  }

  /** Has `stop` called at the end, last come first. */
  adopt(stop) {
    this.#stops.push(stop);
  }

  /** Ends what runs beside the stack. */
  async stopAll() {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  /** Ends everything and leaves nothing behind. */
  async takeDown() {
    await this.stopAll();
    if (this.#hasStack) await this.atbd.show(['down', '--purge', '--yes']);
    this.#release();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Ends what runs beside the stack; stack, folder and log files stay. */
  async keep() {
    await this.stopAll();
    this.#release();
  }

  /** The caretaker ends the commands that outlive the demo. */
  #watch(child) {
    this.#pids.add(child.pid);
    child.once('exit', () => {
      this.#pids.delete(child.pid);
      this.#tellCaretaker();
    });
    this.#tellCaretaker();
  }

  #tellCaretaker() {
    if (!this.#caretaker.connected) return;
    this.#caretaker.send({ pids: [...this.#pids], env: this.env, dir: this.dir });
  }

  #release() {
    const caretaker = this.#caretaker;
    caretaker.send(null, () => caretaker.disconnect());
  }
}
