import { AtbdError } from '../../../model/error.js';
import type { GroupPosition, OwnedPartition, PartitionRange } from '../../../model/queue.js';
import { countBefore, type RecordRun } from '../../../model/record-run.js';
import { toQueueError } from '../kafka-error.js';
import type { FetchTarget } from './partition-fetcher.js';

export interface KafkaPartitionOptions {
  readonly topic: string;
  readonly partition: number;
  readonly topicIdentity: string;
  readonly committed: GroupPosition | null;
  readonly range: PartitionRange;
  readonly signal: AbortSignal;
  /** Nothing is fetched ahead while this much waits to be read. */
  readonly bufferBytesMax: number;
  /** Commits under the generation of this assignment; the broker refuses it once there is a newer one. */
  readonly commit: (position: GroupPosition) => Promise<void>;
  /** Told that there is room again. */
  readonly onRoom: () => void;
}

/** One assigned partition: the fetcher fills it, its owner reads it. */
export class KafkaPartition implements OwnedPartition, FetchTarget {
  readonly topic: string;
  readonly partition: number;
  readonly topicIdentity: string;
  readonly committed: GroupPosition | null;
  readonly range: PartitionRange;
  readonly signal: AbortSignal;
  readonly #options: KafkaPartitionOptions;
  #buffer: RecordRun[] = [];
  #bufferBytes = 0;
  /** What the last read gave: a short step back finds it here. */
  #lastRead: readonly RecordRun[] = [];
  /** Where the next fetch begins. */
  #fetchOffset: bigint;
  #failure: AtbdError | undefined;
  #isPaused = false;
  #onArrival: () => void = () => undefined;

  constructor(options: KafkaPartitionOptions) {
    this.topic = options.topic;
    this.partition = options.partition;
    this.topicIdentity = options.topicIdentity;
    this.committed = options.committed;
    this.range = options.range;
    this.signal = options.signal;
    this.#options = options;
    this.#fetchOffset = options.committed?.position ?? options.range.start;
  }

  async read({
    bytesMin = 1,
    waitMs,
  }: {
    readonly bytesMin?: number;
    readonly waitMs: number;
  }): Promise<readonly RecordRun[] | undefined> {
    this.#throwIfOver();
    if (!this.#hasEnough(bytesMin) && waitMs > 0) await this.#arrival(bytesMin, waitMs);
    this.#throwIfOver();
    if (this.#buffer.length === 0) return undefined;
    const runs = this.#buffer;
    this.#lastRead = runs;
    this.#setBuffer([]);
    this.#options.onRoom();
    return runs;
  }

  seek(offset: bigint): void {
    this.#failure = undefined;
    const known = [...this.#lastRead, ...this.#buffer];
    const oldest = known[0]?.offsetAt(0);
    this.#lastRead = [];
    if (oldest !== undefined && oldest <= offset && offset <= this.#fetchOffset) {
      this.#setBuffer(known.flatMap((run) => from(run, offset)));
    } else if (offset !== this.#fetchOffset) {
      this.#setBuffer([]);
      this.#fetchOffset = offset;
    }
    this.#options.onRoom();
  }

  async commit(position: GroupPosition): Promise<void> {
    try {
      await this.#options.commit(position);
    } catch (cause) {
      throw toQueueError(cause, `commit ${this.topic}/${this.partition}`);
    }
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#options.onRoom();
  }

  wantedOffset(): bigint | undefined {
    const isFull = this.#bufferBytes >= this.#options.bufferBytesMax;
    if (isFull || this.#isPaused || this.#failure !== undefined || this.signal.aborted)
      return undefined;
    return this.#fetchOffset;
  }

  accept(fetchedFrom: bigint, run: RecordRun | undefined, nextOffset: bigint): void {
    // Somebody sought while the answer was on its way.
    if (fetchedFrom !== this.#fetchOffset) return;
    this.#fetchOffset = nextOffset;
    if (run === undefined) return;
    this.#buffer.push(run);
    this.#bufferBytes += run.byteCount;
    this.#onArrival();
  }

  reject(cause: unknown): void {
    this.#failure = new AtbdError({
      code: 'OFFSET_OUT_OF_RANGE',
      message: `cannot read ${this.topic}/${this.partition} at offset ${this.#fetchOffset.toString()}: it is outside the log`,
      hint: 'Retention removed it, or the topic was made again; the worker goes on from where the log begins after a restart.',
      cause,
    });
    this.#onArrival();
  }

  #setBuffer(runs: RecordRun[]): void {
    this.#buffer = runs;
    this.#bufferBytes = runs.reduce((sum, { byteCount }) => sum + byteCount, 0);
  }

  #hasEnough(bytesMin: number): boolean {
    if (this.#failure !== undefined) return true;
    return (
      this.#buffer.length > 0 &&
      this.#bufferBytes >= Math.min(bytesMin, this.#options.bufferBytesMax)
    );
  }

  #throwIfOver(): void {
    this.signal.throwIfAborted();
    if (this.#failure !== undefined && this.#buffer.length === 0) throw this.#failure;
  }

  #arrival(bytesMin: number, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.signal.removeEventListener('abort', done);
        this.#onArrival = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      this.signal.addEventListener('abort', done, { once: true });
      this.#onArrival = () => {
        if (this.#hasEnough(bytesMin)) done();
      };
    });
  }
}

/** What of the run lies at or after `offset`: all, a part or nothing. */
function from(run: RecordRun, offset: bigint): RecordRun[] {
  const skipped = countBefore(run, offset);
  return skipped === run.recordCount ? [] : [run.slice(skipped, run.recordCount)];
}
