import {
  type LedgerLine,
  type PartitionKey,
  RUN_SPAN_MAX,
  type StoredRun,
  type Tally,
} from '../model/verify.js';
import { FindingRuns, type Finding, type FindingKind } from './finding.js';
import { isDense } from './segment.js';

/** What one side knows about the offsets `first` to `last` (inclusive). */
export interface RangeEvidence {
  readonly first: bigint;
  readonly last: bigint;
  /** Ascending; what is not in a run is not stored. */
  readonly runs: readonly StoredRun[];
  /** Offsets before this one are no longer in the queue, so nothing is known of them. */
  readonly queueKnownFrom: bigint;
  /** The offsets at or after `queueKnownFrom` that have a record; ascending. */
  readonly queueOffsets: ReadonlySet<bigint>;
}

/** The lines that lie in the range, and what a recount of exactly these found. */
export interface RangeExpectation {
  readonly key: PartitionKey;
  readonly lines: readonly LedgerLine[];
  readonly tally: Tally | undefined;
  readonly isTangled: boolean;
}

/** What an absent record of a covered offset is, and the mark that says so. */
type MissingKind = Extract<FindingKind, 'row_missing' | 'dead_letter_missing' | 'record_missing'>;

/** Offset by offset: what the queue, the ledger and the rows say of it, and the faults in that. */
export class RangeComparison {
  readonly #expectation: RangeExpectation;
  readonly #findings: FindingRuns;
  readonly #missingKind: MissingKind;
  #missingCount = 0;
  #faultCount = 0;

  constructor(expectation: RangeExpectation) {
    this.#expectation = expectation;
    this.#findings = new FindingRuns(expectation.key);
    this.#missingKind = missingKind(expectation);
  }

  /** Pieces come in ascending order. */
  add(evidence: RangeEvidence): void {
    const queued = new AscendingOffsets(evidence.queueOffsets);
    let from = evidence.first;
    for (const run of evidence.runs) {
      this.#judgeAbsent({ first: from, last: run.first - 1n }, queued, evidence);
      for (let offset = run.first; offset <= run.last; offset += 1n)
        this.#judge(offset, run, evidence);
      from = run.last + 1n;
    }
    this.#judgeAbsent({ first: from, last: evidence.last }, queued, evidence);
  }

  /**
   * Nothing is stored of these. Fast path: where offsets have holes everywhere (they are times), only those of the queue's records
   * are looked at, and what nobody knows any more is one stretch.
   */
  #judgeAbsent(
    { first, last }: { readonly first: bigint; readonly last: bigint },
    queued: AscendingOffsets,
    evidence: RangeEvidence,
  ): void {
    const { lines } = this.#expectation;
    if (last - first < RUN_SPAN_MAX || lines.some(isDense)) {
      for (let offset = first; offset <= last; offset += 1n)
        this.#judge(offset, undefined, evidence);
      return;
    }
    const { queueKnownFrom } = evidence;
    const unknownEnd = queueKnownFrom <= last ? queueKnownFrom - 1n : last;
    if (lines.length === 0 && first <= unknownEnd) {
      this.#faultCount += 1;
      this.#findings.mark({ first, last: unknownEnd }, new Set(['hole_unproven']), []);
    }
    for (const offset of queued.within(first, last)) this.#judge(offset, undefined, evidence);
  }

  #judge(offset: bigint, run: StoredRun | undefined, evidence: RangeEvidence): void {
    const lines = this.#expectation.lines.filter((l) => l.first <= offset && offset <= l.last);
    const kinds = run ? storedFaults(run, lines) : new Set<FindingKind>();
    if (!run) {
      const absence = this.#absence(offset, lines, evidence);
      if (absence === 'natural') return;
      kinds.add(absence);
      if (kinds.has(this.#missingKind)) this.#missingCount += 1;
    }
    this.#faultCount += kinds.size;
    this.#findings.mark({ first: offset, last: offset }, kinds, run?.shards ?? []);
  }

  /** Why nothing is stored of an offset: by nature (the queue has no record there), or a fault. */
  #absence(
    offset: bigint,
    lines: readonly LedgerLine[],
    { queueKnownFrom, queueOffsets }: RangeEvidence,
  ): 'natural' | FindingKind {
    if (lines.length === 0) {
      if (offset < queueKnownFrom) return 'hole_unproven';
      return queueOffsets.has(offset) ? 'hole' : 'natural';
    }
    // A dense line counts every offset as a record, even one that the queue has compacted since.
    if (lines.some(isDense) || queueOffsets.has(offset)) return this.#missingKind;
    return 'natural';
  }

  /** All findings, in order of place. Counts that no offset explains are a finding of the whole range. */
  close(): Finding[] {
    const findings = this.#findings.close();
    const { key, lines, tally, isTangled } = this.#expectation;
    const [line] = lines;
    if (isTangled) return [...findings, ...overlapsOf(key, lines)];
    if (!line) return findings;
    const unnamed = line.stored + line.dead - (tally?.distinct ?? 0) - this.#missingCount;
    const whole = { ...key, first: line.first, last: line.last, shards: [line.shard] };
    const more = moreFaults(line, tally).map((fault) => ({ ...whole, ...fault }));
    findings.push(...more);
    if (unnamed > 0) findings.push({ ...whole, kind: this.#missingKind, count: unnamed });
    else if (this.#faultCount === 0 && more.length === 0) {
      const surplus = Math.abs((tally?.rowsDistinct ?? 0) - line.stored);
      const kind = 'ledger_count_wrong';
      findings.push({ ...whole, kind, count: Math.max(surplus, Math.abs(unnamed)) });
    }
    return findings;
  }
}

/** Gives offsets once, in order; what is asked for ascends, too. */
class AscendingOffsets {
  readonly #offsets: readonly bigint[];
  #index = 0;

  constructor(offsets: ReadonlySet<bigint>) {
    this.#offsets = [...offsets];
  }

  *within(first: bigint, last: bigint): Iterable<bigint> {
    for (; this.#index < this.#offsets.length; this.#index += 1) {
      const offset = this.#offsets[this.#index];
      if (offset === undefined || offset > last) return;
      if (offset >= first) yield offset;
    }
  }
}

/** Where more than one line covers an offset; the shards are those of the lines. */
function overlapsOf(key: PartitionKey, lines: readonly LedgerLine[]): Finding[] {
  const overlaps: Finding[] = [];
  let before: LedgerLine | undefined;
  for (const line of lines) {
    const end = before && before.last < line.last ? before.last : line.last;
    const last = line.copies > 1 ? line.last : end;
    if (line.copies > 1 || (before && before.last >= line.first)) {
      const shards = [...new Set([line.shard, ...(before ? [before.shard] : [])])].sort();
      const count = Number(last - line.first + 1n);
      overlaps.push({ ...key, kind: 'ledger_overlap', first: line.first, last, count, shards });
    }
    if (!before || line.last > before.last) before = line;
  }
  return overlaps;
}

/** What is wrong with the events beyond the first of a record. Which record's they are is not looked for: the chunk is named. */
function moreFaults(
  line: LedgerLine,
  tally: Tally | undefined,
): { readonly kind: FindingKind; readonly count: number }[] {
  const { more = 0, moreDistinct = 0 } = tally ?? {};
  const faults = [
    { kind: 'inner_event_missing', count: line.more - moreDistinct },
    { kind: 'inner_event_doubled', count: more - moreDistinct },
    { kind: 'ledger_count_wrong', count: moreDistinct - line.more },
  ] as const;
  return faults.filter(({ count }) => count > 0);
}

function storedFaults(run: StoredRun, lines: readonly LedgerLine[]): Set<FindingKind> {
  const kinds = new Set<FindingKind>();
  if (run.rows > 1) kinds.add('row_doubled');
  if (run.deadLetters > 1) kinds.add('dead_letter_doubled');
  if (run.rows > 0 && run.deadLetters > 0) kinds.add('row_and_dead_letter');
  if (lines.length === 0) kinds.add('ledger_line_missing');
  return kinds;
}

/** Which of the two the line has too few of; both, or no telling: `record_missing`. */
function missingKind({ lines, tally, isTangled }: RangeExpectation): MissingKind {
  const [line] = lines;
  if (!line || isTangled) return 'record_missing';
  const isRowShort = (tally?.rowsDistinct ?? 0) < line.stored;
  const isDeadLetterShort = (tally?.deadLettersDistinct ?? 0) < line.dead;
  if (isRowShort === isDeadLetterShort) return 'record_missing';
  return isRowShort ? 'row_missing' : 'dead_letter_missing';
}
