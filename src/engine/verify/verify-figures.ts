import type { Clock } from '../model/clock.js';
import type {
  FigureDifference,
  FiguresStore,
  HourDigest,
  HourRecount,
  MinuteRange,
  OpenFrom,
  RollupOfShard,
} from '../model/verify-figures.js';

/** Where the workers are: what is committed of each partition, and the chunks that are announced and not finished. */
export interface WorkerCut {
  readonly open: readonly OpenFrom[];
  /** One text a chunk, the same for as long as it is not finished. */
  readonly intents: ReadonlySet<string>;
}

export interface FiguresSources {
  readonly store: FiguresStore;
  readonly takeCut: () => Promise<WorkerCut>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface FiguresOptions {
  readonly range: MinuteRange;
  /** Called before each roll-up of a shard. */
  readonly onProgress?: (progress: FiguresProgress) => void;
}

export interface FiguresProgress extends RollupOfShard {
  readonly shardCount: number;
}

/** The verdict on one roll-up of one shard. */
export interface FiguresReport extends RollupOfShard {
  /** From when on it was compared, seconds since the epoch; null: not at all, because questions do not read it either. */
  readonly comparedFrom: number | null;
  /** Hours whose figures equal a recount. */
  readonly equalHours: number;
  /** Hours that kept changing, or that a chunk in the making may be in. */
  readonly unsettledHours: number;
  readonly wrongHours: number;
  /** These hours, or the minutes of them that were compared. */
  readonly wrongRanges: readonly MinuteRange[];
  /** Where they differ, ascending by minute. */
  readonly differences: readonly FigureDifference[];
  /** Differences beyond DIFFERENCES_MAX may be there. */
  readonly isCutOff: boolean;
}

/** Differences listed per roll-up of a shard. */
const DIFFERENCES_MAX = 100;

/** Events recounted by one query: bounds what it holds in memory. */
const SLICE_EVENTS_MAX = 2_000_000;

/** An hour that differs is looked at again, so that inserts that were under way have ended. */
const LOOKS_AGAIN = 5;
const LOOK_AGAIN_MS = 1_000;

/** Sums of floating-point numbers in another order: far below what one event adds. */
const RELATIVE_TOLERANCE = 1e-9;

const SECONDS_PER_HOUR = 3_600;

/**
 * Compares each roll-up with a recount of its events, hour by hour, beside live traffic. An hour is called wrong only when
 *
 * - its figures read the same before and after the recount,
 * - no event of it was beyond the group's commit, and
 * - all of this was so twice with the same result, while each chunk that was announced at first was finished in between:
 *   then no insert that was under way can explain the difference.
 */
export async function verifyFigures(
  options: FiguresOptions,
  sources: FiguresSources,
): Promise<readonly FiguresReport[]> {
  const reports: FiguresReport[] = [];
  for (let shard = 0; shard < sources.store.shardCount; shard += 1) {
    const hours = await sources.store.listHours(shard, options.range, sources.signal);
    for (const rollup of sources.store.rollups) {
      options.onProgress?.({ shard, rollup, shardCount: sources.store.shardCount });
      reports.push(await verifyRollup({ shard, rollup }, hours, options, sources));
    }
  }
  return reports;
}

type Hours = Awaited<ReturnType<FiguresStore['listHours']>>;

async function verifyRollup(
  at: RollupOfShard,
  hours: Hours,
  { range }: FiguresOptions,
  sources: FiguresSources,
): Promise<FiguresReport> {
  const { store, signal } = sources;
  const completeFrom = await store.completeFrom(at, signal);
  const outcome = { ...at, comparedFrom: null, equalHours: 0, unsettledHours: 0, wrongHours: 0 };
  if (completeFrom === null)
    return { ...outcome, wrongRanges: [], differences: [], isCutOff: false };
  const within = { from: Math.max(range.from, completeFrom), until: range.until };
  let equalHours = 0;
  const suspects: Suspect[] = [];
  for (const slice of slicesOf(hours, within)) {
    signal.throwIfAborted();
    const looks = await look(at, slice, sources);
    equalHours += looks.filter(({ verdict }) => verdict === 'equal').length;
    suspects.push(...looks.filter(({ verdict }) => verdict !== 'equal'));
  }
  const { wrong, unsettled, settled } = await lookAgain(at, suspects, within, sources);
  const differences = await differencesOf(at, wrong, within, sources);
  return {
    ...at,
    comparedFrom: within.from,
    equalHours: equalHours + settled,
    unsettledHours: unsettled,
    wrongHours: wrong.length,
    wrongRanges: wrong.map((hour) => hourWithin(hour, within)),
    differences: differences.slice(0, DIFFERENCES_MAX),
    isCutOff: differences.length > DIFFERENCES_MAX,
  };
}

/** Neighbouring hours, up to so many events in all. */
function* slicesOf(hours: Hours, { from, until }: MinuteRange): Iterable<MinuteRange> {
  let first: number | undefined;
  let eventCount = 0;
  for (const { hour, eventCount: more } of hours) {
    if (hour + SECONDS_PER_HOUR <= from || hour >= until) continue;
    if (first !== undefined && eventCount + more > SLICE_EVENTS_MAX) {
      yield { from: Math.max(first, from), until: Math.min(hour, until) };
      first = undefined;
      eventCount = 0;
    }
    first ??= hour;
    eventCount += more;
  }
  if (first !== undefined) yield { from: Math.max(first, from), until };
}

/** What one look at an hour found. */
interface Look {
  readonly hour: number;
  readonly verdict: 'equal' | 'moving' | 'differs';
  /** Both sides; the same when nothing changed in between. */
  readonly state: string;
  readonly intents: ReadonlySet<string>;
}

type Suspect = Look;

async function look(
  at: RollupOfShard,
  range: MinuteRange,
  { store, takeCut, signal }: FiguresSources,
): Promise<Look[]> {
  const { open, intents } = await takeCut();
  const before = await store.digestFigures(at, range, signal);
  const recount = await store.digestEvents(at, { ...range, open }, signal);
  const after = await store.digestFigures(at, range, signal);
  const hours = new Set([...before.keys(), ...recount.keys(), ...after.keys()]);
  return [...hours]
    .sort((a, b) => a - b)
    .map((hour) => {
      const sides = {
        before: before.get(hour),
        events: recount.get(hour),
        after: after.get(hour),
      };
      const state = JSON.stringify([sides.after, sides.events]);
      return { hour, verdict: judge(sides), state, intents };
    });
}

function judge({
  before,
  events,
  after,
}: {
  readonly before: HourDigest | undefined;
  readonly events: HourRecount | undefined;
  readonly after: HourDigest | undefined;
}): Look['verdict'] {
  if (isSame(after, events)) return 'equal';
  if (!isSame(before, after) || (events?.openCount ?? 0) > 0) return 'moving';
  return 'differs';
}

function isSame(a: HourDigest | undefined, b: HourDigest | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const tolerance = RELATIVE_TOLERANCE * Math.max(a.scale, b.scale);
  return a.digest === b.digest && Math.abs(a.total - b.total) <= tolerance;
}

interface Settled {
  readonly wrong: readonly number[];
  readonly unsettled: number;
  /** Hours that turned out equal. */
  readonly settled: number;
}

async function lookAgain(
  at: RollupOfShard,
  suspects: readonly Suspect[],
  within: MinuteRange,
  sources: FiguresSources,
): Promise<Settled> {
  let waiting = suspects;
  const wrong: number[] = [];
  let settled = 0;
  for (let round = 0; round < LOOKS_AGAIN && waiting.length > 0; round += 1) {
    await sources.clock.sleep(LOOK_AGAIN_MS, sources.signal);
    const next: Suspect[] = [];
    for (const suspect of waiting) {
      const [now] = await look(at, hourWithin(suspect.hour, within), sources);
      if (now === undefined || now.verdict === 'equal') settled += 1;
      else if (isConfirmed(suspect, now)) wrong.push(suspect.hour);
      else next.push(now);
    }
    waiting = next;
  }
  return { wrong, unsettled: waiting.length, settled };
}

function hourWithin(hour: number, { from, until }: MinuteRange): MinuteRange {
  return { from: Math.max(hour, from), until: Math.min(hour + SECONDS_PER_HOUR, until) };
}

function isConfirmed(first: Look, second: Look): boolean {
  if (first.verdict !== 'differs' || second.verdict !== 'differs') return false;
  if (first.state !== second.state) return false;
  return [...first.intents].every((intent) => !second.intents.has(intent));
}

/** Up to one more than are listed. */
async function differencesOf(
  at: RollupOfShard,
  hours: readonly number[],
  within: MinuteRange,
  { store, signal }: FiguresSources,
): Promise<FigureDifference[]> {
  const found: FigureDifference[] = [];
  for (const hour of hours) {
    const limit = DIFFERENCES_MAX + 1 - found.length;
    if (limit <= 0) break;
    found.push(
      ...(await store.listDifferences(at, { ...hourWithin(hour, within), limit }, signal)),
    );
  }
  return found;
}
