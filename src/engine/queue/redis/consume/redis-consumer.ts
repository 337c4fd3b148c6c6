import type { Clock } from '../../../model/clock.js';
import type { OwnedPartition, QueueConsumer } from '../../../model/queue.js';
import { beginsAnew } from '../../begins-anew.js';
import { isPassing, type RedisLink } from '../link/redis-link.js';
import { membersKey, streamKey } from '../stream-key.js';
import type { ArrivalWatch } from './arrival-watch.js';
import {
  claim,
  commitUnder,
  type GroupMember,
  keepSession,
  type Lease,
  release,
} from './group-lease.js';
import { type ClaimedState, RedisPartition } from './redis-partition.js';

/** How often a member looks at its group: a death is seen this soon after its session is over. */
const LOOK_INTERVAL_MS = 250;

/** How often what every group has finished is trimmed from the partitions held. */
const TRIM_INTERVAL_MS = 30_000;

type OnPartition = (partition: OwnedPartition) => Promise<void>;

/** A partition being worked on; `done` never rejects. */
interface Work {
  readonly lease: Lease;
  readonly controller: AbortController;
  readonly done: Promise<void>;
  /** Set as soon as it is being let go. */
  released?: Promise<void>;
}

export interface RedisConsumerOptions {
  /** For this consumer alone: the server answers a connection's commands one by one. */
  readonly data: RedisLink;
  /** The queue's: a commit that comes after the consumer's end is refused by its fence. */
  readonly control: RedisLink;
  readonly watch: ArrivalWatch;
  readonly clock: Clock;
  readonly member: GroupMember;
  readonly topics: readonly string[];
  readonly readBytesMax: number;
  readonly trim: (topic: string, partition: number) => Promise<void>;
}

/** A member of a group whose leases the server keeps: each claim raises a fence that it checks at every commit. */
export class RedisConsumer implements QueueConsumer {
  readonly #options: RedisConsumerOptions;
  readonly #closing = new AbortController();
  readonly #works = new Map<string, Work>();
  #failure: { readonly error: unknown } | undefined;
  #wake = new AbortController();
  #running: Promise<void> | undefined;
  #aliveMs = 0;
  #trimmedMs = 0;
  #letGoCount = 0;

  constructor(options: RedisConsumerOptions) {
    this.#options = options;
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
    await this.#options.data.close();
  }

  async #run(onPartition: OnPartition, signal: AbortSignal): Promise<void> {
    const wake = (): void => {
      this.#wake.abort();
    };
    signal.addEventListener('abort', wake, { once: true });
    this.#aliveMs = this.#options.clock.nowMs();
    this.#trimmedMs = this.#aliveMs;
    try {
      while (!signal.aborted && !this.#failure) {
        await this.#lookOrWait(onPartition);
        await this.#sleep(LOOK_INTERVAL_MS);
      }
    } finally {
      signal.removeEventListener('abort', wake);
      await Promise.all([...this.#works.values()].map((work) => this.#release(work)));
      await this.#leave();
    }
    if (this.#failure) throw this.#failure.error;
  }

  /** A server that is away is waited for; whoever was silent for a session has lost its partitions. */
  async #lookOrWait(onPartition: OnPartition): Promise<void> {
    const { clock, member, topics } = this.#options;
    try {
      for (const topic of topics) await this.#look(topic, onPartition);
      this.#aliveMs = clock.nowMs();
      this.#trimWhenDue();
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (clock.nowMs() - this.#aliveMs < member.sessionTimeoutMs) return;
      for (const work of this.#works.values()) void this.#release(work);
    }
  }

  /** Compares what the server says with what is being worked on, and starts and stops the difference. */
  async #look(topic: string, onPartition: OnPartition): Promise<void> {
    const { control, member } = this.#options;
    const letGoBefore = this.#letGoCount;
    const assignment = await keepSession(control, member, topic);
    const held = new Map(assignment?.held.map((lease) => [nameOf(lease), lease.fence]));
    for (const [name, work] of this.#works) {
      if (work.lease.topic !== topic) continue;
      const isDue = assignment?.releases.has(work.lease.partition) ?? false;
      if (held.get(name) !== work.lease.fence || isDue) void this.#release(work);
    }
    if (assignment === undefined) return;
    const { topicId, claims } = assignment;
    // Held, and yet not worked on: the answer to an earlier claim was lost on its way, or it was let go while we asked.
    const isFresh = letGoBefore === this.#letGoCount;
    const orphans = assignment.held.filter((lease) => isFresh && !this.#works.has(nameOf(lease)));
    for (const partition of [...claims, ...orphans.map((lease) => lease.partition)]) {
      const at = { topic, topicId, partition };
      if (this.#works.has(nameOf(at))) continue;
      const claimed = await claim(control, member, at);
      if (claimed) this.#start(claimed, onPartition);
    }
  }

  #start(
    { lease, state }: { readonly lease: Lease; readonly state: ClaimedState },
    onPartition: OnPartition,
  ): void {
    const { control, data, watch, clock, member, readBytesMax } = this.#options;
    const controller = new AbortController();
    const partition = new RedisPartition({
      topic: lease.topic,
      partition: lease.partition,
      topicIdentity: lease.topicId,
      stream: streamKey(lease.topic, lease.partition),
      state,
      link: data,
      watch,
      clock,
      readBytesMax,
      signal: controller.signal,
      commit: (position, readCount) =>
        commitUnder({ link: control, member, lease }, position, readCount),
    });
    const done = (async () => {
      try {
        await onPartition(partition);
      } catch (error) {
        if (controller.signal.aborted) return;
        if (beginsAnew(error)) {
          // Seldom enough that a log that stays as it is costs nothing.
          await clock.sleep(LOOK_INTERVAL_MS, controller.signal).catch(() => undefined);
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
    const { control, clock, member } = this.#options;
    work.controller.abort(new Error(`${work.lease.topic}/${work.lease.partition} is let go`));
    const timer = new AbortController();
    const timeout = clock.sleep(member.sessionTimeoutMs, timer.signal).catch(() => undefined);
    await Promise.race([work.done, timeout]);
    timer.abort();
    // Without our word it is free when the session is over.
    await release(control, member, work.lease).catch(() => undefined);
    this.#works.delete(nameOf(work.lease));
    this.#letGoCount += 1;
    this.#wake.abort();
  }

  async #leave(): Promise<void> {
    const { control, member, topics } = this.#options;
    for (const topic of topics) {
      const args = ['ZREM', membersKey(topic, member.groupId), member.memberId];
      await control.command(args, `leave the group ${member.groupId}`).catch(() => undefined);
    }
  }

  #trimWhenDue(): void {
    const { clock, trim } = this.#options;
    if (clock.nowMs() - this.#trimmedMs < TRIM_INTERVAL_MS) return;
    this.#trimmedMs = clock.nowMs();
    for (const { lease } of this.#works.values()) {
      // What is not trimmed now is trimmed another time.
      void trim(lease.topic, lease.partition).catch(() => undefined);
    }
  }

  /** Sleeps until it is time to look again, or something here has changed. */
  async #sleep(delayMs: number): Promise<void> {
    await this.#options.clock.sleep(delayMs, this.#wake.signal).catch(() => undefined);
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
  }
}

/** Names a partition by its topic's identity, so that one of a topic made again is another. */
function nameOf({ topicId, partition }: Omit<Lease, 'fence'>): string {
  return `${topicId}/${partition}`;
}
