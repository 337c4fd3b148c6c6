import { z } from 'zod';
import type { FindingKind } from '../../verify/finding.js';
import type { PartitionReport } from '../../verify/verify-partition.js';
import {
  countOrTruth,
  firstDetails,
  within,
  type Expectation,
  type ExpectationContext,
  type Verdict,
} from './expectation.js';

interface Wanted {
  readonly lost: number;
  readonly duplicated: number;
  readonly dead: number | 'truth';
}

/** Nothing is lost and nothing twice between the queue and the store, and what is dead was meant to be. */
export const ingest = z
  .strictObject({
    kind: z.literal('ingest'),
    lost: z.int().min(0).default(0),
    duplicated: z.int().min(0).default(0),
    dead: countOrTruth.default('truth'),
    within,
  })
  .describe('What `atbd verify` finds: records lost, stored twice, and dead letters.')
  .transform(({ within: withinMs, ...wanted }): Expectation => ({
    kind: 'ingest',
    title: `lost ${wanted.lost}, stored twice ${wanted.duplicated}, dead ${wordFor(wanted.dead)}`,
    withinMs,
    check: (context) => checkIngest(wanted, context),
  }));

function wordFor(dead: number | 'truth'): string {
  return dead === 'truth' ? 'as the truth says' : String(dead);
}

const TWICE: ReadonlySet<FindingKind> = new Set([
  'row_doubled',
  'dead_letter_doubled',
  'row_and_dead_letter',
]);

const LOST: ReadonlySet<FindingKind> = new Set([
  'hole',
  'hole_unproven',
  'row_missing',
  'record_missing',
  'dead_letter_missing',
]);

async function checkIngest(wanted: Wanted, context: ExpectationContext): Promise<Verdict> {
  const reports = await context.verify();
  const seen = tally(reports, context.sentCount);
  const { sent } = context.truth;
  const truthDead = [...sent.dead.values()].reduce((sum, count) => sum + count, 0);
  const dead = wanted.dead === 'truth' ? truthDead : wanted.dead;
  const wrongReasons = wanted.dead === 'truth' ? await compareReasons(context) : [];
  const isMet =
    seen.lost === wanted.lost &&
    seen.duplicated === wanted.duplicated &&
    seen.dead === dead &&
    seen.other === 0 &&
    seen.pending === 0 &&
    wrongReasons.length === 0 &&
    context.sentCount === sent.total;
  return {
    isMet,
    expected: `${sent.total} sent, lost ${wanted.lost}, twice ${wanted.duplicated}, dead ${dead}`,
    seen: describe(seen, context.sentCount),
    command: 'atbd verify',
    details: firstDetails([
      ...reports.flatMap((report) => describeFindings(report)),
      ...wrongReasons,
    ]),
  };
}

/** Dead letters are dead for the reason that the truth expects. */
async function compareReasons({ store, truth, signal }: ExpectationContext): Promise<string[]> {
  const stored = await store.countDeadLetters(signal);
  const wanted = truth.sent.dead;
  const reasons = [...new Set([...wanted.keys(), ...stored.keys()])].toSorted();
  return reasons.flatMap((reason) => {
    const [expected, seen] = [wanted.get(reason) ?? 0, stored.get(reason) ?? 0];
    return expected === seen ? [] : [`dead ${reason}: expected ${expected}, stored ${seen}`];
  });
}

interface Seen {
  readonly lost: number;
  readonly duplicated: number;
  readonly dead: number;
  readonly pending: number;
  /** Places where ledger and rows contradict each other. */
  readonly other: number;
}

function tally(reports: readonly PartitionReport[], sentCount: number): Seen {
  const findings = reports.flatMap((report) => report.findings);
  const countIn = (kinds: ReadonlySet<FindingKind>): number =>
    findings.reduce((sum, { kind, count }) => (kinds.has(kind) ? sum + count : sum), 0);
  const sum = (of: (report: PartitionReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  const stored = sum(({ rows, deadLetters }) => rows + deadLetters);
  const pending = sum((report) => Number(report.pending));
  const duplicated = countIn(TWICE);
  // What neither side knows of is lost too: the queue itself may have let go of it.
  const missing = Math.max(0, sentCount - stored - pending + duplicated);
  return {
    lost: Math.max(countIn(LOST), missing),
    duplicated,
    dead: sum(({ deadLetters }) => deadLetters),
    pending,
    other: findings.filter(({ kind }) => !LOST.has(kind) && !TWICE.has(kind)).length,
  };
}

function describe({ lost, duplicated, dead, pending, other }: Seen, sentCount: number): string {
  const parts = [`${sentCount} sent`, `lost ${lost}`, `twice ${duplicated}`, `dead ${dead}`];
  if (pending > 0) parts.push(`${pending} not yet stored`);
  if (other > 0) parts.push(`${other} contradictions in the ledger`);
  return parts.join(', ');
}

function describeFindings({ findings, topic, epoch, partition }: PartitionReport): string[] {
  return findings.map(({ kind, first, last, count }) => {
    const place = `${topic}/${epoch}/${partition}`;
    return `${kind}: ${place} offsets ${String(first)}–${String(last)} (${count})`;
  });
}
