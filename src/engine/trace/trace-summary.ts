import type { Event } from '../model/event.js';
import { FAILED_STATUS_PATTERN } from '../model/failed-status.js';
import { compareStoredEvents, type StoredEvent } from '../model/stored-event.js';
import { spanLengthNs } from './span.js';

/** What to know of an action before its events are read. */
export interface TraceSummary {
  readonly startNs: bigint;
  /** From the first start to the last end. */
  readonly durationNs: bigint;
  /** In the order of their first event. */
  readonly services: readonly ServiceSummary[];
  readonly spanCount: number;
  readonly errorCount: number;
  readonly warnCount: number;
  /** Events that say they failed without being logged as an error. */
  readonly failureCount: number;
  /** The first error; where none was logged, the first failure. */
  readonly firstProblem: StoredEvent | undefined;
  /** The longest times without any event, the longest first: those that are a good part of the whole, and only a few. */
  readonly longGaps: readonly TraceGap[];
}

/** One service's part in an action. */
export interface ServiceSummary {
  readonly name: string;
  readonly eventCount: number;
  readonly problemCount: number;
}

/** A silence between two events. */
export interface TraceGap {
  readonly gapNs: bigint;
  readonly before: StoredEvent;
  readonly after: StoredEvent;
}

/** What went wrong with an event: an error by its level, a failure by its status, a warning; undefined: nothing. */
export function problemOf(event: Event): 'error' | 'failure' | 'warning' | undefined {
  if (event.level === 'error' || event.level === 'fatal') return 'error';
  if (event.status !== undefined && FAILED_STATUS.test(event.status)) return 'failure';
  return event.level === 'warn' ? 'warning' : undefined;
}

const FAILED_STATUS = new RegExp(FAILED_STATUS_PATTERN, 'iu');

/** Summarises the events of an action; there is at least one. */
export function summarizeTrace(events: readonly StoredEvent[]): TraceSummary {
  const sorted = events.toSorted(compareStoredEvents);
  const startNs = sorted[0]?.tsNs ?? 0n;
  let endNs = startNs;
  for (const stored of sorted) endNs = maxOf(endNs, endOf(stored));
  const durationNs = endNs - startNs;
  const problems = sorted.map(({ event }) => problemOf(event));
  const count = (kind: string): number => problems.filter((problem) => problem === kind).length;
  const first = (kind: string): StoredEvent | undefined =>
    sorted[problems.indexOf(kind as 'error')];
  return {
    startNs,
    durationNs,
    services: summarizeServices(sorted),
    spanCount: sorted.filter(({ event }) => spanLengthNs(event) !== null).length,
    errorCount: count('error'),
    warnCount: count('warning'),
    failureCount: count('failure'),
    firstProblem: first('error') ?? first('failure'),
    longGaps: findLongGaps(sorted, durationNs),
  };
}

function summarizeServices(events: readonly StoredEvent[]): ServiceSummary[] {
  const services = new Map<string, { name: string; eventCount: number; problemCount: number }>();
  for (const { event } of events) {
    const name = event.service ?? '';
    const known = services.get(name) ?? { name, eventCount: 0, problemCount: 0 };
    const problem = problemOf(event);
    known.eventCount += 1;
    if (problem === 'error' || problem === 'failure') known.problemCount += 1;
    services.set(name, known);
  }
  return [...services.values()];
}

/** A silence of less than this part of the whole is not where the time went. */
const LONG_GAP_SHARE = 0.1;

/** A shorter silence is one that nobody waits through, however short the action. */
const LONG_GAP_NS_MIN = 50_000_000n;

/** More than these are a slow action, not an action with gaps. */
const LONG_GAPS_MAX = 3;

function findLongGaps(events: readonly StoredEvent[], durationNs: bigint): TraceGap[] {
  const gaps: TraceGap[] = [];
  for (const [index, after] of events.entries()) {
    const before = events[index - 1];
    if (before === undefined) continue;
    const gapNs = after.tsNs - before.tsNs;
    if (gapNs < LONG_GAP_NS_MIN || Number(gapNs) < LONG_GAP_SHARE * Number(durationNs)) continue;
    gaps.push({ gapNs, before, after });
  }
  // At most ten are that long.
  return gaps.sort((a, b) => Number(b.gapNs - a.gapNs)).slice(0, LONG_GAPS_MAX);
}

function endOf({ tsNs, event }: StoredEvent): bigint {
  return tsNs + (spanLengthNs(event) ?? 0n);
}

function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
