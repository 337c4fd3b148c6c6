import { Flags } from '@oclif/core';
import { systemClock } from '../engine/model/clock.js';
import { AtbdError } from '../engine/model/error.js';
import { INGEST_GROUP_ID } from '../engine/model/limit.js';
import type { MinuteRange } from '../engine/model/verify-figures.js';
import { openQueue } from '../engine/queue/open-queue.js';
import { parseTimeRange } from '../engine/time/time-range.js';
import { parseZone } from '../engine/time/zone.js';
import { type FiguresProgress, verifyFigures } from '../engine/verify/verify-figures.js';
import { takeWorkerCut, verify, type VerifyProgress } from '../engine/verify/verify.js';
import { openStore } from '../store/clickhouse/store.js';
import { createFiguresStore } from '../store/verify/figures-store.js';
import { createVerifyStore } from '../store/verify/verify-store.js';
import { AtbdCommand } from './_cli/atbd-command.js';
import { resolveLiveContext } from './_cli/context.js';
import { timeFlags, zoneFlag } from './_cli/time-flags.js';
import { FIGURES_HINT } from './_cli/verify/render-figures.js';
import { renderAnswer, toAnswer, type VerifyAnswer } from './_cli/verify/render-report.js';

/** Shorter runs need no progress. */
const PROGRESS_AFTER_MS = 2000;

/** Proves that nothing is lost and nothing is stored twice, or names the places where that is not so. */
export default class Verify extends AtbdCommand {
  static override summary =
    'Prove that nothing is lost, nothing is stored twice, and figures are right.';
  static override description =
    'Compares, per topic, epoch and partition, the queue with the ledger and a recount of rows and dead letters on all shards, up to ' +
    'what the ingest workers had committed at the start; what lies beyond is pending, not lost. Then it compares the figures per minute, which ' +
    'questions over days are answered from, with a recount of the events. It can run beside live traffic: an hour that changes meanwhile ' +
    'is looked at again, and said to be unsettled when it does not come to rest. ' +
    'With a time range: records by when they came into the queue, figures by the time of their events. ' +
    'Exit code 1: the faults are named with their place and what to try.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --since 1h',
    '<%= config.bin %> <%= command.id %> --topic events --json',
  ];
  static override enableJsonFlag = true;
  static override flags = {
    topic: Flags.string({
      summary: 'Only this topic, without the figures (they are of all topics).',
    }),
    ...timeFlags,
    ...zoneFlag,
  };

  async run(): Promise<VerifyAnswer> {
    const { flags } = await this.parse(Verify);
    const { fromNs, toNs } = parseTimeRange(flags, {
      clock: systemClock,
      zone: parseZone(flags.tz),
      defaultSince: null,
    });
    const context = await resolveLiveContext({ name: flags.context });
    await using queue = await openQueue(context.queue);
    await using store = openStore(context.reader);
    const arrived = { fromMs: millisecondsOf(fromNs), toMs: millisecondsOf(toNs) };
    const progress = this.#progress();
    const options = { groupId: INGEST_GROUP_ID, topic: flags.topic, arrived };
    const sources = { queue, store: createVerifyStore(store), signal: this.signal };
    const reports = await verify({ ...options, onProgress: progress.onPartition }, sources);
    const figures =
      flags.topic === undefined
        ? await verifyFigures(
            { range: minutesOf(fromNs, toNs), onProgress: progress.onFigures },
            {
              store: createFiguresStore(store),
              takeCut: () => takeWorkerCut(INGEST_GROUP_ID, sources),
              clock: systemClock,
              signal: this.signal,
            },
          )
        : null;
    progress.end();
    const answer = toAnswer(reports, figures);
    this.log(renderAnswer(answer));
    if (answer.verdict === 'ok') return answer;
    // With --json the answer goes to stdout before the error ends the command.
    if (this.jsonEnabled()) this.logJson(answer);
    throw verifyFailed(answer);
  }

  /** Says on a terminal how far it is, in one line, once it takes long. */
  #progress(): Progress {
    const startedMs = performance.now();
    const say = (state: string): void => {
      if (performance.now() - startedMs < PROGRESS_AFTER_MS || !process.stderr.isTTY) return;
      process.stderr.write(`${LINE_START}${state}`);
    };
    return {
      onPartition: ({ partitionsDone, partitionCount, rows }) => {
        say(`${partitionsDone} of ${partitionCount} partitions, ${rows} rows so far`);
      },
      onFigures: ({ rollup, shard, shardCount }) => {
        say(`figures: ${rollup} on shard ${shard} (of ${shardCount})`);
      },
      end: () => {
        say('');
      },
    };
  }
}

interface Progress {
  readonly onPartition: (progress: VerifyProgress) => void;
  readonly onFigures: (progress: FiguresProgress) => void;
  readonly end: () => void;
}

const NS_PER_MS = 1_000_000n;
const SECONDS_PER_MINUTE = 60;

/** The times that figures can be of (migration 0003). */
const MINUTES_MAX = { from: 0, until: Date.UTC(2106, 1, 7) / 1_000 };

function millisecondsOf(ns: bigint | null): number | null {
  return ns === null ? null : Number(ns / NS_PER_MS);
}

/** The minutes that a time range touches. */
function minutesOf(fromNs: bigint | null, toNs: bigint | null): MinuteRange {
  const minutes = (ns: bigint): number => Number(ns / NS_PER_MS) / 1_000 / SECONDS_PER_MINUTE;
  const within = (seconds: number): number =>
    Math.min(Math.max(seconds, MINUTES_MAX.from), MINUTES_MAX.until);
  return {
    from:
      fromNs === null ? MINUTES_MAX.from : within(Math.floor(minutes(fromNs)) * SECONDS_PER_MINUTE),
    until:
      toNs === null ? MINUTES_MAX.until : within(Math.ceil(minutes(toNs)) * SECONDS_PER_MINUTE),
  };
}

/** Back to the start of the line, and clears it. */
const LINE_START = '\r\u001b[K';

function verifyFailed({ findings, figures }: VerifyAnswer): AtbdError {
  const places = new Set(findings.map((f) => `${f.topic}/${f.epoch}/${f.partition}`));
  const wrong = (figures ?? []).filter(({ verdict }) => verdict === 'failed');
  const parts = [
    ...(findings.length > 0
      ? [
          `that each record is stored once: ${findings.length} findings in ${[...places].join(', ')}`,
        ]
      : []),
    ...(wrong.length > 0
      ? [
          `the figures per minute: ${wrong.map(({ rollup, shard }) => `${rollup} on shard ${shard}`).join(', ')}`,
        ]
      : []),
  ];
  return new AtbdError({
    code: 'VERIFY_FAILED',
    message: `cannot confirm ${parts.join('; nor ')}`,
    hint: findings[0]?.hint ?? FIGURES_HINT,
  });
}
