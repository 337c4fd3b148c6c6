import type { RateSpan } from '../../../engine/load/arrivals.js';
import { AtbdError } from '../../../engine/model/error.js';
import { quoteValue } from '../../../engine/model/visible-text.js';
import { parseDuration } from '../../../engine/time/duration.js';

/** A part of the run: how long, and at which rates. */
export interface LoadStage {
  /** As it was written, or as it would be. */
  readonly text: string;
  readonly events: RateSpan;
  readonly selects: RateSpan;
}

type Track = 'events' | 'selects';

/** More than a machine that runs this can make. */
const PER_SECOND_MAX = 1_000_000;
const STAGES_MAX = 100;
const RUN_HOURS_MAX = 24;
const RUN_MS_MAX = RUN_HOURS_MAX * 60 * 60 * 1000;
/** Bounds what a stalled run has to write off at its end: under a minute of work. */
const ARRIVALS_MAX = 1_000_000_000;
const NS_PER_MS = 1_000_000;

const HINT =
  'Write it as DURATION:events=RATE,selects=RATE, for example 10s:events=0-10000,selects=20 (a ramp) and then 30s (which goes on as it ended).';

/**
 * The stages of `30s:events=0-10000,selects=5`: a rate holds, two with a dash ramp from one to the other, and one that is left out
 * stays as the stage before ended. Rejects with USAGE_INVALID what does not read so, and a run without a single request.
 */
export function parseStages(texts: readonly string[]): LoadStage[] {
  const stages: LoadStage[] = [];
  for (const text of texts) stages.push(parseStage(text, stages.at(-1)));
  checkLimits(stages);
  return stages;
}

/** Events a second over the whole run. */
export function meanOfEvents(stages: readonly LoadStage[]): number {
  const runMs = stages.reduce((sum, { events }) => sum + events.durationMs, 0);
  return (stages.reduce((sum, { events }) => sum + countOf(events), 0) / runMs) * 1000;
}

const STAGE = /^(?<duration>[^:]+)(?::(?<rates>.+))?$/u;
const RATE = /^(?<track>events|selects)=(?<from>\d+(?:\.\d+)?)(?:-(?<to>\d+(?:\.\d+)?))?$/u;

function parseStage(text: string, before: LoadStage | undefined): LoadStage {
  const groups = STAGE.exec(text.trim())?.groups;
  const durationNs = parseDuration(groups?.['duration'] ?? '');
  if (durationNs === null || durationNs <= 0n) throw refuse(text, 'it has no duration');
  const durationMs = Number(durationNs) / NS_PER_MS;
  const rates = new Map<Track, { readonly from: number; readonly to: number }>();
  for (const part of groups?.['rates']?.split(',') ?? []) {
    const rate = RATE.exec(part.trim())?.groups;
    if (rate === undefined) throw refuse(text, `${quoteValue(part)} is no rate`);
    const from = Number(rate['from']);
    const to = Number(rate['to'] ?? rate['from']);
    if (Math.max(from, to) > PER_SECOND_MAX) {
      throw refuse(text, `a rate is above ${PER_SECOND_MAX} a second`);
    }
    rates.set(rate['track'] as Track, { from, to });
  }
  const spanOf = (track: Track): RateSpan => {
    const kept = before?.[track].toPerSecond ?? 0;
    const { from, to } = rates.get(track) ?? { from: kept, to: kept };
    return { durationMs, fromPerSecond: from, toPerSecond: to };
  };
  return { text, events: spanOf('events'), selects: spanOf('selects') };
}

function checkLimits(stages: readonly LoadStage[]): void {
  if (stages.length > STAGES_MAX) throw refuseRun(`it has more than ${STAGES_MAX} stages`);
  const runMs = stages.reduce((sum, { events }) => sum + events.durationMs, 0);
  if (runMs > RUN_MS_MAX) throw refuseRun(`it is longer than ${RUN_HOURS_MAX} hours`);
  const count = stages.reduce(
    (sum, { events, selects }) => sum + countOf(events) + countOf(selects),
    0,
  );
  if (count > ARRIVALS_MAX) throw refuseRun(`it has more than ${ARRIVALS_MAX} requests`);
  if (count < 1) throw refuseRun('it has no request');
}

function countOf({ durationMs, fromPerSecond, toPerSecond }: RateSpan): number {
  return (((fromPerSecond + toPerSecond) / 2) * durationMs) / 1000;
}

function refuse(text: string, reason: string): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot read --stage ${quoteValue(text)}: ${reason}`,
    hint: HINT,
  });
}

function refuseRun(reason: string): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot make this run: ${reason}`,
    hint: HINT,
  });
}
