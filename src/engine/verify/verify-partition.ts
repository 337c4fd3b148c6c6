import type { PartitionRange, Queue } from '../model/queue.js';
import {
  RUN_SPAN_MAX,
  type LedgerLine,
  type PartitionKey,
  type StoredRun,
  type Tally,
  type VerifyStore,
} from '../model/verify.js';
import { RangeComparison } from './compare-range.js';
import { byPlace, type Finding } from './finding.js';
import { isDense, isProven, SegmentCutter, type Segment } from './segment.js';

/** What `verify` reads: the queue, and the store with all its shards. */
export interface VerifySources {
  readonly queue: Pick<
    Queue,
    'listTopics' | 'describeTopic' | 'groupPositions' | 'groupProgress' | 'offsetsAtTime' | 'read'
  >;
  readonly store: VerifyStore;
  readonly signal: AbortSignal;
}

/** One life of one partition, as the queue showed it at the start. */
export interface PartitionAtCut {
  readonly key: PartitionKey;
  /** null when the queue no longer has this life of the topic (an earlier epoch, a deleted topic). */
  readonly range: PartitionRange | null;
  /** The group's committed position; null without one, or for an earlier epoch. */
  readonly position: bigint | null;
  /** Records that the group has not committed, as the queue counts them; null where it has none of this life. */
  readonly waiting: bigint | null;
  /** Only chunks that reach into [from, until) are looked at; null: from the beginning, to the end. */
  readonly from: bigint | null;
  readonly until: bigint | null;
}

/** The verdict on one life of one partition, and the numbers it rests on. */
export interface PartitionReport extends PartitionKey {
  /** The queue's offsets, [start, end); null when the queue no longer has this life of the topic. */
  readonly queue: { readonly start: bigint; readonly end: bigint } | null;
  readonly position: bigint | null;
  readonly ledger: LedgerTotal;
  readonly rows: number;
  readonly deadLetters: number;
  /** Records from the position to the queue's end: lag, not loss. */
  readonly pending: bigint;
  /** Records of the ledger that the queue has trimmed: compared with the ledger alone. */
  readonly trimmed: bigint;
  readonly findings: readonly Finding[];
  /** Faults beyond FINDINGS_MAX, counted but not listed. */
  readonly findingsLeftOut: number;
}

export interface LedgerTotal {
  readonly lineCount: number;
  readonly first: bigint | null;
  /** Exclusive. */
  readonly end: bigint | null;
  readonly stored: number;
  readonly dead: number;
}

/** Findings listed per partition: a wholly broken one must not flood memory or the reader. */
const FINDINGS_MAX = 1000;

/** Segments recounted by one query: one scan counts them all, and the bounds stay a short request. */
const SEGMENTS_PER_RECOUNT = 1000;

/** Past every offset (Int64's largest value): the end of an open range. */
const OFFSET_MAX = 2n ** 63n - 1n;

/** Compares one partition up to the cut and names every fault. */
export async function verifyPartition(
  at: PartitionAtCut,
  sources: VerifySources,
): Promise<PartitionReport> {
  return new PartitionVerifier(at, sources).run();
}

class PartitionVerifier {
  readonly #at: PartitionAtCut;
  readonly #sources: VerifySources;
  readonly #queued: Segment[] = [];
  readonly #findings: Finding[] = [];
  #findingsLeftOut = 0;
  #rows = 0;
  #deadLetters = 0;
  #trimmed = 0n;
  #ledger = { lineCount: 0, first: null as bigint | null, end: 0n, stored: 0, dead: 0 };

  constructor(at: PartitionAtCut, sources: VerifySources) {
    this.#at = at;
    this.#sources = sources;
  }

  async run(): Promise<PartitionReport> {
    const { key, range, position } = this.#at;
    await this.#walkLedger();
    await this.#recountQueued();
    if (this.#at.until === null) await this.#findRowsBeyond();
    const { first, end, lineCount, stored, dead } = this.#ledger;
    return {
      ...key,
      queue: range && { start: range.start, end: range.end },
      position,
      ledger: { lineCount, first, end: first === null ? null : end, stored, dead },
      rows: this.#rows,
      deadLetters: this.#deadLetters,
      pending: this.#pending(),
      trimmed: this.#trimmed,
      findings: this.#findings.sort(byPlace),
      findingsLeftOut: this.#findingsLeftOut,
    };
  }

  /** Offsets are counted where every one is a record; where they have holes, the queue's own count is less. */
  #pending(): bigint {
    const { range, position, waiting } = this.#at;
    if (!range) return 0n;
    const from = maxOf(position ?? this.#ledger.end, range.start);
    const offsets = maxOf(0n, range.end - from);
    return waiting === null ? offsets : minOf(offsets, waiting);
  }

  /** Reads the ledger up to the cut; what a worker inserted but has not yet committed lies beyond it. */
  async #walkLedger(): Promise<void> {
    const { key, from } = this.#at;
    const { store, signal } = this.#sources;
    const end = this.#end();
    let cutter: SegmentCutter | undefined;
    for await (const page of store.readLedger(key, signal)) {
      for (const line of page) {
        if (line.first >= end || (from !== null && line.last < from)) continue;
        cutter ??= new SegmentCutter(this.#coverageStart(line));
        this.#count(line);
        for (const segment of cutter.add(line)) await this.#take(segment);
      }
    }
    cutter ??= new SegmentCutter(this.#coverageStart(undefined));
    const until = this.#at.position === null ? this.#ledger.end : maxOf(end, this.#ledger.end);
    for (const segment of cutter.close(until)) await this.#take(segment);
  }

  /** What lies at or after it is not looked at: it is not committed, or not asked for. */
  #end(): bigint {
    return minOf(this.#at.position ?? OFFSET_MAX, this.#at.until ?? OFFSET_MAX);
  }

  /** Where the ledger should begin: at the queue's first offset, or earlier when the queue was trimmed since; not before what was asked for. */
  #coverageStart(firstLine: LedgerLine | undefined): bigint {
    const { from, range } = this.#at;
    if (from !== null) return firstLine === undefined ? from : minOf(from, firstLine.first);
    const queueStart = range?.start;
    if (firstLine === undefined) return queueStart ?? 0n;
    return queueStart === undefined ? firstLine.first : minOf(queueStart, firstLine.first);
  }

  #count(line: LedgerLine): void {
    const ledger = this.#ledger;
    ledger.lineCount += line.copies;
    ledger.first ??= line.first;
    ledger.end = maxOf(ledger.end, line.last + 1n);
    ledger.stored += line.stored * line.copies;
    ledger.dead += line.dead * line.copies;
    const knownFrom = this.#queueKnownFrom();
    const offsetsBefore = maxOf(0n, minOf(line.last + 1n, knownFrom) - line.first);
    this.#trimmed += minOf(offsetsBefore, BigInt(line.stored + line.dead));
  }

  async #take(segment: Segment): Promise<void> {
    this.#queued.push(segment);
    if (this.#queued.length >= SEGMENTS_PER_RECOUNT) await this.#recountQueued();
  }

  /** Recounts the waiting segments with one query and descends where that proves nothing. */
  async #recountQueued(): Promise<void> {
    const segments = this.#queued.splice(0);
    const last = segments.at(-1);
    if (!last) return;
    const tallies = await this.#recount(segments, last.last + 1n);
    for (const segment of segments) {
      const tally = tallies.get(segment.first);
      this.#rows += tally?.rows ?? 0;
      this.#deadLetters += tally?.deadLetters ?? 0;
      if (segment.lines.length === 0) await this.#examine(segment, tally);
      else if (!isProven(segment, tally)) await this.#descend(segment, tally);
    }
  }

  #recount(
    parts: readonly { readonly first: bigint }[],
    until: bigint,
  ): Promise<ReadonlyMap<bigint, Tally>> {
    const { store, signal } = this.#sources;
    const bounds = parts.map((part) => part.first);
    return store.recount(this.#at.key, { bounds, until }, signal);
  }

  /** Looks at each line by itself, so that only chunks with a fault are read offset by offset. */
  async #descend(segment: Segment, tally: Tally | undefined): Promise<void> {
    if (segment.isTangled || segment.lines.length === 1) {
      await this.#examine(segment, tally);
      return;
    }
    const tallies = await this.#recount(segment.lines, segment.last + 1n);
    for (const line of segment.lines) {
      const part = { first: line.first, last: line.last, lines: [line], isTangled: false };
      const lineTally = tallies.get(line.first);
      if (!isProven(part, lineTally)) await this.#examine(part, lineTally);
    }
  }

  /** Reads a range offset by offset, from the store and again from the queue, and names its faults. */
  async #examine(segment: Segment, tally: Tally | undefined): Promise<void> {
    const { key } = this.#at;
    const queueKnownFrom = this.#queueKnownFrom();
    if (segment.lines.length === 0 && !tally && segment.last < queueKnownFrom) {
      const { first, last } = segment;
      const count = Number(last - first + 1n);
      this.#report([{ ...key, kind: 'hole_unproven', first, last, count, shards: [] }]);
      return;
    }
    const { lines, isTangled } = segment;
    const comparison = new RangeComparison({ key, lines, tally, isTangled });
    for await (const piece of this.#piecesOf(segment, tally)) {
      const runs = tally ? await this.#readRuns(piece) : [];
      comparison.add({ ...piece, runs, queueKnownFrom });
    }
    this.#report(comparison.close());
  }

  /**
   * Pieces whose stored offsets fit one answer and whose queued ones fit memory. Offsets with holes everywhere span far more than
   * they are, so that a wide segment is cut by what is there and not by its width.
   */
  async *#piecesOf(segment: Segment, tally: Tally | undefined): AsyncGenerator<QueuedRange> {
    const isWide = segment.last - segment.first >= RUN_SPAN_MAX && !segment.lines.some(isDense);
    const parts = isWide ? this.#halvesOf(segment, tally) : stepsOf(segment);
    for await (const part of parts) {
      let { first } = part;
      for await (const { last, queueOffsets } of this.#queueOffsets(part)) {
        yield { first, last, queueOffsets };
        first = last + 1n;
      }
    }
  }

  /** The range, or its halves, and so on, until what is stored of each fits one answer. */
  async *#halvesOf(
    { first, last }: OffsetRange,
    tally: Tally | undefined,
  ): AsyncGenerator<OffsetRange> {
    if (BigInt(tally?.distinct ?? 0) <= RUN_SPAN_MAX) {
      yield { first, last };
      return;
    }
    const middle = (first + last + 1n) / 2n;
    const tallies = await this.#recount([{ first }, { first: middle }], last + 1n);
    yield* this.#halvesOf({ first, last: middle - 1n }, tallies.get(first));
    yield* this.#halvesOf({ first: middle, last }, tallies.get(middle));
  }

  #readRuns(piece: OffsetRange): Promise<readonly StoredRun[]> {
    return this.#sources.store.readRuns(this.#at.key, piece, this.#sources.signal);
  }

  #queueKnownFrom(): bigint {
    return this.#at.range?.start ?? OFFSET_MAX;
  }

  /** The offsets of a range that have a record in the queue, so many at a time; the last part ends where the range does. */
  async *#queueOffsets({ first, last }: OffsetRange): AsyncGenerator<Omit<QueuedRange, 'first'>> {
    const { key, range } = this.#at;
    let queueOffsets = new Set<bigint>();
    const from = maxOf(first, range?.start ?? 0n);
    const until = minOf(last + 1n, range?.end ?? 0n);
    if (from >= until) {
      yield { last, queueOffsets };
      return;
    }
    const batches = this.#sources.queue.read({
      topic: key.topic,
      fromOffsets: new Map([[key.partition, from]]),
      untilOffsets: new Map([[key.partition, until]]),
      signal: this.#sources.signal,
    });
    for await (const { records } of batches) {
      for (const { offset } of records) queueOffsets.add(offset);
      const end = records.at(-1)?.offset;
      if (queueOffsets.size < RUN_SPAN_MAX || end === undefined || end >= last) continue;
      yield { last: end, queueOffsets };
      queueOffsets = new Set();
    }
    this.#sources.signal.throwIfAborted();
    yield { last, queueOffsets };
  }

  /** Rows past everything that the queue and the ledger know can only have been put there by hand. */
  async #findRowsBeyond(): Promise<void> {
    const { key, range, position } = this.#at;
    const { queue, store, signal } = this.#sources;
    // Asked again: events that arrived since the cut may be stored already.
    const now = range && (await queue.describeTopic(key.topic));
    const queueEnd = now?.partitions.find((p) => p.partition === key.partition)?.end ?? 0n;
    const edge = maxOf(maxOf(queueEnd, position ?? 0n), this.#ledger.end);
    const tallies = await store.recount(key, { bounds: [edge], until: OFFSET_MAX }, signal);
    const tally = tallies.get(edge);
    if (!tally) return;
    const { first, last, distinct: count } = tally;
    this.#report([{ ...key, kind: 'ledger_line_missing', first, last, count, shards: [] }]);
  }

  #report(findings: readonly Finding[]): void {
    const room = FINDINGS_MAX - this.#findings.length;
    this.#findings.push(...findings.slice(0, room));
    this.#findingsLeftOut += Math.max(0, findings.length - room);
  }
}

interface OffsetRange {
  readonly first: bigint;
  readonly last: bigint;
}

interface QueuedRange extends OffsetRange {
  readonly queueOffsets: ReadonlySet<bigint>;
}

function* stepsOf({ first, last }: OffsetRange): Iterable<OffsetRange> {
  for (let from = first; from <= last; from += RUN_SPAN_MAX) {
    yield { first: from, last: minOf(last, from + RUN_SPAN_MAX - 1n) };
  }
}

function minOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
