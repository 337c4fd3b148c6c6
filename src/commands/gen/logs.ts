import { setImmediate } from 'node:timers/promises';
import { Flags } from '@oclif/core';
import {
  LOG_LINE_FORMATS,
  LogLines,
  type LogLineFormat,
} from '../../engine/generate/log-line/log-lines.js';
import { createWordPool } from '../../engine/generate/log-line/word-pool.js';
import { systemClock } from '../../engine/model/clock.js';
import { AtbdError } from '../../engine/model/error.js';
import { requireDuration } from '../../engine/time/duration.js';
import { requireInstant } from '../../engine/time/instant.js';
import { UTC } from '../../engine/time/zone.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { openLogOutput, type LogOutput } from './_logs/log-output.js';
import { startCount } from './_logs/show-count.js';

const LINE_COUNT_DEFAULT = 1_000;
const LINE_COUNT_MAX = 10_000_000_000;
const RATE_DEFAULT = 10;
const RATE_MAX = 1_000_000;
const SEED_MAX = 2 ** 32 - 1;
const NS_PER_MS = 1_000_000;

/** Shorter than any line of ours: a log of so many bytes has fewer lines than this says. */
const LINE_BYTES_MIN = 50;

/** How long lines of a live log may wait for company. */
const LIVE_BATCH_MS = 50;

/** What was written, as `--json` prints it. */
interface LogsReport {
  readonly format: LogLineFormat;
  readonly seed: number;
  readonly lineCount: number;
  readonly byteCount: number;
  readonly seconds: number;
}

/** Where a log ends; Infinity where nothing says so. */
interface LogEnd {
  readonly lineCountMax: number;
  readonly byteCountMax: number;
}

/** Writes logs as other programs write them. */
export default class GenLogs extends AtbdCommand {
  static override summary = 'Write logs as Apache, nginx, syslog or a JSON logger would.';
  static override description = `Made up, and the same bytes for the same seed, format, --from and rate. Without an end it writes ${LINE_COUNT_DEFAULT} lines;
with --speed 1x it goes on until Ctrl-C. The log's own times are one line every 1/rate seconds and end now, unless --from says where they start.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --format nginx --count 100000 --output access.log',
    '<%= config.bin %> <%= command.id %> --format json --rate 200 --speed 1x | <%= config.bin %> ingest -',
    '<%= config.bin %> <%= command.id %> --format syslog-5424 --duration 1d --rate 5 --seed 7 --from 2026-11-01',
  ];
  static override flags = {
    format: Flags.option({
      char: 'f',
      options: LOG_LINE_FORMATS,
      default: 'apache-combined' as const,
      summary: 'How the lines are written.',
    })(),
    count: Flags.integer({
      char: 'n',
      summary: 'End after so many lines.',
      min: 0,
      max: LINE_COUNT_MAX,
    }),
    duration: Flags.string({
      summary: "End after this much of the log's own time.",
      helpValue: 'DURATION',
    }),
    bytes: Flags.integer({ summary: 'End before the log is larger than this.', min: 0 }),
    rate: Flags.integer({
      summary: "Lines a second of the log's own time.",
      default: RATE_DEFAULT,
      min: 1,
      max: RATE_MAX,
    }),
    from: Flags.string({
      summary: 'First moment: RFC 3339, now-1h, today (UTC). The same log twice needs it.',
      helpValue: 'TIME',
    }),
    speed: Flags.option({
      options: ['1x', 'max'] as const,
      default: 'max' as const,
      summary: 'As fast as it goes, or each line when its time has come (from now on).',
    })(),
    seed: Flags.integer({
      summary: 'Another seed, another log.',
      default: 1,
      min: 0,
      max: SEED_MAX,
    }),
    output: Flags.string({
      char: 'o',
      summary: 'File to write instead of standard output.',
      helpValue: 'FILE',
    }),
    yes: Flags.boolean({ summary: 'Replace the output file when it exists.' }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<LogsReport> {
    const { flags } = await this.parse(GenLogs);
    if (flags.json === true && flags.output === undefined) throw noPlaceForReport();
    const isLive = flags.speed === '1x';
    const startedMs = Date.now();
    const end = endOf(flags, isLive);
    const lines = new LogLines({
      ...end,
      format: flags.format,
      seed: flags.seed,
      fromMs: fromMsOf(flags, { ...end, isLive, nowMs: startedMs }),
      linesPerSecond: flags.rate,
      words: await createWordPool(flags.seed),
    });
    await using output = await openLogOutput(flags.output, { canReplace: flags.yes });
    {
      using _count = startCount(lines, { isShown: flags.output !== undefined });
      await (isLive ? this.#writeLive(lines, output) : this.#writeAll(lines, output));
    }
    const { lineCount, byteCount } = lines;
    const seconds = (Date.now() - startedMs) / 1000;
    if (flags.output !== undefined && flags.json !== true)
      process.stderr.write(`Wrote ${lineCount} lines (${byteCount} bytes) to ${flags.output}.\n`);
    // A log without an end is meant to be ended by Ctrl-C.
    if (this.signal.aborted && end.lineCountMax !== Infinity) process.exitCode = 130;
    return { format: flags.format, seed: flags.seed, lineCount, byteCount, seconds };
  }

  async #writeAll(lines: LogLines, output: LogOutput): Promise<void> {
    while (lines.nextMs !== undefined && !this.signal.aborted) {
      await output.write(lines.take(Infinity));
      // Writing to a file waits for nothing: without this no signal would be heard.
      await setImmediate();
    }
  }

  async #writeLive(lines: LogLines, output: LogOutput): Promise<void> {
    for (let nextMs = lines.nextMs; nextMs !== undefined; nextMs = lines.nextMs) {
      const waitMs = Math.max(LIVE_BATCH_MS, nextMs - Date.now());
      await systemClock.sleep(waitMs, this.signal).catch(() => undefined);
      if (this.signal.aborted) return;
      await output.write(lines.take(Date.now()));
    }
  }
}

interface EndFlags {
  readonly count?: number | undefined;
  readonly duration?: string | undefined;
  readonly bytes?: number | undefined;
  readonly rate: number;
}

function endOf({ count, duration, bytes, rate }: EndFlags, isLive: boolean): LogEnd {
  const byDuration =
    duration === undefined
      ? Infinity
      : Math.round((Number(requireDuration('--duration', duration)) / NS_PER_MS / 1000) * rate);
  const isOpen = count === undefined && duration === undefined && bytes === undefined;
  const byDefault = isOpen && !isLive ? LINE_COUNT_DEFAULT : Infinity;
  return {
    lineCountMax: Math.min(count ?? byDefault, byDuration),
    byteCountMax: bytes ?? Infinity,
  };
}

interface Span extends LogEnd {
  readonly isLive: boolean;
  readonly nowMs: number;
}

/** Unless it is told where to start, a log ends now and a live one starts now. */
function fromMsOf(
  { from, rate }: { readonly from?: string | undefined; readonly rate: number },
  { lineCountMax, byteCountMax, isLive, nowMs }: Span,
): number {
  if (from !== undefined && isLive) {
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: 'cannot use --from with --speed 1x: each line is written at its own time',
      hint: 'Leave one of them out.',
    });
  }
  if (from !== undefined) {
    return Number(requireInstant(from, { flag: '--from', nowMs, zone: UTC })) / NS_PER_MS;
  }
  if (isLive) return nowMs;
  const lineCount = Math.min(lineCountMax, Math.ceil(byteCountMax / LINE_BYTES_MIN));
  return nowMs - Math.ceil((lineCount / rate) * 1000);
}

function noPlaceForReport(): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: 'cannot print the report as JSON: the log itself goes to standard output',
    hint: 'Add --output FILE; lines that are JSON are made by --format json.',
  });
}
