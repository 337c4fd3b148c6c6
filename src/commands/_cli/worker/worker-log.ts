import { hostname } from 'node:os';
import type { ChalkInstance } from 'chalk';
import { z } from 'zod';
import type { IngestNote } from '../../../engine/ingest/ingest-counters.js';
import { AtbdError } from '../../../engine/model/error.js';
import { escapeJson, sanitizeText } from '../sanitize.js';
import { styleOf } from '../style.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** What a long-running command says of itself. */
export interface WorkerLog {
  /** Whether it is read by programs: one JSON object a line, an event that `atbd ingest` takes as it is. */
  readonly isJson: boolean;
  readonly note: (note: IngestNote) => void;
  /** The last word of a worker that cannot go on. */
  readonly failure: (error: unknown) => void;
}

/** A part of stderr: where lines go, and whether a person reads them. */
interface Sink {
  readonly isTTY: boolean;
  write(text: string): unknown;
}

/** The log of `service`: on a terminal a line for a person, elsewhere pino's NDJSON under the event's own names. */
export async function openWorkerLog(
  service: string,
  {
    level,
    sink = process.stderr,
    style = styleOf(process.stderr),
    nowMs = () => Date.now(),
  }: {
    readonly level: (typeof LOG_LEVELS)[number];
    readonly sink?: Sink;
    readonly style?: ChalkInstance;
    readonly nowMs?: () => number;
  },
): Promise<WorkerLog> {
  const { pino } = await import('pino');
  const logger = pino(
    {
      level,
      base: { service, host: hostname(), pid: process.pid },
      messageKey: 'message',
      timestamp: () => `,"ts":"${new Date(nowMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write: (line: string) => {
        sink.write(sink.isTTY ? toPersonLine(line, style) : escapeJson(line));
      },
    },
  );
  return {
    isJson: !sink.isTTY,
    note: ({ level: noteLevel, message, fields }) => {
      logger[noteLevel](fields, message);
    },
    failure: (error) => {
      logger.fatal(failureFields(error), error instanceof Error ? error.message : String(error));
    },
  };
}

function failureFields(error: unknown): object {
  if (error instanceof AtbdError) return { code: error.code, hint: error.hint };
  return error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {};
}

const lineSchema = z.looseObject({ ts: z.string(), level: z.string(), message: z.string() });

/** What every line of a log has; the rest are the facts of this one. */
const COMMON = ['ts', 'level', 'message', 'service', 'host', 'pid'];

const COLOURS = { warn: 'yellow', error: 'red', fatal: 'red', debug: 'dim' } as const;

function toPersonLine(line: string, style: ChalkInstance): string {
  const entry = lineSchema.parse(JSON.parse(line));
  const { ts, level, message } = entry;
  const colour = level in COLOURS ? COLOURS[level as keyof typeof COLOURS] : 'reset';
  const facts = Object.entries(entry)
    .filter(([name]) => !COMMON.includes(name))
    .map(([name, value]) => ` ${name}=${sanitizeText(String(value))}`);
  const time = ts.slice('2026-01-01T'.length, -1);
  return `${style.dim(time)} ${style[colour](level.padEnd(5))} ${sanitizeText(message)}${style.dim(facts.join(''))}\n`;
}
