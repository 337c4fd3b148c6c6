import { stat } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import { BatchSender } from '../engine/edge/batch-sender.js';
import { createPatternFormat } from '../engine/edge/format/text.js';
import type { EventFields, LineFormat } from '../engine/edge/line-format.js';
import {
  createParseTime,
  createParseTimeFormat,
  type ParseTime,
} from '../engine/edge/parse-time.js';
import { newLineCounts, type LineCounts } from '../engine/edge/pump-lines.js';
import {
  followFile,
  readWholeFile,
  type SourceBytes,
  withPauses,
} from '../engine/edge/read-file.js';
import { FORMAT_NAMES, formatOf, type FormatName } from '../engine/edge/recognise-format.js';
import { type LinePlan, sendLines } from '../engine/edge/send-lines.js';
import { systemClock } from '../engine/model/clock.js';
import { AtbdError } from '../engine/model/error.js';
import { EVENT_FIELDS } from '../engine/model/event.js';
import { DEFAULT_PARTITION_COUNT, DEFAULT_TOPIC } from '../engine/model/limit.js';
import type { Queue, QueueProducer } from '../engine/model/queue.js';
import { parseZone } from '../engine/time/zone.js';
import { AtbdCommand } from './_cli/atbd-command.js';
import { resolveContext } from './_cli/context.js';
import {
  describeProgress,
  describeReport,
  presentReasons,
  summarise,
  type IngestReport,
  type InputReport,
} from './_cli/ingest/ingest-progress.js';

/** How often progress is shown on a terminal. */
const PROGRESS_MS = 500;

/** Standard input, as one of the files. */
const STDIN = '-';

export default class Ingest extends AtbdCommand {
  static override summary = 'Send log files, or standard input, to the queue.';
  static override description =
    "The format is recognised from the first lines: atbd's own events, the JSON of any logger (pino, winston, zap, slog, logback, OpenTelemetry), openstack, combined (Apache, nginx), else plain text. No line stops it: docs/ingest.md says what becomes of which.";
  static override examples = [
    '<%= config.bin %> <%= command.id %> app.log',
    'kubectl logs deploy/cart | <%= config.bin %> <%= command.id %> - --set service=cart',
    '<%= config.bin %> <%= command.id %> --follow /var/log/shop/*.log',
    '<%= config.bin %> <%= command.id %> old.log.gz --backfill --tz Europe/Berlin',
    "<%= config.bin %> <%= command.id %> app.log --pattern '^(?<ts>\\S+) (?<level>\\w+) (?<message>.*)$'",
  ];
  static override strict = false;
  static override args = {
    file: Args.string({
      description: 'Files to send; - is standard input (the default when it is no terminal).',
    }),
  };
  static override flags = {
    format: Flags.option({
      options: ['auto', ...FORMAT_NAMES] as const,
      default: 'auto' as const,
      summary: 'How the lines are written.',
    })(),
    pattern: Flags.string({
      summary: "Regular expression whose named groups are the event's fields.",
      helpValue: 'REGEX',
    }),
    'time-format': Flags.string({
      summary: 'Time as strptime has it: %Y %m %d %e %H %M %S %f %b %y %z %s.',
      helpValue: 'FORMAT',
    }),
    tz: Flags.string({
      summary: 'Zone of times that name none.',
      default: 'UTC',
      helpValue: 'ZONE',
    }),
    set: Flags.string({
      summary: 'Field (or attribute) to set on every event; may be given more than once.',
      multiple: true,
      helpValue: 'FIELD=VALUE',
    }),
    key: Flags.string({
      summary: 'Field (or attribute) by which events keep their order: one value, one partition.',
      default: 'op_id',
      helpValue: 'FIELD',
    }),
    multiline: Flags.boolean({
      summary: 'Join stack traces and other lines that continue an event of a text format to it.',
      default: true,
      allowNo: true,
    }),
    backfill: Flags.boolean({ summary: 'Keep the times of old events, however old.' }),
    follow: Flags.boolean({
      char: 'F',
      summary: 'Go on with what is appended, through rotation, until Ctrl-C.',
    }),
    topic: Flags.string({ summary: 'Topic to send to.', default: DEFAULT_TOPIC }),
    strict: Flags.boolean({
      summary: 'Exit 1 when a line was rejected or did not fit the format.',
    }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<IngestReport> {
    const { flags, argv } = await this.parse(Ingest);
    const paths = pathsOf(argv as string[]);
    const plan = planOf(flags);
    const context = await resolveContext({ name: flags.context });
    const { openQueue } = await import('../engine/queue/open-queue.js');
    await using queue = await openQueue(context.queue);
    await ensureTopic(queue, flags.topic);
    await using producer = await queue.createProducer();

    const startedMs = Date.now();
    const job: Job = {
      ...plan,
      producer,
      topic: flags.topic,
      isFollowing: flags.follow,
      nowMs: startedMs,
    };
    const inputs = await this.#sendAll(paths, job);
    const report = summarise(inputs, {
      topic: flags.topic,
      seconds: (Date.now() - startedMs) / 1000,
    });
    if (!this.jsonEnabled()) process.stderr.write(`${describeReport(report)}\n`);
    this.#setExitCode(report, flags);
    return report;
  }

  async #sendAll(paths: readonly string[], job: Job): Promise<InputReport[]> {
    const counts = paths.map(newLineCounts);
    using _progress = await this.#showProgress(paths, counts, job);
    if (job.isFollowing)
      return await Promise.all(paths.map((path, index) => this.#sendOne(path, counts[index], job)));
    const inputs: InputReport[] = [];
    for (const [index, path] of paths.entries())
      inputs.push(await this.#sendOne(path, counts[index], job));
    return inputs;
  }

  /** One input to its end. A file that cannot be read is reported and does not stop the others. */
  async #sendOne(path: string, counts = newLineCounts(), job: Job): Promise<InputReport> {
    const sender = new BatchSender(job.producer, job.topic);
    let format: string | null = null;
    let error: string | null = null;
    try {
      await sendLines(this.#bytesOf(path, job), {
        plan: job,
        sender,
        counts,
        onFormat: ({ name }) => {
          format = name;
          if (job.format === undefined) this.#note(`${path}: recognised as ${name}`);
        },
        nowMs: job.nowMs,
        isCutShort: () => this.signal.aborted && !job.isFollowing && path !== STDIN,
        onOldTimes: () => {
          this.#note(
            `${path}: events are older than 400 days and will be stored with today's time; keep theirs with --backfill`,
          );
        },
      });
    } catch (cause) {
      if (!(cause instanceof AtbdError) || cause.code !== 'INPUT_UNREADABLE') throw cause;
      await sender.flush();
      error = cause.message;
      this.#note(`Error: ${cause.message}`);
      process.exitCode = cause.exitCode;
    }
    const { readCount, byteCount } = counts;
    return {
      path,
      format,
      readCount,
      sentCount: sender.sentCount,
      byteCount,
      reasons: presentReasons(counts),
      error,
    };
  }

  async *#bytesOf(path: string, job: Job): AsyncGenerator<SourceBytes> {
    const { signal } = this;
    if (path === STDIN) {
      yield* withPauses(process.stdin, { clock: systemClock, signal });
      // A pipe that nobody reads any more must not keep us.
      process.stdin.destroy();
    } else if (job.isFollowing) yield* followFile(path, { clock: systemClock, signal });
    else {
      for await (const chunk of readWholeFile(path)) {
        yield chunk;
        if (signal.aborted) return;
      }
    }
  }

  /** A line that is written over, on a terminal; nothing elsewhere. */
  async #showProgress(
    paths: readonly string[],
    counts: readonly LineCounts[],
    job: Job,
  ): Promise<Disposable> {
    if (!process.stderr.isTTY) return { [Symbol.dispose]: () => undefined };
    const totalBytes = job.isFollowing ? undefined : await totalSize(paths);
    const timer = setInterval(() => {
      const seen = {
        readCount: counts.reduce((sum, { readCount }) => sum + readCount, 0),
        byteCount: counts.reduce((sum, { byteCount }) => sum + byteCount, 0),
      };
      const seconds = (Date.now() - job.nowMs) / 1000;
      process.stderr.write(`\r\u001b[K${describeProgress(seen, { seconds, totalBytes })}`);
    }, PROGRESS_MS);
    return {
      [Symbol.dispose]() {
        clearInterval(timer);
        process.stderr.write('\r\u001b[K');
      },
    };
  }

  #note(text: string): void {
    if (!this.jsonEnabled())
      process.stderr.write(`${process.stderr.isTTY ? '\r\u001b[K' : ''}${text}\n`);
  }

  /** Following ends by Ctrl-C, as it should; anything else that was cut short is an interrupt. */
  #setExitCode(
    report: IngestReport,
    { strict, follow }: { strict: boolean; follow: boolean },
  ): void {
    if (strict && report.rejectedCount > 0) {
      throw new AtbdError({
        code: 'INPUT_REJECTED',
        message: `${report.rejectedCount} of ${report.readCount} lines did not fit (${Object.keys(report.reasons).join(', ')})`,
        hint: 'What could be sent was sent. docs/ingest.md says what each reason means; --format and --pattern choose how lines are read.',
      });
    }
    if (this.signal.aborted && !follow) process.exitCode = 130;
  }
}

/** How lines become events, and where they go. */
interface Job extends LinePlan {
  readonly producer: QueueProducer;
  readonly topic: string;
  readonly isFollowing: boolean;
  readonly nowMs: number;
}

interface PlanFlags {
  readonly format: 'auto' | FormatName;
  readonly pattern?: string | undefined;
  readonly 'time-format'?: string | undefined;
  readonly tz: string;
  readonly set?: readonly string[] | undefined;
  readonly key: string;
  readonly multiline: boolean;
  readonly backfill: boolean;
}

function planOf(flags: PlanFlags): LinePlan {
  const parseTime = parseTimeOf(flags);
  return {
    format: chosenFormat(flags, parseTime),
    parseTime,
    set: fieldsToSet(flags.set ?? []),
    keyField: flags.key,
    isMultiline: flags.multiline,
    isBackfill: flags.backfill,
  };
}

function chosenFormat(
  { format, pattern }: PlanFlags,
  parseTime: ParseTime,
): LineFormat | undefined {
  if (pattern !== undefined) return createPatternFormat(pattern, parseTime);
  return format === 'auto' ? undefined : formatOf(format, parseTime);
}

function parseTimeOf(flags: PlanFlags): ParseTime {
  const zone = parseZone(flags.tz);
  const format = flags['time-format'];
  if (format === undefined) return createParseTime(zone);
  const parseTime = createParseTimeFormat(format, { zone, year: new Date().getUTCFullYear() });
  if (parseTime !== undefined) return parseTime;
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot use --time-format ${JSON.stringify(format)}: it holds a directive that is not known`,
    hint: 'Known are %Y %m %d %e %H %M %S %f %b %y %z %s and %%.',
  });
}

function fieldsToSet(pairs: readonly string[]): EventFields {
  const fields: EventFields = {};
  const attrs: EventFields = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) {
      throw new AtbdError({
        code: 'USAGE_INVALID',
        message: `cannot use --set ${JSON.stringify(pair)}`,
        hint: 'Write it as --set service=cart.',
      });
    }
    const name = pair.slice(0, at);
    const isField = Object.hasOwn(EVENT_FIELDS, name) && name !== 'attrs';
    (isField ? fields : attrs)[name] = pair.slice(at + 1);
  }
  return Object.keys(attrs).length === 0 ? fields : { ...fields, attrs };
}

function pathsOf(argv: readonly string[]): readonly string[] {
  if (argv.length > 0) return argv;
  if (!process.stdin.isTTY) return [STDIN];
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: 'cannot send anything: no file was named',
    hint: 'Name files, or pipe into it: kubectl logs deploy/cart | atbd ingest -',
  });
}

async function ensureTopic(queue: Queue, topic: string): Promise<void> {
  await queue.createTopic(topic, { partitionCount: DEFAULT_PARTITION_COUNT });
}

/** undefined when a part of it is not known (standard input, packed files). */
async function totalSize(paths: readonly string[]): Promise<number | undefined> {
  if (paths.some((path) => path === STDIN || path.endsWith('.gz'))) return undefined;
  const sizes = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
