import { byteCountOf, type Chunk, type ChunkStore } from '../model/chunk.js';
import type { Clock } from '../model/clock.js';
import { AtbdError } from '../model/error.js';
import type { OwnedPartition } from '../model/queue.js';
import { resolveEpoch } from './epoch.js';
import type { InflightBudget } from './inflight-budget.js';
import { type Announcement, type ChunkRange, decodeIntent, encodeIntent } from '../model/intent.js';
import type { InsertPace } from './insert-pace.js';
import { type ChunkLimits, type ReadAhead, readChunk, readRange } from './read-chunk.js';
import { retryUntilDone } from './retry.js';

/** The steps of one chunk, in order. A crash between any two of them loses and doubles nothing. */
export type IngestStep = 'announced' | 'written' | 'committed';

/** What an operator should know; all counted, and the alarms shown by `status`. */
export interface IngestObserver {
  onStep(step: IngestStep, chunk: Chunk): void;
  onRetry(error: AtbdError, attempt: number): void;
  /** A chunk announced by an earlier owner was sent again. */
  onResent(chunk: Chunk): void;
  /** The ledger was ahead of the group's commit: records from `position` up to `ledgerEnd` are stored already. */
  onSkipped(at: PartitionPosition & { readonly ledgerEnd: bigint }): void;
  onAlarm(alarm: IngestAlarm): void;
  /** A partition begins, ends, or is seen to move; see `PartitionActivity`. */
  onActivity(at: PartitionName, activity: PartitionActivity): void;
}

export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

/**
 * What a partition is at: enough to say how far behind it is, and whether it still moves. `caughtUp`: nothing waited to be
 * read. An insert begins with its first attempt and ends with the shard's answer, or when the partition is released.
 */
export type PartitionActivity =
  | { readonly kind: 'assigned' | 'read' | 'caughtUp' | 'released' }
  | { readonly kind: 'inserting'; readonly chunk: Chunk }
  | { readonly kind: 'inserted'; readonly chunk: Chunk; readonly durationMs: number };

export interface PartitionPosition {
  readonly topic: string;
  readonly epoch: number;
  readonly partition: number;
  readonly position: bigint;
}

/** `ledger_behind`: committed but not in the ledger. `trimmed`: the queue dropped records before they were stored. */
export type IngestAlarm = PartitionPosition & {
  readonly kind: 'ledger_behind' | 'trimmed';
  readonly until: bigint;
};

export interface PartitionIngestOptions {
  readonly store: ChunkStore;
  readonly clock: Clock;
  readonly limits: ChunkLimits;
  readonly observer: IngestObserver;
  readonly partitionCount: number;
  /** The same for all partitions of a worker. */
  readonly pace: InsertPace;
  readonly budget: InflightBudget;
}

/** How long work in flight may go on after the partition was lost or the worker was told to stop. */
const DRAIN_MS = 5_000;

/**
 * Moves one partition into the store, exactly once, for as long as it is ours (design: intent,
 * insert, commit). Resolves when the partition is lost or the worker stops.
 */
export async function ingestPartition(
  partition: OwnedPartition,
  options: PartitionIngestOptions,
): Promise<void> {
  using drain = drainAfter(partition.signal, DRAIN_MS);
  const ingest = new PartitionIngest(partition, options, drain.signal);
  options.budget.join(partition);
  options.observer.onActivity(partition, { kind: 'assigned' });
  try {
    await ingest.recover();
    await ingest.run();
  } catch (error) {
    // Whoever owns the partition next finds the open intent and sends the same chunk again.
    if (partition.signal.aborted) return;
    if (error instanceof AtbdError) options.observer.onRetry(error, 1);
    throw error;
  } finally {
    options.budget.leave(partition);
    options.observer.onActivity(partition, { kind: 'released' });
  }
}

class PartitionIngest {
  readonly #partition: OwnedPartition;
  readonly #options: PartitionIngestOptions;
  /** Aborted a little after the partition's own signal, so that work in flight can finish. */
  readonly #drain: AbortSignal;
  #epoch = 0;
  #shard = 0;
  #position = 0n;

  constructor(partition: OwnedPartition, options: PartitionIngestOptions, drain: AbortSignal) {
    this.#partition = partition;
    this.#options = options;
    this.#drain = drain;
  }

  /** Finds epoch, shard and position; finishes what an earlier owner announced; compares with the ledger. */
  async recover(): Promise<void> {
    const { topic, partition, committed, range } = this.#partition;
    const { store, partitionCount } = this.#options;
    this.#epoch = await this.#retry(() => resolveEpoch(store, this.#partition));
    const shards = await this.#retry(() => store.assignShards(topic, partitionCount));
    const shard = shards.get(partition);
    if (shard === undefined) throw new Error(`BUG: no shard for ${topic}/${partition}`);
    this.#shard = shard;

    const announced: Announcement = decodeIntent(committed?.intent ?? null) ?? {
      epoch: this.#epoch,
      open: null,
    };
    const isOurEpoch = announced.epoch === this.#epoch;
    this.#position = committed !== null && isOurEpoch ? committed.position : range.start;
    if (announced.open !== null && isOurEpoch) await this.#resend(announced.open);
    await this.#compareWithLedger({ isCommitted: committed !== null && isOurEpoch });
    this.#partition.seek(this.#position);
  }

  async run(): Promise<void> {
    let ahead: ReadAhead | undefined;
    while (!this.#isStopping()) {
      ahead ??= await this.#read(this.#position);
      if (ahead === undefined) continue;
      ahead = await this.#store(ahead);
    }
  }

  /**
   * One chunk, or a run of chunks while there is a backlog: the next one is read while this one is
   * inserted, and its announcement goes with this one's commit. Returns what was read but not announced.
   */
  async #store(head: ReadAhead): Promise<ReadAhead | undefined> {
    let chunk = this.#toChunk(head, this.#shard);
    await this.#commit(chunk.first, chunk);
    for (;;) {
      this.#options.observer.onStep('announced', chunk);
      const [following] = await Promise.all([this.#readBehind(chunk), this.#write(chunk)]);
      this.#resume();
      this.#position = chunk.last + 1n;
      if (following === undefined || this.#isStopping()) {
        await this.#commit(this.#position, null);
        this.#options.observer.onStep('committed', chunk);
        return following;
      }
      const next = this.#toChunk(following, this.#shard);
      await this.#commit(this.#position, next);
      this.#options.observer.onStep('committed', chunk);
      chunk = next;
    }
  }

  /** What follows this chunk; a failure to read is not this chunk's failure, the next read shows it again. */
  async #readBehind(chunk: Chunk): Promise<ReadAhead | undefined> {
    if (this.#isStopping()) return undefined;
    try {
      const isRoom = this.#options.budget.hasRoom();
      const ahead = isRoom ? await this.#read(chunk.last + 1n) : undefined;
      if (!isRoom || ahead !== undefined) this.#pause();
      return ahead;
    } catch (error) {
      if (this.#isStopping()) return undefined;
      throw error;
    }
  }

  /** All that may be held is held: nothing more is fetched until the insert is done, however long its shard takes. */
  #pause(): void {
    this.#partition.pause();
    this.#options.budget.pause(this.#partition);
  }

  #resume(): void {
    this.#partition.resume();
    this.#options.budget.resume(this.#partition);
  }

  /** A call and not a property, because the answer changes between two awaits. */
  #isStopping(): boolean {
    return this.#partition.signal.aborted;
  }

  async #resend(open: ChunkRange): Promise<void> {
    const { topic, partition, range } = this.#partition;
    if (open.first < range.start) {
      this.#alarm('trimmed', open.first, range.start <= open.last ? range.start : open.last + 1n);
    }
    const runs = await readRange(this.#partition, open);
    const chunk: Chunk = { topic, partition, epoch: this.#epoch, ...open, runs };
    this.#options.observer.onResent(chunk);
    this.#options.budget.hold(this.#partition, byteCountOf(chunk));
    await this.#write(chunk);
    this.#position = open.last + 1n;
    await this.#commit(this.#position, null);
    this.#options.observer.onStep('committed', chunk);
  }

  async #compareWithLedger({ isCommitted }: { isCommitted: boolean }): Promise<void> {
    const { topic, partition, range } = this.#partition;
    const at = { topic, epoch: this.#epoch, partition };
    const ledgerEnd = await this.#retry(() => this.#options.store.ledgerEnd(at));
    if (ledgerEnd !== null && ledgerEnd > this.#position) {
      this.#options.observer.onSkipped({ ...at, position: this.#position, ledgerEnd });
      this.#position = ledgerEnd;
      await this.#commit(ledgerEnd, null);
    } else if (isCommitted && (ledgerEnd ?? 0n) < this.#position) {
      this.#alarm('ledger_behind', ledgerEnd ?? 0n, this.#position);
    }
    if (this.#position < range.start) {
      this.#alarm('trimmed', this.#position, range.start);
      this.#position = range.start;
    }
  }

  get #name(): string {
    return `${this.#partition.topic}/${this.#partition.partition}`;
  }

  async #read(position: bigint): Promise<ReadAhead | undefined> {
    const { budget, limits, observer, pace } = this.#options;
    const bytesMax = Math.min(limits.bytesMax, budget.chunkBytesMax);
    const ahead = await readChunk(
      this.#partition,
      position,
      { ...limits, bytesMax },
      pace.lingerMs(this.#name),
    );
    if (ahead !== undefined) budget.hold(this.#partition, byteCountOf(ahead));
    observer.onActivity(this.#partition, { kind: ahead === undefined ? 'caughtUp' : 'read' });
    return ahead;
  }

  async #write(chunk: Chunk): Promise<void> {
    const { budget, clock, observer, pace, store } = this.#options;
    const beganMs = clock.nowMs();
    observer.onActivity(chunk, { kind: 'inserting', chunk });
    await this.#retry(() => store.writeChunk(chunk, this.#drain));
    const durationMs = clock.nowMs() - beganMs;
    pace.add(this.#name, durationMs);
    budget.free(this.#partition, byteCountOf(chunk));
    observer.onActivity(chunk, { kind: 'inserted', chunk, durationMs });
    observer.onStep('written', chunk);
  }

  async #commit(position: bigint, open: ChunkRange | null): Promise<void> {
    const intent = encodeIntent({ epoch: this.#epoch, open });
    await this.#retry(() => this.#partition.commit({ position, intent }));
  }

  #toChunk(ahead: ReadAhead, shard: number): Chunk {
    const { topic, partition } = this.#partition;
    return { topic, partition, epoch: this.#epoch, shard, ...ahead };
  }

  #retry<T>(attempt: () => Promise<T>): Promise<T> {
    const { clock, observer } = this.#options;
    return retryUntilDone(attempt, {
      clock,
      signal: this.#drain,
      onFailure: (error, count) => {
        observer.onRetry(error, count);
      },
    });
  }

  #alarm(kind: IngestAlarm['kind'], position: bigint, until: bigint): void {
    const { topic, partition } = this.#partition;
    this.#options.observer.onAlarm({ kind, topic, epoch: this.#epoch, partition, position, until });
  }
}

/** A signal that follows `signal` after `delayMs`. */
function drainAfter(signal: AbortSignal, delayMs: number): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => {
      controller.abort(signal.reason);
    }, delayMs);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}
