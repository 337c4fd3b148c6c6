import { randomUUID } from 'node:crypto';
import { Flags } from '@oclif/core';
import { createTopicMappers } from '../engine/edge/topic/topic-mapper.js';
import { systemClock } from '../engine/model/clock.js';
import { AtbdError } from '../engine/model/error.js';
import type { RepairStore } from '../engine/model/repair.js';
import type { MinuteRange } from '../engine/model/verify-figures.js';
import { openQueue } from '../engine/queue/open-queue.js';
import { parseTimeRange } from '../engine/time/time-range.js';
import { parseZone } from '../engine/time/zone.js';
import { wrongFigures } from '../engine/verify/repair/repair-figures.js';
import { openStore, type Store } from '../store/clickhouse/store.js';
import { openRepairStore } from '../store/repair/repair-store.js';
import { AtbdCommand } from './_cli/atbd-command.js';
import { resolveLiveContext } from './_cli/context.js';
import { timeFlags, zoneFlag } from './_cli/time-flags.js';
import { FIGURES_HINT } from './_cli/verify/render-figures.js';
import { renderAnswer, toAnswer, type VerifyAnswer } from './_cli/verify/render-report.js';
import { appliedAnswer, plannedAnswer, type RepairAnswer } from './_cli/verify/repair-answer.js';
import {
  inspect,
  type JobProgress,
  mend,
  planOf,
  type VerifyJob,
} from './_cli/verify/verify-job.js';

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
    'Exit code 1: the faults are named with their place and what to try. ' +
    '--contents reads the queue again and compares every column, which takes several times as long as storing it. --repair says what it would mend from ' +
    'the queue, and with --yes does it and looks again: rows, dead letters and ledger lines beside live traffic, figures per minute ' +
    'only while no ingest worker is up.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --since 1h',
    '<%= config.bin %> <%= command.id %> --topic events --json',
    '<%= config.bin %> <%= command.id %> --contents --since 1d',
    '<%= config.bin %> <%= command.id %> --repair --yes',
  ];
  static override enableJsonFlag = true;
  static override flags = {
    topic: Flags.string({
      summary: 'Only this topic, without the figures (they are of all topics).',
    }),
    contents: Flags.boolean({
      summary: 'Also read the queue again and compare every column of what it still has; slower.',
    }),
    repair: Flags.boolean({
      summary: 'Mend from the queue what is found; without --yes say what would be done.',
      description:
        'Only what the workers have committed is touched, and only where the queue still has the record. What cannot be mended is named, with the reason. Killed half-way, run it again. With --topic the figures are looked at, too.',
    }),
    yes: Flags.boolean({ summary: 'Do not ask: repair.', dependsOn: ['repair'] }),
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
    await using reader = openStore(context.reader);
    const isApplied = flags.repair && flags.yes;
    const usesOwnTables = flags.contents || isApplied;
    await using writer = usesOwnTables ? openStore(context.store) : null;
    await using repair = writer === null ? null : await openRepair(writer, this.signal);
    const job: VerifyJob = {
      ...{ queue, reader, repair, topic: flags.topic, withContents: flags.contents },
      mappers: createTopicMappers(context.topics),
      arrived: { fromMs: millisecondsOf(fromNs), toMs: millisecondsOf(toNs) },
      minutes: flags.topic === undefined || flags.repair ? minutesOf(fromNs, toNs) : null,
      progress: this.#progress(),
      signal: this.signal,
    };
    const { answer, isPending } = await answerOf(job, { repair: flags.repair, isApplied });
    this.log(renderAnswer(answer));
    if (answer.verdict === 'ok') return answer;
    // With --json the answer goes to stdout before the error ends the command.
    if (this.jsonEnabled()) this.logJson(answer);
    throw isPending ? unconfirmed(answer) : verifyFailed(answer);
  }

  /** Says on a terminal how far it is, in one line, once it takes long. */
  #progress(): JobProgress {
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
      onRecords: (compared) => {
        say(`contents: ${compared} records compared`);
      },
      onRange: (done, count) => {
        say(`mending: ${done} of ${count} ranges`);
      },
      end: () => {
        say('');
      },
    };
  }
}

/** Looks, mends where that was asked for, and looks again. `isPending`: something could be mended, and --yes is missing. */
async function answerOf(
  job: VerifyJob,
  { repair, isApplied }: { readonly repair: boolean; readonly isApplied: boolean },
): Promise<{ readonly answer: VerifyAnswer; readonly isPending: boolean }> {
  const found = await inspect(job);
  const answer = toAnswer(found);
  if (!repair || answer.verdict === 'ok') return { answer, isPending: false };
  const plan = await planOf(job, found);
  if (!isApplied) {
    const planned = plannedAnswer(plan, wrongFigures(found.figures ?? []));
    const isPending = planned.ranges.length > 0 || planned.figures.length > 0;
    return { answer: { ...answer, repair: planned }, isPending };
  }
  const { mended, figures } = await mend(job, plan);
  const applied: RepairAnswer = appliedAnswer(plan, mended, figures);
  return { answer: { ...toAnswer(await inspect(job)), repair: applied }, isPending: false };
}

function openRepair(writer: Store, signal: AbortSignal): Promise<RepairStore> {
  const id = randomUUID().replaceAll('-', '');
  return openRepairStore(writer, { id, signal });
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

function unconfirmed({ repair }: VerifyAnswer): AtbdError {
  const count = (repair?.ranges.length ?? 0) + (repair?.figures.length ?? 0);
  return new AtbdError({
    code: 'CONFIRMATION_NEEDED',
    message: `cannot mend ${count} ${count === 1 ? 'place' : 'places'} without --yes`,
    hint: 'Nothing was touched. The same command with --yes mends what is listed.',
  });
}
