import type { Clock } from '../../../model/clock.js';
import type { OwnedPartition, QueueConsumer } from '../../../model/queue.js';
import { HeldPartitions, nameOf } from '../../held-partitions.js';
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
  readonly #held: HeldPartitions<Lease>;
  #aliveMs: number;
  #trimmedMs: number;

  constructor(options: RedisConsumerOptions) {
    this.#options = options;
    const { control, clock, member } = options;
    this.#aliveMs = clock.nowMs();
    this.#trimmedMs = this.#aliveMs;
    this.#held = new HeldPartitions({
      clock,
      sessionTimeoutMs: member.sessionTimeoutMs,
      lookIntervalMs: LOOK_INTERVAL_MS,
      // Without our word it is free when the session is over.
      letGo: (lease) => release(control, member, lease).catch(() => undefined),
      leave: () => this.#leave(),
    });
  }

  run(onPartition: OnPartition, signal: AbortSignal): Promise<void> {
    return this.#held.run(() => this.#lookOrWait(onPartition), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.close();
    await this.#options.data.close();
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
      for (const lease of this.#held.leases) this.#held.release(lease);
    }
  }

  /** Compares what the server says with what is being worked on, and starts and stops the difference. */
  async #look(topic: string, onPartition: OnPartition): Promise<void> {
    const { control, member } = this.#options;
    const letGoBefore = this.#held.letGoCount;
    const assignment = await keepSession(control, member, topic);
    const fences = new Map(assignment?.held.map((lease) => [nameOf(lease), lease.fence]));
    for (const lease of this.#held.leases) {
      if (lease.topic !== topic) continue;
      const isDue = assignment?.releases.has(lease.partition) ?? false;
      if (fences.get(nameOf(lease)) !== lease.fence || isDue) this.#held.release(lease);
    }
    if (assignment === undefined) return;
    const { topicId, claims } = assignment;
    // Held, and yet not worked on: the answer to an earlier claim was lost on its way, or it was let go while we asked.
    const isFresh = letGoBefore === this.#held.letGoCount;
    const orphans = assignment.held.filter((lease) => isFresh && !this.#held.has(lease));
    for (const partition of [...claims, ...orphans.map((lease) => lease.partition)]) {
      const at = { topic, topicId, partition };
      if (this.#held.has(at)) continue;
      const claimed = await claim(control, member, at);
      if (claimed) this.#start(claimed, onPartition);
    }
  }

  #start(
    { lease, state }: { readonly lease: Lease; readonly state: ClaimedState },
    onPartition: OnPartition,
  ): void {
    const { control, data, watch, clock, member, readBytesMax } = this.#options;
    const { topic, topicId, partition } = lease;
    this.#held.start(lease, (signal) =>
      onPartition(
        new RedisPartition({
          ...{ topic, partition, topicIdentity: topicId, stream: streamKey(topic, partition) },
          ...{ state, link: data, watch, clock, readBytesMax, signal },
          commit: (position, readCount) =>
            commitUnder({ link: control, member, lease }, position, readCount),
        }),
      ),
    );
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
    for (const { topic, partition } of this.#held.leases) {
      // What is not trimmed now is trimmed another time.
      void trim(topic, partition).catch(() => undefined);
    }
  }
}
