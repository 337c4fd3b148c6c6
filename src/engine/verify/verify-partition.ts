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
import { isProven, SegmentCutter, type Segment } from './segment.js';

/** What `verify` reads: the queue, and the store with all its shards. */
export interface VerifySources {
  readonly queue: Pick<Queue, 'listTopics' | 'describeTopic' | 'groupPositions' | 'read'>;
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
}

/** The verdict on one life of one partition, and the numbers it rests on. */
export interface PartitionReport extends PartitionKey {
  /** The queue's offsets, [start, end); null when the queue no longer has this life of the topic. */
  readonly queue: { readonly start: bigint; readonly end: bigint } | null;
  readonly position: bigint | null;
  readonly ledger: LedgerTotal;
  readonly rows: number;
  readonly deadLetters: number;
  /** Offsets from the position to the queue's end: lag, not loss. */
  readonly pending: bigint;
  /** Offsets of the ledger that the queue has trimmed: compared with the ledger alone. */
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
  #ledger = { lineCount: 0, first: null as bigint | null, end: 0n, stored: 0, dead: 0 };

  constructor(at: PartitionAtCut, sources: VerifySources) {
    this.#at = at;
    this.#sources = sources;
  }

  async run(): Promise<PartitionReport> {
    const { key, range, position } = this.#at;
    await this.#walkLedger();
    await this.#recountQueued();
    await this.#findRowsBeyond();
    const { first, end, lineCount, stored, dead } = this.#ledger;
    const pendingFrom = position ?? maxOf(range?.start ?? 0n, end);
    const trimmedEnd = range ? minOf(range.start, end) : end;
    return {
      ...key,
      queue: range && { start: range.start, end: range.end },
      position,
      ledger: { lineCount, first, end: first === null ? null : end, stored, dead },
      rows: this.#rows,
      deadLetters: this.#deadLetters,
      pending: range ? maxOf(0n, range.end - maxOf(pendingFrom, range.start)) : 0n,
      trimmed: first === null ? 0n : maxOf(0n, trimmedEnd - first),
      findings: this.#findings.sort(byPlace),
      findingsLeftOut: this.#findingsLeftOut,
    };
  }

  /** Reads the ledger up to the cut; what a worker inserted but has not yet committed lies beyond it. */
  async #walkLedger(): Promise<void> {
    const { key, position } = this.#at;
    const { store, signal } = this.#sources;
    let cutter: SegmentCutter | undefined;
    for await (const page of store.readLedger(key, signal)) {
      for (const line of page) {
        if (position !== null && line.first >= position) continue;
        cutter ??= new SegmentCutter(this.#coverageStart(line));
        this.#count(line);
        for (const segment of cutter.add(line)) await this.#take(segment);
      }
    }
    cutter ??= new SegmentCutter(this.#coverageStart(undefined));
    const until = position ?? this.#ledger.end;
    for (const segment of cutter.close(until)) await this.#take(segment);
  }

  /** Where the ledger should begin: at the queue's first offset, or earlier when the queue was trimmed since. */
  #coverageStart(firstLine: LedgerLine | undefined): bigint {
    const queueStart = this.#at.range?.start;
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
    for (const piece of piecesOf(segment)) {
      const queueOffsets = await this.#queueOffsets(piece);
      const runs = tally ? await this.#readRuns(piece) : [];
      comparison.add({ ...piece, runs, queueKnownFrom, queueOffsets });
    }
    this.#report(comparison.close());
  }

  #readRuns(piece: OffsetRange): Promise<readonly StoredRun[]> {
    return this.#sources.store.readRuns(this.#at.key, piece, this.#sources.signal);
  }

  #queueKnownFrom(): bigint {
    return this.#at.range?.start ?? OFFSET_MAX;
  }

  /** The offsets of a range that have a record in the queue. */
  async #queueOffsets({ first, last }: OffsetRange): Promise<Set<bigint>> {
    const { key, range } = this.#at;
    const offsets = new Set<bigint>();
    if (!range) return offsets;
    const from = maxOf(first, range.start);
    const until = minOf(last + 1n, range.end);
    if (from >= until) return offsets;
    const batches = this.#sources.queue.read({
      topic: key.topic,
      fromOffsets: new Map([[key.partition, from]]),
      untilOffsets: new Map([[key.partition, until]]),
      signal: this.#sources.signal,
    });
    for await (const { records } of batches) for (const { offset } of records) offsets.add(offset);
    this.#sources.signal.throwIfAborted();
    return offsets;
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

function* piecesOf({ first, last }: OffsetRange): Iterable<OffsetRange> {
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
