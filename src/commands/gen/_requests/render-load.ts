import { grouped } from '../../_cli/ingest/ingest-progress.js';
import { sanitizeText } from '../../_cli/sanitize.js';
import { textTable } from '../../_cli/text-table.js';
import {
  LANE_NAMES,
  MEASURED_KINDS,
  type Figures,
  type Judgement,
  type LoadReport,
} from './load-report.js';

/** What a request of each lane is. */
const LANE_TITLES = { events: 'events', selects: 'selects', probes: 'freshness probes' } as const;

const KIND_TITLES = {
  produce: 'produce (on disk in the queue)',
  trace: 'trace of a recent id',
  logs: 'newest errors',
  tail: 'newest of one service',
  figures: 'figures by service',
  freshness: 'freshness (produced to visible)',
} as const;

/** The tables at the end. Lines and kinds without a request are left out. */
export function renderLoad(report: LoadReport, columns: number | undefined): string {
  const parts = [
    textTable(alignRight(laneRows(report)), columns),
    textTable(alignRight(latencyRows(report)), columns),
    errorLines(report).join('\n'),
    report.asserts.map(describeJudgement).join('\n'),
  ];
  return parts
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function laneRows(figures: Figures): string[][] {
  const head = ['', 'wanted/s', 'reached/s', 'planned', 'done', 'failed', 'unfinished', 'late'];
  const rows = LANE_NAMES.filter((name) => figures[name].planned > 0).map((name) => {
    const { rateWanted, rate, planned, done, failed, unfinished, late, lateMax } = figures[name];
    const lateText = late === 0 ? '0' : `${grouped(late)} (by ${milliseconds(lateMax)} at most)`;
    return [
      LANE_TITLES[name],
      perSecond(rateWanted),
      perSecond(rate),
      ...[planned, done, failed, unfinished].map(grouped),
      lateText,
    ];
  });
  return [head, ...rows];
}

function latencyRows(figures: Figures): string[][] {
  const head = ['latency', 'p50', 'p90', 'p99', 'max', 'count', 'errors'];
  const rows = MEASURED_KINDS.filter((kind) => figures[kind].count > 0).map((kind) => {
    const { p50, p90, p99, max, count, errors } = figures[kind];
    const times = [p50, p90, p99, max].map((ms) => (ms === null ? '-' : milliseconds(ms)));
    return [KIND_TITLES[kind], ...times, grouped(count), grouped(errors)];
  });
  return [head, ...rows];
}

/** All columns but the first hold figures. */
function alignRight(rows: readonly (readonly string[])[]): string[][] {
  const widths = (rows[0] ?? []).map((_, index) =>
    Math.max(...rows.map((row) => row[index]?.length ?? 0)),
  );
  return rows.map((row) =>
    row.map((cell, index) => (index === 0 ? cell : cell.padStart(widths[index] ?? 0))),
  );
}

function errorLines(figures: Figures): string[] {
  return MEASURED_KINDS.flatMap((kind) =>
    Object.entries(figures[kind].errorsByCode).map(
      ([code, { count, first }]) =>
        `${kind} failed ${grouped(count)} times with ${code}; first: ${sanitizeText(first)}`,
    ),
  );
}

/** One assertion and the values it saw. */
export function describeJudgement({ text, isTrue, seen }: Judgement): string {
  const verdict = isTrue === null ? 'not judged' : isTrue ? 'true' : 'FALSE';
  const values = Object.entries(seen).map(
    ([name, value]) => `${name} = ${value ?? 'not measured'}`,
  );
  const shown = values.length === 0 ? '' : ` (seen: ${values.join(', ')})`;
  return `assert ${sanitizeText(text)}: ${verdict}${shown}`;
}

/** The longest is an hour or so; below 10 ms parts count. */
export function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${grouped(Math.round(ms))} ms`;
}

function perSecond(rate: number): string {
  return rate < 100 ? rate.toFixed(1) : grouped(Math.round(rate));
}
