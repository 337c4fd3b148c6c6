import type { RowDifference } from '../../model/repair.js';
import type { Finding, FindingKind } from '../finding.js';
import { takeCut, type VerifyOptions } from '../verify.js';
import type { PartitionAtCut, PartitionReport, VerifySources } from '../verify-partition.js';
import { CUT_LIMITS, readCuts, type RepairSources } from './read-cuts.js';

/** What the queue still has, as events, beside what is stored of it. */
interface ContentsReport {
  readonly findings: readonly Finding[];
  /** Altered records beyond FINDINGS_MAX. */
  readonly findingsLeftOut: number;
  /** Records whose columns were compared. */
  readonly compared: number;
}

interface ContentsOptions extends VerifyOptions {
  readonly onRecords?: (compared: number) => void;
}

/** Findings listed: a table that was altered as a whole must not flood memory or the reader. */
const FINDINGS_MAX = 1000;

/**
 * Reads the queue's records again, up to the group's commit, makes events of them as the ingest worker does, and compares every
 * column with what is stored. What is missing or doubled is the business of `verify`; here it is passed over.
 */
export async function verifyContents(
  options: ContentsOptions,
  sources: RepairSources & VerifySources,
): Promise<ContentsReport> {
  const findings: Finding[] = [];
  let findingsLeftOut = 0;
  let compared = 0;
  for (const at of await takeCut(options, sources)) {
    const range = rangeOf(at);
    if (range === null) continue;
    const shard = await sources.repair.shardOf(at.key, sources.signal);
    if (shard === undefined) continue;
    for await (const chunk of readCuts({ ...at.key, ...range, shard }, CUT_LIMITS, sources)) {
      const staged = await sources.repair.stage(chunk, sources.signal);
      const differences = await staged.differences('contents', sources.signal);
      const found = joined(at.key, differences, shard);
      const room = FINDINGS_MAX - findings.length;
      findings.push(...found.slice(0, room));
      findingsLeftOut += Math.max(0, found.length - room);
      compared += chunk.runs.reduce((sum, run) => sum + run.recordCount, 0);
      options.onRecords?.(compared);
    }
  }
  return { findings, findingsLeftOut, compared };
}

/** The reports with what the contents add to them. */
export function withContents(
  reports: readonly PartitionReport[],
  contents: ContentsReport,
): PartitionReport[] {
  return reports.map((report, index) => {
    const own = contents.findings.filter(
      ({ topic, epoch, partition }) =>
        topic === report.topic && epoch === report.epoch && partition === report.partition,
    );
    // They are of all partitions; the first one carries the number.
    const leftOut = index === 0 ? contents.findingsLeftOut : 0;
    return {
      ...report,
      findings: [...report.findings, ...own],
      findingsLeftOut: report.findingsLeftOut + leftOut,
    };
  });
}

function rangeOf({
  range,
  position,
  from,
  until,
}: PartitionAtCut): { readonly first: bigint; readonly last: bigint } | null {
  if (range === null || position === null) return null;
  const first = from !== null && from > range.start ? from : range.start;
  const end = until !== null && until < position ? until : position;
  return first < end ? { first, last: end - 1n } : null;
}

/** Neighbours with the same columns are one finding. */
function joined(
  { topic, epoch, partition }: PartitionAtCut['key'],
  differences: readonly RowDifference[],
  shard: number,
): Finding[] {
  const findings: Finding[] = [];
  for (const { table, offset, isMisplaced, columns } of differences) {
    if (isMisplaced) continue;
    const kind: FindingKind = table === 'events' ? 'row_altered' : 'dead_letter_altered';
    const before = findings.at(-1);
    const isNext = before?.kind === kind && before.last + 1n === offset;
    if (isNext && before.columns?.join() === columns.join())
      findings[findings.length - 1] = { ...before, last: offset, count: before.count + 1 };
    else {
      const place = { topic, epoch, partition, first: offset, last: offset };
      findings.push({ ...place, kind, count: 1, shards: [shard], columns });
    }
  }
  return findings;
}
