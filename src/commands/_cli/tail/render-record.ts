import { Chalk, type ChalkInstance } from 'chalk';
import { OVERSIZED_SAMPLE_BYTES } from '../../../engine/model/limit.js';
import type { TailRecord } from '../../../engine/tail/read-event.js';
import type { PlacedRecord } from '../../../engine/tail/tail.js';
import type { Zone } from '../../../engine/time/zone.js';
import { sanitizeJson, sanitizeText } from '../sanitize.js';

export type TailFormat = 'text' | 'ndjson' | 'raw';

export interface RenderOptions {
  readonly format: TailFormat;
  readonly zone: Zone;
  readonly hasColor: boolean;
  /** Text lines begin with partition:offset. */
  readonly hasPosition: boolean;
  /** The lines are for a terminal: no byte of a record may reach it unseen. */
  readonly isTerminal: boolean;
}

type Render = (read: TailRecord, at: PlacedRecord) => Buffer;

/** How a record becomes its line. */
export function createRender(options: RenderOptions): Render {
  switch (options.format) {
    case 'text': {
      const chalk = new Chalk({ level: options.hasColor ? 1 : 0 });
      return (read, at) => Buffer.from(`${textLine(read, at, { ...options, chalk })}\n`);
    }
    case 'ndjson':
      return (read, at) => Buffer.from(`${sanitizeJson(toObject(read, at))}\n`);
    case 'raw':
      return (_read, { record }) => rawLine(record.value, options.isTerminal);
  }
}

const LINE_FEED = Buffer.from('\n');

/** The value byte for byte; on a terminal made visible. */
function rawLine(value: Buffer | null, isTerminal: boolean): Buffer {
  const bytes = value ?? Buffer.alloc(0);
  if (isTerminal) return Buffer.from(`${sanitizeText(bytes.toString('utf8'))}\n`);
  return Buffer.concat([bytes, LINE_FEED]);
}

/** The published shape of one line of `tail --json`. */
function toObject(read: TailRecord, { topic, partition, record }: PlacedRecord): object {
  const place = {
    topic,
    partition,
    offset: String(record.offset),
    queueTime: new Date(record.timestampMs).toISOString(),
  };
  if (read.kind === 'event') return { ...place, event: read.event };
  return { ...place, deadLetter: { reason: read.reason, sample: sampleOf(record.value) } };
}

function sampleOf(value: Buffer | null): string {
  return value === null ? '' : value.subarray(0, OVERSIZED_SAMPLE_BYTES).toString('utf8');
}

interface TextOptions extends RenderOptions {
  readonly chalk: ChalkInstance;
}

/** Wide enough for the longest level. */
const LEVEL_WIDTH = 5;

function textLine(read: TailRecord, at: PlacedRecord, options: TextOptions): string {
  const { chalk } = options;
  const place = `${String(at.partition)}:${String(at.record.offset)}`;
  const head = options.hasPosition ? [chalk.dim(place)] : [];
  const queueTime = localTime(at.record.timestampMs, options.zone);
  if (read.kind === 'deadLetter') {
    const label = chalk.magenta(`dead letter at ${place}: ${read.reason}`);
    return [...head, chalk.dim(queueTime), label, sanitizeText(sampleOf(at.record.value))].join(
      ' ',
    );
  }
  const text = (field: string): string => fieldText(read.event[field]);
  const tsMs = Date.parse(text('ts'));
  const time = Number.isNaN(tsMs) ? queueTime : localTime(tsMs, options.zone);
  const level = text('level').toLowerCase();
  const parts = [...head, chalk.dim(time), colorLevel(level, chalk), chalk.cyan(text('service'))];
  const source = sourceOf(text('module'), text('file'), text('line'));
  const said = text('message') || summaryOf(read.event);
  return [...parts, chalk.dim(source), said].filter((part) => part !== '').join(' ');
}

/** A field for a terminal, in one line. */
function fieldText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return sanitizeText(typeof value === 'string' ? value : JSON.stringify(value));
}

function sourceOf(module: string, file: string, line: string): string {
  const place = file === '' ? '' : file.slice(file.lastIndexOf('/') + 1);
  const where = line === '' ? place : `${place}:${line}`;
  const source = [module, where].filter((part) => part !== '').join(' ');
  return source === '' ? '' : `${source}:`;
}

/** What the line already says in its own columns. */
const SHOWN_FIELDS = new Set(['ts', 'level', 'service', 'module', 'file', 'line', 'kind']);

/** An event without a message, by its other fields. */
function summaryOf(event: Readonly<Record<string, unknown>>): string {
  return Object.entries(event)
    .filter(([name, value]) => !SHOWN_FIELDS.has(name) && value !== null && value !== '')
    .map(([name, value]) => `${sanitizeText(name)}=${fieldText(value)}`)
    .join(' ');
}

function colorLevel(level: string, chalk: ChalkInstance): string {
  const shown = level.padEnd(LEVEL_WIDTH).toUpperCase();
  switch (level) {
    case 'fatal':
    case 'error':
      return chalk.red(shown);
    case 'warn':
      return chalk.yellow(shown);
    case 'info':
      return chalk.green(shown);
    default:
      return chalk.dim(shown);
  }
}

const MS_PER_DAY = 86_400_000;

/** `2026-05-16 14:30:00.123` in the zone; the date is there because a resumed tail may begin days back. */
function localTime(utcMs: number, zone: Zone): string {
  if (Math.abs(utcMs) > MAX_DATE_MS) return String(utcMs);
  const local = new Date(utcMs + zone.offsetMsAt(utcMs)).toISOString();
  return local.slice(0, -1).replace('T', ' ');
}

/** What a Date can hold, less a day for the zone. */
const MAX_DATE_MS = 8.64e15 - MS_PER_DAY;
