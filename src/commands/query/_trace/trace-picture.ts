import type { StoredEvent } from '../../../engine/model/stored-event.js';
import type { Zone } from '../../../engine/time/zone.js';
import { findCriticalPath, type CriticalPath } from '../../../engine/trace/critical-path.js';
import { foldNothing, foldRetries, type ViewNode } from '../../../engine/trace/fold-retries.js';
import {
  summarizeTrace,
  type TraceGap,
  type TraceSummary,
} from '../../../engine/trace/trace-summary.js';
import { buildTraceTree } from '../../../engine/trace/trace-tree.js';
import type { Paint } from '../../_cli/terminal.js';
import type { Stretch } from './waterfall/track.js';

/** What a trace is drawn from. */
export interface TracePicture {
  readonly id: string;
  readonly summary: TraceSummary;
  readonly roots: readonly ViewNode[];
  /** Undefined without a span. */
  readonly critical: CriticalPath | undefined;
  /** Where the action hung on a span, as shares of its duration. */
  readonly hungOn: ReadonlyMap<StoredEvent, readonly Stretch[]>;
  /** Long silences by the event that ended them. */
  readonly gapBefore: ReadonlyMap<StoredEvent, TraceGap>;
}

/** On what it is drawn. */
export interface TraceCanvas {
  readonly width: number;
  /** Lines may be longer than that where they are read by programs: no terminal will wrap them. */
  readonly isEndless: boolean;
  readonly zone: Zone;
  readonly paint: Paint;
}

/** Looks at the events of an action; there is at least one. Retries are folded unless they are to be shown each. */
export function pictureOf(
  id: string,
  events: readonly StoredEvent[],
  { isExpanded }: { readonly isExpanded: boolean },
): TracePicture {
  const summary = summarizeTrace(events);
  const tree = buildTraceTree(events);
  const critical = findCriticalPath(tree);
  const roots = isExpanded ? foldNothing(tree) : foldRetries(tree);
  return {
    id,
    summary,
    roots,
    critical,
    hungOn: stretchesBySpan(critical, summary),
    gapBefore: new Map(summary.longGaps.map((gap) => [gap.after, gap])),
  };
}

/** A moment as a share of the action's duration. */
export function shareAt(momentNs: bigint, { startNs, durationNs }: TraceSummary): number {
  return Number(momentNs - startNs) / (Number(durationNs) || 1);
}

function stretchesBySpan(
  critical: CriticalPath | undefined,
  summary: TraceSummary,
): Map<StoredEvent, Stretch[]> {
  const bySpan = new Map<StoredEvent, Stretch[]>();
  for (const { span, startNs, endNs } of critical?.stretches ?? []) {
    if (span === undefined) continue;
    const stretches = bySpan.get(span) ?? [];
    stretches.push({ start: shareAt(startNs, summary), end: shareAt(endNs, summary) });
    bySpan.set(span, stretches);
  }
  return bySpan;
}
