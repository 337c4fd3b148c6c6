import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { createMatch } from '../engine/filter/create-match.js';
import { parseFilter } from '../engine/filter/filter.js';
import { systemClock } from '../engine/model/clock.js';
import { AtbdError } from '../engine/model/error.js';
import type { Filter } from '../engine/model/filter.js';
import { DEFAULT_TOPIC } from '../engine/model/limit.js';
import type { Queue } from '../engine/model/queue.js';
import { openQueue } from '../engine/queue/open-queue.js';
import { followTopic, type FollowObserver } from '../engine/tail/follow-topic.js';
import { OutputFile, type TailSink } from '../engine/tail/output-file.js';
import { Tail as TailRun, type TailResult } from '../engine/tail/tail.js';
import type { TailCursor } from '../engine/tail/tail-cursor.js';
import { requireDuration } from '../engine/time/duration.js';
import { parseTimeRange } from '../engine/time/time-range.js';
import { parseZone } from '../engine/time/zone.js';
import { AtbdCommand } from './_cli/atbd-command.js';
import { resolveContext } from './_cli/context.js';
import { startDeadline } from './_cli/deadline.js';
import { filterFlags, readFilter, type ParsedFilterFlags } from './_cli/filter-flags.js';
import { createRender, type TailFormat } from './_cli/tail/render-record.js';
import { createReadTopic } from './_cli/tail/read-topic.js';
import { cursorPathOf, resolveStart, type TailStart } from './_cli/tail/start-position.js';
import { StdoutSink } from './_cli/tail/stdout-sink.js';
import { timeFlags, zoneFlag } from './_cli/time-flags.js';

const NS_PER_MS = 1_000_000n;

/** Longest wait that a timer can hold: about 24 days. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Shows events as they arrive in the queue, from now, from a time, or from where a named tail stopped. */
export default class Tail extends AtbdCommand {
  static override summary = 'Show events as they arrive.';
  static override description =
    'Reads the queue, not the store. Lines of one partition keep their order. With --resume NAME the next call goes on ' +
    'exactly where this one ended; after a kill at most the last lines repeat, each with its position, and with --output ' +
    'none does. What is not one JSON object is shown as a dead letter while no filter is set. ' +
    'Exit code 7: --until was not met in time.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --level warn+ --service payment',
    `<%= config.bin %> <%= command.id %> --where 'amount >= 100 && status != "ok"'`,
    '<%= config.bin %> <%= command.id %> --since 5m --until type=order.paid --timeout 30s',
    '<%= config.bin %> <%= command.id %> --resume nightly --output errors.ndjson --level error --json',
  ];
  static override strict = false;
  static override args = {
    words: Args.string({ description: 'Words of the message, all of which must be there.' }),
  };
  static override flags = {
    ...filterFlags,
    ...zoneFlag,
    since: timeFlags.since,
    topic: Flags.string({ summary: 'Topic to read.', default: DEFAULT_TOPIC }),
    resume: Flags.string({
      summary: 'Go on where the tail of this name ended, and keep its position.',
      helpValue: 'NAME',
    }),
    until: Flags.string({
      summary:
        'End with the first event that has all of these (as -f); asked of every event, filters or not.',
      helpValue: 'CONDITION',
      multiple: true,
      multipleNonGreedy: true,
      exclusive: ['limit'],
    }),
    timeout: Flags.string({
      summary: 'End after this time; exit code 7 if --until was not met.',
      helpValue: 'DURATION',
    }),
    limit: Flags.integer({ char: 'n', summary: 'End after so many lines.', min: 1 }),
    output: Flags.string({
      summary: 'Write to a file instead; with --resume each line exactly once.',
      helpValue: 'FILE',
    }),
    'output-format': Flags.option({
      summary: 'text, ndjson (with positions) or raw (the bytes as they were sent).',
      options: ['text', 'ndjson', 'raw'] as const,
      default: 'text',
    })(),
    json: Flags.boolean({ summary: 'Same as --output-format ndjson.', helpGroup: 'GLOBAL' }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(Tail);
    const settings = await readSettings(flags, argv as string[]);
    const context = await resolveContext({ name: flags.context });
    const read = createReadTopic(flags.topic, context.topics);
    const cursorPath =
      flags.resume === undefined ? undefined : cursorPathOf(context.home, flags.resume);
    await using queue = await openQueue(context.queue);
    const start = await resolveStart({
      queue,
      topic: flags.topic,
      sinceMs: settings.sinceMs,
      cursorPath,
    });
    for (const note of start.notes) this.logToStderr(`atbd tail: ${note}`);
    await using sink = await openSink(flags.output, start);
    const result = await this.#tail({ queue, start, sink, cursorPath, settings, read });
    this.#finish(result, settings);
  }

  async #tail(parts: {
    readonly queue: Queue;
    readonly start: TailStart;
    readonly sink: TailSink;
    readonly cursorPath: string | undefined;
    readonly settings: TailSettings;
    readonly read: ReturnType<typeof createReadTopic>;
  }): Promise<TailResult> {
    const { queue, sink, cursorPath, settings, read } = parts;
    const cursor = withOutput(parts.start.cursor, settings.outputPath, sink);
    using deadline = startDeadline(settings.timeoutMs);
    const signal = AbortSignal.any([this.signal, deadline.signal]);
    const isTerminal = settings.outputPath === undefined && process.stdout.isTTY;
    const hasColor = isTerminal && (process.env['NO_COLOR'] ?? '') === '';
    const hasPosition = cursorPath !== undefined;
    const render = createRender({ ...settings, hasColor, hasPosition, isTerminal });
    const clock = systemClock;
    const tail = new TailRun(cursor, {
      ...settings,
      ...(read && { read }),
      ...{ render, sink, cursorPath, clock, signal },
    });
    const observer = this.#observer(tail);
    const { topic, identity, positions } = cursor;
    const follow = { queue, topic, identity, positions, signal, clock, observer };
    return await tail.run(followTopic(follow));
  }

  #observer(tail: TailRun): FollowObserver {
    const say = (text: string): void => {
      this.logToStderr(`atbd tail: ${text}`);
    };
    return {
      onInterrupted: (error) => {
        say(`the queue does not answer (${error.message}); trying again until it does`);
      },
      onReconnected: () => {
        say('the queue answers again; going on');
      },
      onPartitionAdded: (partition) => {
        say(`partition ${partition} was added`);
      },
      onTopicReplaced: (identity) => {
        tail.startAnew(identity);
        say('the topic was made again: beginning at its start');
      },
    };
  }

  #finish({ end, shownCount, deadLetterCount }: TailResult, settings: TailSettings): void {
    if (deadLetterCount > 0) {
      this.logToStderr(`atbd tail: ${deadLetterCount} records were dead letters`);
    }
    if (end !== 'aborted') return;
    this.signal.throwIfAborted();
    if (!settings.until) return;
    throw new AtbdError({
      code: 'TIMEOUT',
      message: `cannot find what --until asks for within --timeout; ${shownCount} lines were shown`,
      hint: 'Raise --timeout, begin earlier with --since, or check the condition with `atbd query logs -f`.',
    });
  }
}

interface TailSettings {
  readonly match: ReturnType<typeof createMatch> | undefined;
  readonly until: ReturnType<typeof createMatch> | undefined;
  readonly limit: number;
  readonly sinceMs: number | undefined;
  readonly timeoutMs: number | null;
  readonly format: TailFormat;
  readonly zone: ReturnType<typeof parseZone>;
  readonly outputPath: string | undefined;
}

type TailFlags = ParsedFilterFlags & {
  readonly until: string[] | undefined;
  readonly limit: number | undefined;
  readonly since: string | undefined;
  readonly timeout: string | undefined;
  readonly tz: string;
  readonly json: boolean;
  readonly output: string | undefined;
  readonly 'output-format': TailFormat;
};

/** Reads all flags before anything is opened, so that a mistake costs nothing. */
async function readSettings(flags: TailFlags, words: readonly string[]): Promise<TailSettings> {
  const filter = await readFilter(flags, words);
  const zone = parseZone(flags.tz);
  return {
    match: isEmpty(filter) ? undefined : createMatch(filter),
    until: flags.until && createMatch(parseFilter({ conditions: flags.until })),
    limit: flags.limit ?? Number.POSITIVE_INFINITY,
    sinceMs: flags.since === undefined ? undefined : sinceMs(flags.since, zone),
    timeoutMs: flags.timeout === undefined ? null : timeoutMs(flags.timeout),
    format: flags.json ? 'ndjson' : flags['output-format'],
    zone,
    outputPath: flags.output === undefined ? undefined : resolve(flags.output),
  };
}

function isEmpty(filter: Filter): boolean {
  return filter.kind === 'all' && filter.parts.length === 0;
}

function sinceMs(since: string, zone: TailSettings['zone']): number | undefined {
  const { fromNs } = parseTimeRange({ since }, { clock: systemClock, zone, defaultSince: null });
  return fromNs === null ? undefined : Number(fromNs / NS_PER_MS);
}

function timeoutMs(text: string): number {
  return Math.min(Number(requireDuration('--timeout', text) / NS_PER_MS), TIMER_MS_MAX);
}

async function openSink(path: string | undefined, start: TailStart): Promise<TailSink> {
  const { output } = start.cursor;
  if (path === undefined) return new StdoutSink();
  const target = resolve(path);
  if (output?.path === target) return OutputFile.open(target, output.bytes);
  const size = await stat(target).then(
    (found) => found.size,
    () => 0,
  );
  if (size === 0) return OutputFile.open(target, null);
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot write to ${target}: it has lines already, and no tail's position belongs to it`,
    hint: 'Name a new file, or go on with the --resume NAME that wrote it.',
  });
}

function withOutput(cursor: TailCursor, path: string | undefined, { bytes }: TailSink): TailCursor {
  return { ...cursor, output: path === undefined || bytes === null ? null : { path, bytes } };
}
