import { createMatch, type Match } from '../../../engine/filter/create-match.js';
import type { Event } from '../../../engine/model/event.js';
import type { Filter } from '../../../engine/model/filter.js';
import type { AsOf } from '../../../engine/model/question/as-of.js';
import type { Journeys } from '../../../engine/model/question/journeys.js';

// What chain-sql.ts says, said a second time by walking over events one by one.

/** An event and its time as the store has it. */
export interface TimedEvent {
  readonly tsNs: bigint;
  readonly event: Event;
}

/** One chain as a person would put it together by hand. */
export interface RecountedChain {
  readonly orderId: string;
  readonly beganNs: bigint;
  readonly endedNs: bigint;
  /** Each attempt once. */
  readonly tries: readonly TimedEvent[];
  readonly outcome: 'ok_first' | 'recovered' | 'failed' | 'abandoned' | 'open';
  /** How many attempts it took until it was decided. */
  readonly decidedBy: number;
  /** When an ok one was paid. */
  readonly paidNs: bigint | null;
  /** The attempt that decided, else the last one. */
  readonly voice: TimedEvent;
  /** Not decided for good. */
  readonly canChange: boolean;
}

/** All chains of the events, whenever they began. */
export function recountChains(
  events: readonly TimedEvent[],
  { journeys, asOf }: { readonly journeys: Journeys; readonly asOf: AsOf },
): RecountedChain[] {
  const isAttempt = createMatch(journeys.attempts);
  const orderIds = new Set(events.map(({ event }) => event.order_id ?? ''));
  orderIds.delete('');
  return [...orderIds].flatMap((orderId) => {
    const own = events.filter(({ event }) => event.order_id === orderId);
    const attempts = own.filter(({ event }) => isAttempt(event)).toSorted(byTime);
    const patienceNs = BigInt(journeys.spec.attempts.patienceMs) * 1_000_000n;
    const runs: TimedEvent[][] = [];
    for (const attempt of attempts) {
      const run = runs.at(-1);
      const last = run?.at(-1);
      if (run && last && attempt.tsNs - last.tsNs <= patienceNs) run.push(attempt);
      else runs.push([attempt]);
    }
    const factsOf = (filter: Filter) => factsByRun(own, createMatch(filter), runs, patienceNs);
    const paid = factsOf(journeys.settledOk);
    const failed = factsOf(journeys.settledFailed);
    return runs.map((run, at) =>
      judge(run, { orderId, paid: paid[at] ?? [], failed: failed[at] ?? [], journeys, asOf }),
    );
  });
}

/** Each fact goes to the run before it while patience lasts, else to the next one, if that begins within patience. */
function factsByRun(
  events: readonly TimedEvent[],
  match: Match,
  runs: readonly (readonly TimedEvent[])[],
  patienceNs: bigint,
): bigint[][] {
  const facts = runs.map((): bigint[] => []);
  for (const { tsNs, event } of events) {
    if (!match(event)) continue;
    const before = runs.findLastIndex((run) => run[0]!.tsNs <= tsNs);
    const after = before + 1;
    if (before >= 0 && tsNs <= runs[before]!.at(-1)!.tsNs + patienceNs) facts[before]!.push(tsNs);
    else if (after < runs.length && runs[after]![0]!.tsNs - tsNs <= patienceNs)
      facts[after]!.push(tsNs);
  }
  return facts;
}

interface Judging {
  readonly orderId: string;
  readonly paid: readonly bigint[];
  readonly failed: readonly bigint[];
  readonly journeys: Journeys;
  readonly asOf: AsOf;
}

function judge(run: readonly TimedEvent[], judging: Judging): RecountedChain {
  const { orderId, journeys, asOf } = judging;
  const { okStatuses, patienceMs, abandoned } = journeys.spec.attempts;
  const tries: TimedEvent[] = [];
  const seen = new Set<string>();
  for (const attempt of run) {
    const { attempt: number, op_id: opId = '' } = attempt.event;
    const name = number === undefined ? `${attempt.tsNs} ${opId}` : String(number);
    if (!seen.has(name)) tries.push(attempt);
    seen.add(name);
  }
  const beganNs = run[0]!.tsNs;
  const endedNs = run.at(-1)!.tsNs;
  const okAt = tries.findIndex(({ event }) => okStatuses.includes(event.status ?? ''));
  const okTry = tries[okAt];
  const paidNs = judging.paid.toSorted(ascending)[0];
  const failedNs = judging.failed.toSorted(ascending)[0];
  const signs = [okTry?.tsNs, paidNs].filter((ns) => ns !== undefined).toSorted(ascending);
  const isPaid = signs[0] !== undefined && (failedNs === undefined || signs[0] <= failedNs);
  const upTo = (ns: bigint) => Math.max(1, tries.filter(({ tsNs }) => tsNs <= ns).length);
  const patientNs = endedNs + BigInt(patienceMs) * 1_000_000n;
  const isYoung = patientNs >= asOf.asOfNs;
  const isFinal = patientNs < asOf.finalNs;
  const common = { orderId, beganNs, endedNs, tries };
  if (isPaid) {
    const decidedBy = okTry ? okAt + 1 : upTo(paidNs!);
    const saidNs = okTry ? okTry.tsNs : paidNs!;
    return {
      ...common,
      outcome: decidedBy === 1 ? 'ok_first' : 'recovered',
      decidedBy,
      paidNs: saidNs < beganNs ? beganNs : saidNs,
      voice: tries[decidedBy - 1]!,
      canChange: !isFinal && !okTry,
    };
  }
  const decidedBy = failedNs === undefined ? tries.length : upTo(failedNs);
  const voice = tries[decidedBy - 1]!;
  const rest = { ...common, decidedBy, paidNs: null, voice };
  if (failedNs !== undefined) return { ...rest, outcome: 'failed', canChange: false };
  if (isYoung) return { ...rest, outcome: 'open', canChange: !isFinal };
  return { ...rest, outcome: abandoned === 'failed' ? 'failed' : 'abandoned', canChange: !isFinal };
}

/** At one moment by number, those without one last; then by action and status. */
function byTime(a: TimedEvent, b: TimedEvent): number {
  const numberOf = ({ event }: TimedEvent) => event.attempt ?? Infinity;
  return (
    ascending(a.tsNs, b.tsNs) ||
    (numberOf(a) === numberOf(b) ? 0 : numberOf(a) < numberOf(b) ? -1 : 1) ||
    ascending(a.event.op_id ?? '', b.event.op_id ?? '') ||
    ascending(a.event.status ?? '', b.event.status ?? '')
  );
}

function ascending<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
