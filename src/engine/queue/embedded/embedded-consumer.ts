import type { Clock } from '../../model/clock.js';
import type { OwnedPartition, QueueConsumer } from '../../model/queue.js';
import { HeldPartitions, nameOf } from '../held-partitions.js';
import { EmbeddedPartition } from './embedded-partition.js';
import {
  assignmentOf,
  type GroupMember,
  type Lease,
  leaveGroup,
  needsSync,
  releaseLease,
  syncMember,
} from './group-state.js';
import type { LogFile } from './log-file.js';
import type { TailWatch } from './tail-watch.js';

/** How often a member looks at its group (it writes only when something changed): a death is seen this soon. */
const LOOK_INTERVAL_MS = 200;

type OnPartition = (partition: OwnedPartition) => Promise<void>;

export interface EmbeddedConsumerOptions {
  readonly file: LogFile;
  readonly clock: Clock;
  readonly watch: TailWatch;
  readonly member: GroupMember;
  readonly readBytesMax: number;
}

/** A member of a group whose leases are rows of the queue's file. */
export class EmbeddedConsumer implements QueueConsumer {
  readonly #options: EmbeddedConsumerOptions;
  readonly #held: HeldPartitions<Lease>;

  constructor(options: EmbeddedConsumerOptions) {
    this.#options = options;
    const { file, clock, member } = options;
    this.#held = new HeldPartitions({
      clock,
      sessionTimeoutMs: member.sessionTimeoutMs,
      lookIntervalMs: LOOK_INTERVAL_MS,
      letGo: (lease) =>
        file.write(() => {
          releaseLease(file, member, lease);
        }),
      leave: () =>
        file.write(() => {
          leaveGroup(file, member);
        }),
    });
  }

  run(onPartition: OnPartition, signal: AbortSignal): Promise<void> {
    return this.#held.run(() => this.#look(onPartition), signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#held.close();
  }

  /** Compares what the file says with what is being worked on, and starts and stops the difference. */
  async #look(onPartition: OnPartition): Promise<void> {
    const { file, member, clock } = this.#options;
    file.refresh();
    if (needsSync(file, member, clock.nowMs())) {
      await file.write(() => {
        syncMember(file, member, clock.nowMs());
      });
      file.refresh();
    }
    const { leases, releases } = assignmentOf(file, member, clock.nowMs());
    const fences = new Map(leases.map((lease) => [nameOf(lease), lease.fence]));
    for (const lease of this.#held.leases) {
      const name = nameOf(lease);
      if (fences.get(name) !== lease.fence || releases.has(name)) this.#held.release(lease);
    }
    for (const lease of leases) if (!this.#held.has(lease)) this.#start(lease, onPartition);
  }

  #start(lease: Lease, onPartition: OnPartition): void {
    const { file, watch, member, readBytesMax } = this.#options;
    this.#held.start(lease, (signal) =>
      onPartition(new EmbeddedPartition({ file, watch, member, lease, readBytesMax, signal })),
    );
  }
}
