import type { Clock } from '../../model/clock.js';
import type { OwnedPartition, QueueConsumer } from '../../model/queue.js';
import { beginsAnew } from '../begins-anew.js';
import { EmbeddedPartition } from './embedded-partition.js';
import {
  assignmentOf,
  type GroupMember,
  type Lease,
  leaveGroup,
  nameOf,
  needsSync,
  releaseLease,
  syncMember,
} from './group-state.js';
import type { LogFile } from './log-file.js';
import type { TailWatch } from './tail-watch.js';

/** How often a member looks at its group (it writes only when something changed): a death is seen this soon. */
const LOOK_INTERVAL_MS = 200;

type OnPartition = (partition: OwnedPartition) => Promise<void>;

/** A partition being worked on; `done` never rejects. */
interface Work {
  readonly lease: Lease;
  readonly controller: AbortController;
  readonly done: Promise<void>;
  /** Set as soon as it is being let go. */
  released?: Promise<void>;
}

/** A member of a group whose leases are rows of the queue's file. */
export class EmbeddedConsumer implements QueueConsumer {
  readonly #file: LogFile;
  readonly #clock: Clock;
  readonly #watch: TailWatch;
  readonly #member: GroupMember;
  readonly #readBytesMax: number;
  readonly #closing = new AbortController();
  readonly #works = new Map<string, Work>();
  #failure: { readonly error: unknown } | undefined;
  #wake = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: {
    readonly file: LogFile;
    readonly clock: Clock;
    readonly watch: TailWatch;
    readonly member: GroupMember;
    readonly readBytesMax: number;
  }) {
    this.#file = options.file;
    this.#clock = options.clock;
    this.#watch = options.watch;
    this.#member = options.member;
    this.#readBytesMax = options.readBytesMax;
  }

  async run(onPartition: OnPartition, signal: AbortSignal): Promise<void> {
    if (this.#running) throw new Error('BUG: a consumer runs once');
    this.#running = this.#run(onPartition, AbortSignal.any([signal, this.#closing.signal]));
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the consumer is closed'));
    // Whoever called `run` gets its error; closing only waits for the end.
    await this.#running?.catch(() => undefined);
  }

  async #run(onPartition: OnPartition, signal: AbortSignal): Promise<void> {
    const wake = (): void => {
      this.#wake.abort();
    };
    signal.addEventListener('abort', wake, { once: true });
    try {
      while (!signal.aborted && !this.#failure) {
        await this.#look(onPartition);
        await this.#sleep(LOOK_INTERVAL_MS);
      }
    } finally {
      signal.removeEventListener('abort', wake);
      await Promise.all([...this.#works.values()].map((work) => this.#release(work)));
      await this.#file.write(() => {
        leaveGroup(this.#file, this.#member);
      });
    }
    if (this.#failure) throw this.#failure.error;
  }

  /** Compares what the file says with what is being worked on, and starts and stops the difference. */
  async #look(onPartition: OnPartition): Promise<void> {
    this.#file.refresh();
    if (needsSync(this.#file, this.#member, this.#clock.nowMs())) {
      await this.#file.write(() => {
        syncMember(this.#file, this.#member, this.#clock.nowMs());
      });
      this.#file.refresh();
    }
    const { leases, releases } = assignmentOf(this.#file, this.#member, this.#clock.nowMs());
    const held = new Map(leases.map((lease) => [nameOf(lease), lease]));
    for (const [name, work] of this.#works) {
      if (held.get(name)?.fence !== work.lease.fence) void this.#release(work);
      else if (releases.has(name)) void this.#release(work);
    }
    for (const [name, lease] of held) {
      if (!this.#works.has(name)) this.#start(lease, onPartition);
    }
  }

  #start(lease: Lease, onPartition: OnPartition): void {
    const controller = new AbortController();
    const partition = new EmbeddedPartition({
      file: this.#file,
      watch: this.#watch,
      member: this.#member,
      lease,
      readBytesMax: this.#readBytesMax,
      signal: controller.signal,
    });
    const done = (async () => {
      try {
        await onPartition(partition);
      } catch (error) {
        if (controller.signal.aborted) return;
        if (beginsAnew(error)) {
          // Seldom enough that a log that stays as it is costs nothing.
          await this.#clock.sleep(LOOK_INTERVAL_MS, controller.signal).catch(() => undefined);
          void this.#releaseNamed(nameOf(lease));
          return;
        }
        this.#failure ??= { error };
        this.#wake.abort();
      }
    })();
    this.#works.set(nameOf(lease), { lease, controller, done });
  }

  /** A work lets its own partition go, and gets it anew if it is still there. */
  async #releaseNamed(name: string): Promise<void> {
    const work = this.#works.get(name);
    if (work !== undefined) await this.#release(work);
  }

  async #release(work: Work): Promise<void> {
    work.released ??= this.#letGo(work);
    await work.released;
  }

  /** Stops the work, waits for it (a session at most), then lets the partition go. */
  async #letGo(work: Work): Promise<void> {
    work.controller.abort(new Error(`${work.lease.topic}/${work.lease.partition} is let go`));
    const timer = new AbortController();
    const timeout = this.#clock
      .sleep(this.#member.sessionTimeoutMs, timer.signal)
      .catch(() => undefined);
    await Promise.race([work.done, timeout]);
    timer.abort();
    try {
      await this.#file.write(() => {
        releaseLease(this.#file, this.#member, work.lease);
      });
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#works.delete(nameOf(work.lease));
    this.#wake.abort();
  }

  /** Sleeps until it is time to look again, or something here has changed. */
  async #sleep(delayMs: number): Promise<void> {
    await this.#clock.sleep(delayMs, this.#wake.signal).catch(() => undefined);
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
  }
}
