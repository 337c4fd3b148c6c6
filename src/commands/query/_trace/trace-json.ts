import type { StoredEvent } from '../../../engine/model/stored-event.js';
import { formatRfc3339 } from '../../../engine/model/timestamp.js';
import { findCriticalPath, type CriticalPath } from '../../../engine/trace/critical-path.js';
import { foldRetries, type Retries } from '../../../engine/trace/fold-retries.js';
import { summarizeTrace, type TraceGap } from '../../../engine/trace/trace-summary.js';
import { buildTraceTree, walkTraceTree } from '../../../engine/trace/trace-tree.js';

/** What `--json` says of an action besides its events; there is at least one. */
export function describeTrace(id: string, events: readonly StoredEvent[]): Record<string, unknown> {
  const summary = summarizeTrace(events);
  const tree = buildTraceTree(events);
  const critical = findCriticalPath(tree);
  const retries = Array.from(walkTraceTree(foldRetries(tree)), ({ node }) => node.retries);
  return {
    id,
    start: formatRfc3339(summary.startNs),
    durationMs: toMs(summary.durationNs),
    services: summary.services,
    spanCount: summary.spanCount,
    errorCount: summary.errorCount,
    failureCount: summary.failureCount,
    warnCount: summary.warnCount,
    firstProblem: summary.firstProblem?.event ?? null,
    gaps: summary.longGaps.map(gapToJson),
    criticalPath: critical === undefined ? null : criticalToJson(critical),
    retries: retries.filter((each) => each !== undefined).map(retriesToJson),
  };
}

function gapToJson({ gapNs, before }: TraceGap): Record<string, unknown> {
  return { start: formatRfc3339(before.tsNs), gapMs: toMs(gapNs) };
}

function criticalToJson({ selfNs, outsideNs }: CriticalPath): Record<string, unknown> {
  const byService = new Map<string, bigint>();
  for (const [{ event }, ns] of selfNs) {
    const name = event.service ?? '';
    byService.set(name, (byService.get(name) ?? 0n) + ns);
  }
  return {
    services: [...byService].sort(byLongest).map(([name, ns]) => ({ name, selfMs: toMs(ns) })),
    spans: [...selfNs].sort(byLongest).map(([{ event }, ns]) => ({
      spanId: event.span_id ?? null,
      service: event.service ?? '',
      operation: event.operation ?? null,
      selfMs: toMs(ns),
    })),
    outsideMs: toMs(outsideNs),
  };
}

/** The path is in time order, and so stay those of one length. */
function byLongest([, a]: readonly [unknown, bigint], [, b]: readonly [unknown, bigint]): number {
  return Number(b - a);
}

function retriesToJson(retries: Retries): Record<string, unknown> {
  const event = retries.attempts[0]?.stored.event;
  return {
    service: event?.service ?? '',
    operation: event?.operation ?? null,
    provider: event?.provider ?? null,
    orderId: event?.order_id ?? null,
    spanIds: retries.attempts.map(({ stored }) => stored.event.span_id ?? null),
    outcomes: retries.outcomes,
    hasRecovered: retries.hasRecovered,
    totalMs: toMs(retries.totalNs),
    waitedMs: toMs(retries.waitedNs),
  };
}

function toMs(ns: bigint): number {
  return Number(ns) / 1e6;
}
