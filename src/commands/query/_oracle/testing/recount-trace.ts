import type { ChainFact, TruthFact } from '../../../../engine/generate/truth.js';
import type { StoredEvent } from '../../../../engine/model/stored-event.js';
import type { CriticalPath } from '../../../../engine/trace/critical-path.js';
import type { OracleEvent } from '../../_question/testing/shop-cases.js';

const NS_PER_MS = 1_000_000n;
const GAP_NS_MIN = 50n * NS_PER_MS;
const GAPS_MAX = 3;

/** What the events of an action say of it, read one by one. */
export interface RecountedTrace {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly spanCount: number;
  readonly errorCount: number;
  readonly warnCount: number;
  /** Silences of a tenth of the whole and more, the longest first. */
  readonly gapsNs: readonly bigint[];
}

/** In the order of the store: by time, then by place. */
export function inStoreOrder(events: readonly OracleEvent[]): OracleEvent[] {
  return events.toSorted((a, b) => {
    if (a.tsNs !== b.tsNs) return a.tsNs < b.tsNs ? -1 : 1;
    return a.partition - b.partition || a.offset - b.offset;
  });
}

export function recountTrace(events: readonly OracleEvent[]): RecountedTrace {
  const times = events.map(({ tsNs }) => tsNs).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const startNs = times[0]!;
  const ends = events.map(endOf);
  const endNs = ends.reduce((one, other) => (one > other ? one : other));
  const gapsNs = times
    .map((at, index) => at - (times[index - 1] ?? at))
    .filter((ns) => ns >= GAP_NS_MIN && 10n * ns >= endNs - startNs)
    .toSorted((a, b) => Number(b - a));
  const count = (level: string): number =>
    events.filter(({ event }) => event.level === level).length;
  return {
    ...{ startNs, endNs, gapsNs: gapsNs.slice(0, GAPS_MAX) },
    spanCount: events.filter(({ event }) => event.kind === 'span').length,
    errorCount: count('error') + count('fatal'),
    warnCount: count('warn'),
  };
}

function lengthOf({ event }: Pick<OracleEvent, 'event'>): bigint {
  const isSpan = event.kind === 'span';
  return isSpan ? BigInt(Math.round((event.duration_ms ?? 0) * Number(NS_PER_MS))) : 0n;
}

function endOf(one: Pick<OracleEvent, 'event' | 'tsNs'>): bigint {
  return one.tsNs + lengthOf(one);
}

/** Calls of one action to a provider, by the shop's own decisions; null: none was made again. */
export function retriesOf(
  opId: string,
  facts: readonly TruthFact[],
): { readonly provider: string; readonly outcomes: readonly string[] } | null {
  const chains = facts.filter((fact): fact is ChainFact => fact.kind === 'chain');
  const chain = chains.find(({ attempts }) => attempts.some((each) => each.opId === opId));
  const own = chain?.attempts.filter((each) => each.opId === opId) ?? [];
  if (chain === undefined || own.length < 2) return null;
  return { provider: chain.provider, outcomes: own.map(({ status }) => status) };
}

/**
 * What is wrong with a critical path; empty when nothing is. Whoever looks at one stretch by itself must find that it lies within
 * its span, and that no call of that span came back inside of it: then the time before had been that call's.
 */
export function faultsOfPath(
  path: CriticalPath,
  events: readonly StoredEvent[],
  { startNs, endNs }: Pick<RecountedTrace, 'startNs' | 'endNs'>,
): string[] {
  const faults: string[] = [];
  let nowNs = startNs;
  for (const { span, startNs: from, endNs: to } of path.stretches) {
    if (from !== nowNs || to <= from) faults.push(`a stretch from ${from} after ${nowNs}`);
    nowNs = to;
    if (span === undefined) continue;
    if (from < span.tsNs || to > endOf(span)) faults.push(`${from} is outside of its span`);
    for (const call of events) {
      const isCall = call.event.kind === 'span' && call.event.parent_id === span.event.span_id;
      const isWithin = call.tsNs >= span.tsNs && endOf(call) > from && endOf(call) <= to;
      if (isCall && isWithin && lengthOf(call) > 0n) faults.push(`${from} waited for a call`);
    }
  }
  if (nowNs !== endNs) faults.push(`it ends at ${nowNs} and not at ${endNs}`);
  return faults;
}
