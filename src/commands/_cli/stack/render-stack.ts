import type { ChalkInstance } from 'chalk';
import { letterAlarm } from '../letter-alarm.js';
import { sanitizeText } from '../sanitize.js';
import { sizeText } from '../size-text.js';
import { cutToWidth, textTable } from '../text-table.js';
import type { PartReport, StackReport } from './describe-stack.js';

const NONE = '-';

/** The stack for a person: one line that says how it is, a table, and what to look at. */
export function renderStack(
  report: StackReport,
  style: ChalkInstance,
  columns: number | undefined,
): string {
  const title = `${verdict(report, style)} ${style.dim('in')} ${report.home}`;
  const head = ['PART', 'STATE', 'PID', 'MEMORY', 'UPTIME', 'RESTARTS'];
  const supervisor = [
    'supervisor',
    style.green('ready'),
    String(report.supervisor.pid),
    memory(report.supervisor.memoryBytes),
    shortDuration(report.uptimeMs),
    '0',
  ];
  const rows = report.parts.map((part) => partRow(part, style));
  const table = textTable([head.map((text) => style.dim(text)), supervisor, ...rows], columns);
  const facts = [
    lagLine(report, style),
    ...[diskLine(report, style), ...metricsLines(report, style)].map((line) =>
      cutToWidth(line, columns ?? Infinity),
    ),
  ];
  const alarm = letterAlarm(report.deadLetters);
  if (alarm !== undefined) facts.push(style.yellow(alarm));
  return [title, '', table, '', ...facts, ...troubles(report, style, columns)].join('\n');
}

function verdict({ healthy, stopping, uptimeMs }: StackReport, style: ChalkInstance): string {
  if (stopping) return style.yellow('Stopping');
  const up = `for ${shortDuration(uptimeMs)}`;
  return healthy
    ? `${style.green('Up')} ${style.dim(up)}`
    : `${style.red('Not healthy,')} ${style.dim(`up ${up}`)}`;
}

function partRow(part: PartReport, style: ChalkInstance): string[] {
  const { name, state, healthy, pid, memoryBytes, uptimeMs, restarts } = part;
  return [
    name,
    healthy ? style.green(state) : style.red(state),
    pid === null ? NONE : String(pid),
    memory(memoryBytes),
    uptimeMs === null ? NONE : shortDuration(uptimeMs),
    restarts > 0 ? style.yellow(String(restarts)) : '0',
  ];
}

function lagLine({ lag }: StackReport, style: ChalkInstance): string {
  if (lag.records === null) return `Lag: unknown (${sanitizeText(lag.error ?? '')})`;
  if (lag.records === 0) return style.dim('Lag: 0, everything in the queue is stored');
  return `Lag: ${lag.records.toLocaleString('en')} ${lag.records === 1 ? 'record waits' : 'records wait'} to be stored`;
}

/** Tables that take less than this share of all are not worth a word. */
const WORTH_A_WORD = 0.005;

function diskLine({ disk }: StackReport, style: ChalkInstance): string {
  const all = disk.tables.reduce((sum, { bytes }) => sum + bytes, 0);
  const tables = disk.tables
    .filter(({ bytes }) => bytes >= all * WORTH_A_WORD)
    .map(({ name, bytes }) => `${name} ${sizeText(bytes)}`);
  const missing = disk.error === null ? '' : ` ${style.yellow(`(${sanitizeText(disk.error)})`)}`;
  return `Disk: ${sizeText(all)}${missing}${style.dim(tables.length === 0 ? '' : `: ${tables.join(', ')}`)}`;
}

function metricsLines({ parts }: StackReport, style: ChalkInstance): string[] {
  const served = parts.filter(({ metricsUrl }) => metricsUrl !== null);
  if (served.length === 0) return [];
  const urls = served.map(({ name, metricsUrl }) => `${name} ${metricsUrl ?? ''}/metrics`);
  return [style.dim(`Metrics: ${urls.join(', ')}`)];
}

/** What a person looks at next: last errors, of parts that are down first. */
function troubles(
  { parts, stopping }: StackReport,
  style: ChalkInstance,
  columns: number | undefined,
): string[] {
  if (stopping) return [];
  const inOrder = parts.toSorted((a, b) => Number(a.healthy) - Number(b.healthy));
  return inOrder.flatMap((part) => {
    const lines = troublesOf(part, style).map((line) => cutToWidth(line, columns ?? Infinity));
    return lines.length === 0 ? [] : ['', ...lines, style.dim(`  log: ${part.log}`)];
  });
}

function troublesOf(
  { name, healthy, lastError, reportedError }: PartReport,
  style: ChalkInstance,
): string[] {
  const ended = healthy ? style.yellow(`${name} was restarted`) : style.red(`${name} is down`);
  return [
    ...(lastError === null ? [] : [`${ended}: ${sanitizeText(lastError)}`]),
    ...(reportedError === null
      ? []
      : [`${style.yellow(`${name} reported`)}: ${sanitizeText(reportedError)}`]),
  ];
}

const MEBIBYTE = 1024 * 1024;

function memory(bytes: number | null): string {
  return bytes === null ? NONE : `${Math.round(bytes / MEBIBYTE)} MiB`;
}

const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1_000 },
] as const;

/** In the largest unit that fits: 3 min, 2 d. */
export function shortDuration(ms: number): string {
  const unit = UNITS.find((at) => ms >= at.ms) ?? UNITS[UNITS.length - 1];
  return unit ? `${Math.floor(Math.max(0, ms) / unit.ms)} ${unit.name}` : NONE;
}
