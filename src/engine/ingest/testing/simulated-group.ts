import { AtbdError } from '../../model/error.js';
import type { GroupPosition, OwnedPartition, QueueRecord } from '../../model/queue.js';
import type { Random } from '../../model/random.js';
import { runOf } from '../../model/record-run.js';
import type { Scheduler } from './scheduler.js';
import { unsure } from './simulated-shard.js';

export const TOPIC = 'events';

interface Owned {
  readonly generation: number;
  readonly stop: AbortController;
}

/** One partition: its log, what the group committed of it, and who owns it. */
export class SimulatedPartition {
  readonly records: readonly QueueRecord[];
  readonly end: bigint;
  committed: GroupPosition | null = null;
  readonly #partition: number;
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #isFenced: boolean;
  #owned: Owned | undefined;
  #generation = 0;

  /** `isFenced` false: who lost the partition may commit all the same. */
  constructor(
    partition: number,
    {
      random,
      scheduler,
      isFenced,
    }: { readonly random: Random; readonly scheduler: Scheduler; readonly isFenced: boolean },
  ) {
    this.#partition = partition;
    this.#random = random;
    this.#scheduler = scheduler;
    this.#isFenced = isFenced;
    const count = 5 + random.integerBelow(RECORDS_MAX);
    const records = Array.from({ length: count }, (_, offset) => offset)
      .filter(() => random.next() > HOLE_SHARE)
      .map((offset) => ({ ...RECORD, offset: BigInt(offset) }));
    this.records = records;
    this.end = (records.at(-1)?.offset ?? -1n) + 1n;
  }

  get isDone(): boolean {
    return this.end === 0n || (this.committed?.position === this.end && !this.isChunkOpen);
  }

  get isChunkOpen(): boolean {
    return this.committed?.intent?.includes('-') === true;
  }

  /** The owner is told that it has lost the partition; it may finish what it is at. */
  revoke(): void {
    this.#owned?.stop.abort(new Error('revoked'));
    this.#owned = undefined;
  }

  /** A new owner, whatever the old one thinks. */
  assign(actor: string): OwnedPartition {
    this.#generation += 1;
    const owned = { generation: this.#generation, stop: new AbortController() };
    this.#owned = owned;
    let cursor = this.committed?.position ?? 0n;
    return {
      topic: TOPIC,
      partition: this.#partition,
      topicIdentity: 'one',
      committed: this.committed,
      range: { partition: this.#partition, start: 0n, end: this.end },
      signal: owned.stop.signal,
      read: () =>
        this.#scheduler.step(actor, () => {
          owned.stop.signal.throwIfAborted();
          const isEmpty = this.#random.next() < EMPTY_READ_SHARE;
          const size = isEmpty ? 0 : 1 + this.#random.integerBelow(READ_MAX);
          const records = this.records.filter(({ offset }) => offset >= cursor).slice(0, size);
          cursor = (records.at(-1)?.offset ?? cursor - 1n) + 1n;
          return records.length === 0 ? undefined : [runOf(records)];
        }),
      seek: (offset) => {
        cursor = offset;
      },
      commit: (position) =>
        this.#scheduler.step(actor, () => {
          this.#commit(position, owned);
        }),
      pause: () => undefined,
      resume: () => undefined,
    };
  }

  /** The group's offsets are gone, as when they expire. Together with a chunk on its way they could not be made good (docs/decisions/0001). */
  loseCommit(): void {
    if (!this.isChunkOpen) this.committed = null;
  }

  #commit(position: GroupPosition, { generation }: Owned): void {
    if (this.#isFenced && generation !== this.#generation) {
      throw new AtbdError({ code: 'QUEUE_FENCED', message: 'cannot commit: lost', hint: 'none' });
    }
    const fate = this.#random.next();
    if (fate < LOST_REQUEST_SHARE) throw unsure();
    this.committed = position;
    if (fate < LOST_REQUEST_SHARE + LOST_ANSWER_SHARE) throw unsure();
  }
}

const RECORDS_MAX = 40;
const HOLE_SHARE = 0.2;
const READ_MAX = 7;
const EMPTY_READ_SHARE = 0.1;
const LOST_REQUEST_SHARE = 0.05;
const LOST_ANSWER_SHARE = 0.05;
const RECORD = { timestampMs: 0, key: null, value: Buffer.from('{}'), headers: undefined };
