import { mapChunk } from '../../../engine/edge/topic/map-chunks.js';
import type { MapRecord } from '../../../engine/edge/topic/topic-mapper.js';
import { systemClock } from '../../../engine/model/clock.js';
import { INGEST_GROUP_ID } from '../../../engine/model/limit.js';
import type { Queue } from '../../../engine/model/queue.js';
import type { RepairStore } from '../../../engine/model/repair.js';
import type { MinuteRange } from '../../../engine/model/verify-figures.js';
import { planRepair, type RepairPlan } from '../../../engine/verify/repair/plan-repair.js';
import type { RepairSources } from '../../../engine/verify/repair/read-cuts.js';
import {
  type FiguresRepair,
  repairFigures,
  wrongFigures,
} from '../../../engine/verify/repair/repair-figures.js';
import { type MendedRange, repairRange } from '../../../engine/verify/repair/repair-ranges.js';
import { verifyContents, withContents } from '../../../engine/verify/repair/verify-contents.js';
import {
  type FiguresProgress,
  type FiguresReport,
  verifyFigures,
} from '../../../engine/verify/verify-figures.js';
import type { PartitionReport } from '../../../engine/verify/verify-partition.js';
import {
  takeWorkerCut,
  verify,
  type VerifyOptions,
  type VerifyProgress,
} from '../../../engine/verify/verify.js';
import type { Store } from '../../../store/clickhouse/store.js';
import { createFiguresStore } from '../../../store/verify/figures-store.js';
import { createVerifyStore } from '../../../store/verify/verify-store.js';

/** What one run of `verify` looks at, and with what. */
export interface VerifyJob {
  readonly queue: Queue;
  readonly reader: Store;
  /** Open where rows are laid beside the store: for contents and repairs. */
  readonly repair: RepairStore | null;
  readonly mappers: ReadonlyMap<string, MapRecord>;
  readonly topic: string | undefined;
  readonly arrived: NonNullable<VerifyOptions['arrived']>;
  /** null: figures are not looked at. */
  readonly minutes: MinuteRange | null;
  readonly withContents: boolean;
  readonly progress: JobProgress;
  readonly signal: AbortSignal;
}

export interface JobProgress {
  readonly onPartition: (progress: VerifyProgress) => void;
  readonly onRecords: (compared: number) => void;
  readonly onFigures: (progress: FiguresProgress) => void;
  readonly onRange: (done: number, count: number) => void;
  readonly end: () => void;
}

/** What was found. */
export interface Inspection {
  readonly reports: readonly PartitionReport[];
  readonly figures: readonly FiguresReport[] | null;
  /** Records whose columns were compared; null: not asked for. */
  readonly compared: number | null;
}

/** Looks at everything that was asked for; changes nothing but tables of its own. */
export async function inspect(job: VerifyJob): Promise<Inspection> {
  const { topic, arrived, minutes, progress } = job;
  const options = { groupId: INGEST_GROUP_ID, topic, arrived };
  const sources = sourcesOf(job);
  let reports = await verify({ ...options, onProgress: progress.onPartition }, sources);
  let compared: number | null = null;
  if (job.withContents) {
    const asked = { ...options, onRecords: progress.onRecords };
    const contents = await verifyContents(asked, { ...repairSourcesOf(job), ...sources });
    reports = withContents(reports, contents);
    compared = contents.compared;
  }
  const figures = minutes === null ? null : await inspectFigures(job, minutes);
  progress.end();
  return { reports, figures, compared };
}

function inspectFigures(job: VerifyJob, range: MinuteRange): Promise<readonly FiguresReport[]> {
  const sources = sourcesOf(job);
  return verifyFigures(
    { range, onProgress: job.progress.onFigures },
    {
      store: createFiguresStore(job.reader),
      takeCut: () => takeWorkerCut(INGEST_GROUP_ID, sources),
      clock: systemClock,
      signal: job.signal,
    },
  );
}

/** What can be done about it. */
export function planOf(job: VerifyJob, { reports }: Inspection): Promise<RepairPlan> {
  return planRepair(reports, sourcesOf(job));
}

/** Mends rows first, then the figures that do not fit them. */
export async function mend(
  job: VerifyJob,
  plan: RepairPlan,
): Promise<{ readonly mended: readonly MendedRange[]; readonly figures: FiguresRepair }> {
  const sources = repairSourcesOf(job);
  const mended: MendedRange[] = [];
  for (const range of plan.ranges) {
    // Where its ledger line is, or else where the partition is stored.
    const shard = range.lines[0]?.shard ?? (await sources.repair.shardOf(range, job.signal));
    // Nothing was ever stored of it: the worker that comes will do so.
    if (shard === undefined) continue;
    mended.push(await repairRange(range, shard, sources, { withContents: job.withContents }));
    job.progress.onRange(mended.length, plan.ranges.length);
  }
  const reports = job.minutes === null ? [] : await inspectFigures(job, job.minutes);
  const figures = await repairFigures(INGEST_GROUP_ID, wrongFigures(reports), {
    queue: job.queue,
    clock: systemClock,
    signal: job.signal,
    repair: sources.repair,
  });
  job.progress.end();
  return { mended, figures };
}

function sourcesOf({
  queue,
  reader,
  signal,
}: VerifyJob): Pick<RepairSources, 'signal' | 'store'> & { readonly queue: Queue } {
  return { queue, store: createVerifyStore(reader), signal };
}

function repairSourcesOf(job: VerifyJob): RepairSources {
  const { repair, mappers } = job;
  if (repair === null) throw new Error('BUG: the store was not opened for a repair');
  return {
    ...sourcesOf(job),
    repair,
    mapChunk: (chunk) => {
      const map = mappers.get(chunk.topic);
      return map === undefined ? Promise.resolve(chunk) : mapChunk(chunk, map);
    },
  };
}
