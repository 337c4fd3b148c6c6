import Table from 'cli-table3';
import { FINDING_KINDS, type Finding, type FindingKind } from '../../../engine/verify/finding.js';
import type { PartitionReport } from '../../../engine/verify/verify-partition.js';
import { sanitizeText } from '../sanitize.js';
import { type FiguresAnswer, renderFigures, toFiguresAnswer } from './render-figures.js';
import { type RepairAnswer, renderRepair } from './repair-answer.js';
import type { Inspection } from './verify-job.js';

/** The published shape of `verify --json`; offsets are strings, because they are 64 bits wide. */
export interface VerifyAnswer {
  readonly verdict: 'ok' | 'failed';
  readonly partitions: readonly PartitionAnswer[];
  readonly findings: readonly FindingAnswer[];
  /** Faults beyond what is listed, in all partitions. */
  readonly findingsLeftOut: number;
  /** The figures per minute, against a recount of the events; null when only one topic was asked for: they are of all topics. */
  readonly figures: readonly FiguresAnswer[] | null;
  /** How many of the queue's records were compared column by column; null: --contents was not given. */
  readonly contents: { readonly compared: number } | null;
  /** What --repair did or would do; the rest of the answer is from after it. null: not asked for, or nothing to mend. */
  readonly repair: RepairAnswer | null;
}

interface PartitionAnswer {
  readonly topic: string;
  readonly epoch: number;
  readonly partition: number;
  readonly verdict: 'ok' | 'failed';
  /** [start, end); null when the queue no longer has this life of the topic. */
  readonly queue: { readonly start: string; readonly end: string } | null;
  readonly position: string | null;
  readonly ledger: {
    readonly lines: number;
    readonly first: string | null;
    readonly end: string | null;
    readonly stored: number;
    readonly dead: number;
  };
  readonly rows: number;
  readonly deadLetters: number;
  readonly pending: string;
  readonly trimmed: string;
}

interface FindingAnswer {
  readonly kind: FindingKind;
  readonly topic: string;
  readonly epoch: number;
  readonly partition: number;
  readonly first: string;
  readonly last: string;
  readonly count: number;
  readonly shards: readonly number[];
  /** Where contents differ: in which columns. Empty where that is not what is wrong. */
  readonly columns: readonly string[];
  readonly message: string;
  readonly hint: string;
}

/** The verdict over all partitions and figures, as it is published. */
export function toAnswer({ reports, figures, compared }: Inspection): VerifyAnswer {
  const findings = reports.flatMap((report) => report.findings);
  const areFiguresRight = figures?.every(({ wrongHours }) => wrongHours === 0) ?? true;
  return {
    verdict: findings.length === 0 && areFiguresRight ? 'ok' : 'failed',
    partitions: reports.map((report) => toPartitionAnswer(report)),
    findings: findings.map((finding) => toFindingAnswer(finding)),
    findingsLeftOut: reports.reduce((total, report) => total + report.findingsLeftOut, 0),
    figures: figures?.map((report) => toFiguresAnswer(report)) ?? null,
    contents: compared === null ? null : { compared },
    repair: null,
  };
}

function toPartitionAnswer(report: PartitionReport): PartitionAnswer {
  const { topic, epoch, partition, queue, position, ledger, rows, deadLetters } = report;
  return {
    topic,
    epoch,
    partition,
    verdict: report.findings.length === 0 ? 'ok' : 'failed',
    queue: queue && { start: String(queue.start), end: String(queue.end) },
    position: textOrNull(position),
    ledger: {
      lines: ledger.lineCount,
      first: textOrNull(ledger.first),
      end: textOrNull(ledger.end),
      stored: ledger.stored,
      dead: ledger.dead,
    },
    rows,
    deadLetters,
    pending: String(report.pending),
    trimmed: String(report.trimmed),
  };
}

function toFindingAnswer(finding: Finding): FindingAnswer {
  const { kind, topic, epoch, partition, first, last, count, shards } = finding;
  const { says, hint } = FINDING_KINDS[kind];
  const columns = finding.columns ?? [];
  const which = columns.length === 0 ? '' : `: ${columns.join(', ')}`;
  const message = `${placeOf(finding)} (${countOf(count)}): ${says}${which}`;
  const range = { first: String(first), last: String(last) };
  return {
    ...{ kind, topic, epoch, partition, ...range, count, shards },
    ...{ columns, message, hint },
  };
}

function textOrNull(offset: bigint | null): string | null {
  return offset === null ? null : String(offset);
}

function placeOf({ topic, epoch, partition, first, last }: Finding): string {
  const range =
    first === last ? `offset ${String(first)}` : `offsets ${String(first)}–${String(last)}`;
  return `${topic}/${epoch}/${partition} ${range}`;
}

function countOf(count: number): string {
  return `${count} ${count === 1 ? 'record' : 'records'}`;
}

/** Findings shown in full on a terminal; the rest is in --json. */
const FINDINGS_SHOWN_MAX = 50;

/** The table of partitions, then each finding with its place, then what to try. */
export function renderAnswer(answer: VerifyAnswer): string {
  const parts = [renderTable(answer.partitions)];
  if (answer.findings.length > 0) parts.push(renderFindings(answer));
  if (answer.figures !== null) parts.push(renderFigures(answer.figures));
  if (answer.contents !== null)
    parts.push(
      `Contents: ${answer.contents.compared} records of the queue compared, every column.`,
    );
  parts.push(renderNotes(answer.partitions));
  if (answer.repair !== null) parts.push(renderRepair(answer.repair));
  parts.push(renderVerdict(answer));
  return parts.filter((part) => part !== '').join('\n\n');
}

const HEAD = ['partition', 'queue', 'ledger', 'stored', 'rows', 'dead', 'pending', ''];

/** No lines: a calm table that also pastes well. */
const NO_BORDER = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'],
    ...['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, name === 'middle' ? '  ' : '']),
);

function renderTable(partitions: readonly PartitionAnswer[]): string {
  const table = new Table({
    head: HEAD,
    chars: NO_BORDER,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const partition of partitions) table.push(rowOf(partition));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function rowOf({ queue, ledger, ...rest }: PartitionAnswer): string[] {
  const range = (start: string | null, end: string | null): string =>
    start === null || end === null ? '–' : `[${start}, ${end})`;
  const dead = rest.deadLetters === ledger.dead ? '' : ` of ${ledger.dead}`;
  return [
    `${sanitizeText(rest.topic)}/${rest.epoch}/${rest.partition}`,
    queue ? range(queue.start, queue.end) : 'gone',
    range(ledger.first, ledger.end),
    String(ledger.stored),
    String(rest.rows),
    `${rest.deadLetters}${dead}`,
    rest.pending,
    rest.verdict === 'ok' ? 'ok' : 'FAILED',
  ];
}

function renderFindings({ findings, findingsLeftOut }: VerifyAnswer): string {
  const lines = findings.slice(0, FINDINGS_SHOWN_MAX).map(({ kind, message, shards }) => {
    const where = shards.length === 0 ? '' : ` (shard ${shards.join(', ')})`;
    return `  ${kind}: ${sanitizeText(message)}${where}`;
  });
  const rest = findings.length - FINDINGS_SHOWN_MAX;
  if (rest > 0) lines.push(`  … and ${rest} more (see --json)`);
  if (findingsLeftOut > 0) lines.push(`  … and ${findingsLeftOut} that are not listed anywhere`);
  const kinds = [...new Set(findings.map(({ kind }) => kind))];
  const hints = kinds.map((kind) => `  ${kind}: ${FINDING_KINDS[kind].hint}`);
  return ['Findings (topic/epoch/partition):', ...lines, '', 'What to try:', ...hints].join('\n');
}

function renderNotes(partitions: readonly PartitionAnswer[]): string {
  const trimmed = partitions.filter((partition) => partition.trimmed !== '0');
  if (trimmed.length === 0) return '';
  const places = trimmed.map(({ topic, epoch, partition }) => `${topic}/${epoch}/${partition}`);
  return `The queue no longer has all that was stored, so there the ledger and the rows were compared with each other only: ${sanitizeText(places.join(', '))}.`;
}

function renderVerdict({ partitions, verdict }: VerifyAnswer): string {
  const sum = (value: (partition: PartitionAnswer) => number): number =>
    partitions.reduce((total, partition) => total + value(partition), 0);
  const counts = `${sum((p) => p.rows)} rows and ${sum((p) => p.deadLetters)} dead letters in ${partitions.length} partitions; ${sum((p) => Number(p.pending))} pending`;
  if (verdict === 'ok') return `Verified: nothing lost, nothing twice: ${counts}.`;
  return `Not as it should be: ${counts}.`;
}
