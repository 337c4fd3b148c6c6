import type { LedgerLine, PartitionKey, VerifyStore } from '../../model/verify.js';
import type { Finding } from '../finding.js';
import type { PartitionReport } from '../verify-partition.js';

/** A stretch of offsets that is mended as one. */
export interface RepairRange extends PartitionKey {
  readonly first: bigint;
  readonly last: bigint;
  /** The ledger lines of exactly this range; none: the ledger has a gap here. */
  readonly lines: readonly LedgerLine[];
  /** Whether the queue has all of it; otherwise its rows alone are mended, its line stays as it is. */
  readonly isWhole: boolean;
}

/** Why a finding cannot be mended, with what to say about it; the texts are part of `verify`'s answer. */
export const REFUSALS = {
  trimmed:
    'the queue no longer has these offsets: what is missing is lost, what is too much cannot be told from what is right',
  topic_gone: 'the queue no longer has this life of the topic',
  not_committed: 'the ingest workers have not committed so far: what is here may be in the making',
  no_record: 'no record of the queue stands behind it: delete it by hand if nobody needs it',
  tangled: 'ledger lines of different ranges cover it: which of them is right cannot be told',
  no_shard: 'no shard was ever assigned to this partition',
} as const;

export type Refusal = keyof typeof REFUSALS;

/** A finding, or the part of it, that stays as it is. */
export interface Unmended {
  readonly finding: Finding;
  readonly refusal: Refusal;
}

export interface RepairPlan {
  /** Ascending by place. */
  readonly ranges: readonly RepairRange[];
  readonly unmended: readonly Unmended[];
}

/** What can be mended of these reports, and what cannot; nothing is touched. */
export async function planRepair(
  reports: readonly PartitionReport[],
  { store, signal }: { readonly store: VerifyStore; readonly signal: AbortSignal },
): Promise<RepairPlan> {
  const ranges: RepairRange[] = [];
  const unmended: Unmended[] = [];
  for (const report of reports) {
    const { mendable, refused } = sift(report);
    unmended.push(...refused);
    if (mendable.length === 0) continue;
    const cover = await coverOf(report, mendable, { store, signal });
    const tangled = tangledLines(cover.lines);
    for (const finding of mendable)
      if (tangled.some((line) => isMeeting(line, finding)))
        unmended.push({ finding, refusal: 'tangled' });
    ranges.push(...rangesOf(report, { ...cover, tangled }));
  }
  return { ranges, unmended };
}

interface Offsets {
  readonly first: bigint;
  readonly last: bigint;
}

interface Sifted {
  /** Cut to what the queue has; ascending by `first`. */
  readonly mendable: readonly Finding[];
  readonly refused: readonly Unmended[];
}

function sift(report: PartitionReport): Sifted {
  const mendable: Finding[] = [];
  const refused: Unmended[] = [];
  for (const finding of report.findings) {
    const refusal = refusalOf(finding, report);
    if (refusal !== null) {
      refused.push({ finding, refusal });
      continue;
    }
    const start = report.queue?.start ?? 0n;
    if (finding.first >= start) {
      mendable.push(finding);
      continue;
    }
    // How many of its records are on which side nobody knows.
    refused.push({ finding: { ...finding, last: start - 1n }, refusal: 'trimmed' });
    mendable.push({ ...finding, first: start });
  }
  return { mendable: mendable.sort((a, b) => (a.first < b.first ? -1 : 1)), refused };
}

function refusalOf(
  { kind, first, last }: Finding,
  { queue, position }: PartitionReport,
): Refusal | null {
  if (queue === null) return 'topic_gone';
  if (kind === 'hole_unproven' || last < queue.start) return 'trimmed';
  if (first >= queue.end) return 'no_record';
  // Strictly behind the commit no worker writes again: one that was thought dead sends the same range under its old token.
  return position === null || last >= position ? 'not_committed' : null;
}

interface Cover {
  /** Those that a finding meets; ascending. */
  readonly lines: readonly LedgerLine[];
  /** Where the ledger has nothing, from the first to the last offset that a finding names there. */
  readonly gaps: readonly Offsets[];
}

/** Reads the ledger once and keeps what findings are about. */
async function coverOf(
  { topic, epoch, partition }: PartitionReport,
  findings: readonly Finding[],
  { store, signal }: { readonly store: VerifyStore; readonly signal: AbortSignal },
): Promise<Cover> {
  const lines: LedgerLine[] = [];
  const gaps: Offsets[] = [];
  let end = 0n;
  let from = 0;
  for await (const page of store.readLedger({ topic, epoch, partition }, signal)) {
    for (const line of page) {
      if (line.first > end)
        gaps.push(...gapWithin({ first: end, last: line.first - 1n }, findings));
      if (line.last >= end) end = line.last + 1n;
      while ((findings[from]?.last ?? line.first) < line.first) from += 1;
      if (meetsAny(line, findings, from)) lines.push(line);
    }
  }
  const last = findings.reduce((most, each) => (each.last > most ? each.last : most), 0n);
  if (last >= end) gaps.push(...gapWithin({ first: end, last }, findings));
  return { lines, gaps };
}

/** Findings before `from` end before the line. */
function meetsAny(line: LedgerLine, findings: readonly Finding[], from: number): boolean {
  for (let index = from; index < findings.length; index += 1) {
    const finding = findings[index];
    if (finding === undefined || finding.first > line.last) return false;
    if (isMeeting(line, finding)) return true;
  }
  return false;
}

function gapWithin(gap: Offsets, findings: readonly Finding[]): Offsets[] {
  const within = findings.filter((finding) => isMeeting(gap, finding));
  const [head] = within;
  if (head === undefined) return [];
  const last = within.reduce((most, each) => (each.last > most ? each.last : most), head.last);
  return [
    {
      first: head.first > gap.first ? head.first : gap.first,
      last: last < gap.last ? last : gap.last,
    },
  ];
}

function isMeeting(a: Offsets, b: Offsets): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Lines that share offsets with a line of another range. */
function tangledLines(lines: readonly LedgerLine[]): readonly LedgerLine[] {
  const isSame = (a: Offsets, b: Offsets): boolean => a.first === b.first && a.last === b.last;
  return lines.filter((line) =>
    lines.some((other) => !isSame(line, other) && isMeeting(line, other)),
  );
}

function rangesOf(
  { topic, epoch, partition, queue }: PartitionReport,
  { lines, gaps, tangled }: Cover & { readonly tangled: readonly LedgerLine[] },
): RepairRange[] {
  const start = queue?.start ?? 0n;
  const key = { topic, epoch, partition };
  const byRange = new Map<string, LedgerLine[]>();
  for (const line of lines) {
    if (tangled.includes(line)) continue;
    const name = `${String(line.first)}-${String(line.last)}`;
    byRange.set(name, [...(byRange.get(name) ?? []), line]);
  }
  const ofLines = [...byRange.values()].flatMap((same) => {
    const [line] = same;
    if (line === undefined) return [];
    const isWhole = line.first >= start;
    return [{ ...key, first: isWhole ? line.first : start, last: line.last, lines: same, isWhole }];
  });
  const ofGaps = gaps.map((gap) => ({ ...key, ...gap, lines: [], isWhole: true }));
  return [...ofLines, ...ofGaps].sort((a, b) => (a.first < b.first ? -1 : 1));
}
