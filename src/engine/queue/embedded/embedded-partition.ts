import type { GroupPosition, OwnedPartition, PartitionRange } from '../../model/queue.js';
import type { RecordRun } from '../../model/record-run.js';
import { commitPosition, type GroupMember, type Lease, positionOf } from './group-state.js';
import type { LogFile } from './log-file.js';
import { rangeOf } from './partition-log.js';
import { PartitionReader } from './partition-reader.js';
import type { TailWatch } from './tail-watch.js';

/** A partition while this member owns it; see the port. */
export class EmbeddedPartition implements OwnedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly topicIdentity: string;
  readonly committed: GroupPosition | null;
  readonly range: PartitionRange;
  readonly signal: AbortSignal;
  readonly #file: LogFile;
  readonly #watch: TailWatch;
  readonly #member: GroupMember;
  readonly #lease: Lease;
  readonly #readBytesMax: number;
  readonly #reader: PartitionReader;
  #isPaused = false;

  constructor(options: {
    readonly file: LogFile;
    readonly watch: TailWatch;
    readonly member: GroupMember;
    readonly lease: Lease;
    readonly readBytesMax: number;
    readonly signal: AbortSignal;
  }) {
    const { file, lease, member } = options;
    this.#file = file;
    this.#watch = options.watch;
    this.#member = member;
    this.#lease = lease;
    this.#readBytesMax = options.readBytesMax;
    this.signal = options.signal;
    this.topic = lease.topic;
    this.partition = lease.partition;
    this.topicIdentity = lease.topicId;
    this.committed = positionOf(file, member.groupId, lease);
    this.range = rangeOf(file, lease);
    const cursor = this.committed?.position ?? this.range.start;
    this.#reader = new PartitionReader(file, lease, Number(cursor));
  }

  async read({
    bytesMin = 1,
    waitMs,
  }: {
    readonly bytesMin?: number;
    readonly waitMs: number;
  }): Promise<readonly RecordRun[] | undefined> {
    const wanted = Math.max(1, Math.min(bytesMin, this.#readBytesMax));
    await this.#watch.wait(() => this.#hasBytes(wanted), waitMs, this.signal);
    if (this.#isPaused && !this.#reader.hasRest) return undefined;
    const runs = this.#reader.take(this.#readBytesMax);
    return runs.length === 0 ? undefined : runs;
  }

  seek(offset: bigint): void {
    this.#reader.seek(Number(offset));
  }

  async commit(position: GroupPosition): Promise<void> {
    await this.#file.write(() => {
      commitPosition(this.#file, { member: this.#member, lease: this.#lease, position });
    });
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#watch.notify();
  }

  #hasBytes(bytes: number): boolean {
    if (this.#isPaused) return this.#reader.hasRest;
    return this.#reader.hasBytes(bytes);
  }
}
