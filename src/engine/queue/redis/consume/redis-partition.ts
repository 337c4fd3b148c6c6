import type { Clock } from '../../../model/clock.js';
import { AtbdError } from '../../../model/error.js';
import type { GroupPosition, OwnedPartition, PartitionRange } from '../../../model/queue.js';
import type { RecordRun } from '../../../model/record-run.js';
import { isPassing, type RedisLink, type Reply } from '../link/redis-link.js';
import {
  goneCount,
  STREAM_FACTS,
  type StreamFacts,
  toStreamFacts,
} from '../script/stream-facts.js';
import type { ArrivalWatch } from './arrival-watch.js';
import { ReadCount } from './read-count.js';
import { PageReader } from './stream-page.js';

/** While a read gathers more, it looks this often; a blocked XREAD would wake it for each entry. */
const GATHER_MS = 50;

/** Before another attempt while the server is away. */
const RETRY_MS = 250;

/** What the group's hash and the stream said when the partition was claimed. */
export interface ClaimedState {
  readonly committed: GroupPosition | null;
  /** Entries before the committed position, of all ever added; null when that is not known. */
  readonly readCount: number | null;
  readonly facts: StreamFacts;
}

export interface RedisPartitionOptions {
  readonly topic: string;
  readonly partition: number;
  readonly topicIdentity: string;
  readonly stream: string;
  readonly state: ClaimedState;
  readonly link: RedisLink;
  readonly watch: ArrivalWatch;
  readonly clock: Clock;
  readonly readBytesMax: number;
  readonly signal: AbortSignal;
  /** Under the fence of this claim. `readCount` null: not known. */
  readonly commit: (position: GroupPosition, readCount: number | null) => Promise<void>;
}

/** A stream while this member owns it; see the port. */
export class RedisPartition implements OwnedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly topicIdentity: string;
  readonly committed: GroupPosition | null;
  readonly range: PartitionRange;
  readonly signal: AbortSignal;
  readonly #options: RedisPartitionOptions;
  readonly #pages: PageReader;
  readonly #count: ReadCount;
  #cursor: bigint;
  #buffer: RecordRun[] = [];
  #bufferBytes = 0;
  #isPaused = false;

  constructor(options: RedisPartitionOptions) {
    const { committed, facts } = options.state;
    this.#options = options;
    this.topic = options.topic;
    this.partition = options.partition;
    this.topicIdentity = options.topicIdentity;
    this.signal = options.signal;
    this.committed = committed;
    const start = startFor(options.state);
    this.range = { partition: options.partition, start, end: facts.end };
    this.#cursor = committed?.position ?? start;
    this.#pages = new PageReader(options.link, options.stream);
    this.#count = new ReadCount(
      this.#cursor,
      committed === null ? goneCount(facts) : options.state.readCount,
    );
  }

  async read({
    bytesMin = 1,
    waitMs,
  }: {
    readonly bytesMin?: number;
    readonly waitMs: number;
  }): Promise<readonly RecordRun[] | undefined> {
    const { clock, readBytesMax } = this.#options;
    const wanted = Math.min(Math.max(1, bytesMin), readBytesMax);
    const deadlineMs = clock.nowMs() + waitMs;
    for (;;) {
      this.signal.throwIfAborted();
      const isReached = await this.#fill(wanted);
      const leftMs = deadlineMs - clock.nowMs();
      if (this.#bufferBytes >= wanted || leftMs <= 0) return this.#take();
      await (isReached ? this.#waitForMore(leftMs) : this.#sleep(Math.min(leftMs, RETRY_MS)));
    }
  }

  seek(offset: bigint): void {
    this.#buffer = [];
    this.#bufferBytes = 0;
    this.#cursor = offset;
  }

  async commit(position: GroupPosition): Promise<void> {
    const readCount = this.#count.at(position.position);
    await this.#options.commit(position, readCount);
    this.#count.moveTo(position.position, readCount);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** Reads on until enough is here or the end is reached; false when the server is away, which is waited for. */
  async #fill(wanted: number): Promise<boolean> {
    try {
      while (!this.#isPaused && this.#bufferBytes < wanted) {
        if (!(await this.#readPage())) break;
      }
      return true;
    } catch (error) {
      if (!isPassing(error)) throw error;
      return false;
    }
  }

  /** Whether more may lie behind it. */
  async #readPage(): Promise<boolean> {
    const from = this.#cursor;
    // Asked side by side; the server answers in this order, so what the facts say is not older than the page.
    const [page, facts] = await this.#options.link.tryAgain(() =>
      Promise.all([this.#pages.read(from), this.#facts()]),
    );
    // Somebody sought while the answer was on its way.
    if (this.#cursor !== from) return true;
    this.#checkInside(from, facts);
    if (page.run === undefined) return false;
    this.#count.add(page);
    this.#cursor = page.until;
    this.#buffer.push(page.run);
    this.#bufferBytes += page.run.byteCount;
    return page.isFull;
  }

  async #facts(): Promise<StreamFacts> {
    const { link, stream } = this.#options;
    const input = { keys: [stream], args: [] };
    const [reply] = (await link.scriptOnce(
      STREAM_FACTS,
      input,
      `look at ${stream}`,
    )) as readonly Reply[];
    return toStreamFacts(reply ?? []);
  }

  /** Refuses to go on beyond the end, and beyond entries that somebody removed before they were read. */
  #checkInside(cursor: bigint, facts: StreamFacts): void {
    if (cursor > facts.end) throw this.#outOfRange(cursor, 'the stream ends before it');
    if (facts.first <= cursor) return;
    const lostCount =
      goneCount(facts) - (this.#count.at(cursor) ?? goneCount(this.#options.state.facts));
    if (lostCount <= 0) return;
    throw this.#outOfRange(
      cursor,
      `${lostCount} entries were removed from the stream before they were read`,
    );
  }

  #outOfRange(cursor: bigint, why: string): AtbdError {
    return new AtbdError({
      code: 'OFFSET_OUT_OF_RANGE',
      message: `cannot read ${this.topic}/${this.partition} at offset ${cursor.toString()}: ${why}`,
      hint: 'Look for who trims the stream (XTRIM, or XADD with MAXLEN or MINID): only atbd may, and it removes what every group has finished. A worker goes on from where the stream begins after a restart, and `atbd verify` names the gap.',
    });
  }

  #take(): readonly RecordRun[] | undefined {
    const runs = this.#buffer;
    this.#buffer = [];
    this.#bufferBytes = 0;
    return runs.length === 0 ? undefined : runs;
  }

  async #waitForMore(leftMs: number): Promise<void> {
    const { stream, watch } = this.#options;
    const isIdle = this.#buffer.length === 0 && !this.#isPaused;
    if (isIdle) await watch.wait({ stream, offset: this.#cursor }, leftMs, this.signal);
    else await this.#sleep(Math.min(leftMs, GATHER_MS));
  }

  async #sleep(delayMs: number): Promise<void> {
    await this.#options.clock.sleep(delayMs, this.signal).catch(() => undefined);
  }
}

/**
 * Where the log begins for this group. Entries that are gone but had been read by then are no loss: it begins at its position then, and
 * not where the next entry is.
 */
function startFor({ committed, readCount, facts }: ClaimedState): bigint {
  const gone = goneCount(facts);
  if (gone === 0) return 0n;
  const isWholeRead = committed !== null && readCount !== null && gone <= readCount;
  if (isWholeRead && committed.position < facts.first) return committed.position;
  return facts.first;
}
