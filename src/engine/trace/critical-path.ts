import type { StoredEvent } from '../model/stored-event.js';
import { walkTraceTree, type TraceNode } from './trace-tree.js';

/** What an action's duration hung on: had these stretches been shorter, the action would have been. */
export interface CriticalPath {
  /** In time order and end to end: they cover the action from its start to its end, so their lengths add up to its duration. */
  readonly stretches: readonly CriticalStretch[];
  /** How long the action hung on each span itself, and not on a span below it; in the order in which it first did. */
  readonly selfNs: ReadonlyMap<StoredEvent, bigint>;
  /** How long it hung on no span: before the first, between two, or after the last. */
  readonly outsideNs: bigint;
}

/** A part of the action's time, and the span that it hung on meanwhile; undefined where no span was there to wait for. */
export interface CriticalStretch {
  readonly span: StoredEvent | undefined;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/**
 * Hosts that keep time agree to about this much, and many loggers cut times to the millisecond. A child that overlaps
 * what came after it by no more is taken to have ended before it.
 */
const CLOCK_TOLERANCE_NS = 10_000_000n;

/**
 * The critical path of an action; undefined where it has no span.
 *
 * It is found backwards, as in CRISP (Zhang et al., "CRISP: Critical Path Analysis of Large-Scale Microservice
 * Architectures", USENIX ATC 2022): from a span's end its child that ended last before is what it waited for, so the time
 * after that child's end is the span's own; then the child in the same way; and from the child's start on back in the span.
 * Children that ran beside the one waited for have not delayed anything.
 *
 * CRISP looks at one root and cuts what outlives its parent. Here an action is all that happened under its ID, so:
 * - It starts with the span that ends last, wherever it stands. From its start the way goes up to the parent that called
 *   it, for an asynchronous child too, and, past a root, to the span that ended last before.
 * - A child that outlives its parent was not waited for by the parent.
 * - Of a child that started before its parent (the clocks differ) only the part within the parent counts.
 */
export function findCriticalPath(roots: readonly TraceNode[]): CriticalPath | undefined {
  const { spans, startNs, endNs } = placeSpans(roots);
  if (spans.length === 0) return undefined;
  const path = new PathBook();
  let nowNs = endNs;
  for (const span of spans.toSorted(byEndThenDepth)) {
    const untilNs = minOf(span.node.endNs, nowNs);
    if (span.node.startNs >= untilNs || !hasEndedBy(span, nowNs)) continue;
    path.add(undefined, untilNs, nowNs);
    walkBack(span, untilNs, path);
    nowNs = climb(span, path);
  }
  path.add(undefined, startNs, nowNs);
  return path.close();
}

/** The span that the action hung on for most of a stretch; undefined where that was none. */
export function findHungOn(
  { stretches }: CriticalPath,
  { startNs, endNs }: Pick<CriticalStretch, 'startNs' | 'endNs'>,
): StoredEvent | undefined {
  const sums = new Map<StoredEvent | undefined, bigint>();
  let most: { readonly span: StoredEvent | undefined; readonly ns: bigint } | undefined;
  for (const stretch of stretches) {
    const sharedNs = minOf(stretch.endNs, endNs) - maxOf(stretch.startNs, startNs);
    if (sharedNs <= 0n) continue;
    const ns = (sums.get(stretch.span) ?? 0n) + sharedNs;
    sums.set(stretch.span, ns);
    if (most === undefined || ns > most.ns) most = { span: stretch.span, ns };
  }
  return most?.span;
}

/** A span in its place. */
interface SpanPlace {
  readonly node: TraceNode;
  readonly parent: SpanPlace | undefined;
  readonly depth: number;
  /** The latest end first, once they were asked for. */
  readonly children: SpanPlace[];
  isSorted: boolean;
  /** The way up went past here: it and all above it start after what is left to explain. */
  isPassed: boolean;
}

interface Placed {
  readonly spans: SpanPlace[];
  readonly startNs: bigint;
  readonly endNs: bigint;
}

function placeSpans(roots: readonly TraceNode[]): Placed {
  const spans: SpanPlace[] = [];
  const above: SpanPlace[] = [];
  let startNs = roots[0]?.startNs ?? 0n;
  let endNs = startNs;
  for (const { node, depth } of walkTraceTree(roots)) {
    startNs = minOf(startNs, node.startNs);
    endNs = maxOf(endNs, node.endNs);
    // What has children is a span, so above a node there are spans only.
    if (!node.isSpan) continue;
    const parent = depth === 0 ? undefined : above[depth - 1];
    const place: SpanPlace = {
      node,
      parent,
      depth,
      children: [],
      isSorted: false,
      isPassed: false,
    };
    above[depth] = place;
    parent?.children.push(place);
    spans.push(place);
  }
  return { spans, startNs, endNs };
}

/** Of spans that end at one moment the outermost comes first: it has waited for the others. */
function byEndThenDepth(a: SpanPlace, b: SpanPlace): number {
  if (a.node.endNs !== b.node.endNs) return a.node.endNs > b.node.endNs ? -1 : 1;
  return a.depth - b.depth;
}

/** Whether it ended before, as far as clocks can tell: what lasts on for more than half of its length did not. */
function hasEndedBy({ node }: SpanPlace, momentNs: bigint): boolean {
  const overhangNs = node.endNs - momentNs;
  if (overhangNs <= 0n) return true;
  return overhangNs <= CLOCK_TOLERANCE_NS && 2n * overhangNs < node.endNs - node.startNs;
}

/** Where the walk stands in one span. */
interface Step {
  readonly span: SpanPlace;
  readonly fromNs: bigint;
  nowNs: bigint;
  nextChild: number;
}

/** From `untilNs` back to the span's start. Without recursion, as a hostile trace may be one long chain. */
function walkBack(top: SpanPlace, untilNs: bigint, path: PathBook): void {
  const steps: Step[] = [stepInto(top, top.node.startNs, untilNs)];
  for (let step = steps.at(-1); step !== undefined; step = steps.at(-1)) {
    const child = takeLastFinishing(step);
    if (child === undefined) {
      path.add(step.span.node.stored, step.fromNs, step.nowNs);
      steps.pop();
      continue;
    }
    const childUntilNs = minOf(child.node.endNs, step.nowNs);
    const childFromNs = maxOf(child.node.startNs, step.fromNs);
    path.add(step.span.node.stored, childUntilNs, step.nowNs);
    step.nowNs = childFromNs;
    steps.push(stepInto(child, childFromNs, childUntilNs));
  }
}

function stepInto(span: SpanPlace, fromNs: bigint, nowNs: bigint): Step {
  if (!span.isSorted) {
    span.children.sort(byEndThenDepth);
    span.isSorted = true;
  }
  return { span, fromNs, nowNs, nextChild: 0 };
}

/** The child that ended last before now. One that is passed over cannot come into question later: now only moves back. */
function takeLastFinishing(step: Step): SpanPlace | undefined {
  const { children } = step.span;
  for (;;) {
    const child = children[step.nextChild];
    if (child === undefined || child.node.endNs <= step.fromNs) return undefined;
    step.nextChild += 1;
    const fromNs = maxOf(child.node.startNs, step.fromNs);
    const untilNs = minOf(child.node.endNs, step.nowNs);
    if (fromNs < untilNs && hasEndedBy(child, step.nowNs)) return child;
  }
}

/** From the start of a span up through its parents, each from the moment it called the one below; gives the moment reached. */
function climb(span: SpanPlace, path: PathBook): bigint {
  let nowNs = span.node.startNs;
  for (let { parent } = span; parent?.isPassed === false; parent = parent.parent) {
    parent.isPassed = true;
    const untilNs = minOf(parent.node.endNs, nowNs);
    if (parent.node.startNs >= untilNs) continue;
    // A message that waited in a queue after its sender was done.
    path.add(undefined, untilNs, nowNs);
    walkBack(parent, untilNs, path);
    nowNs = parent.node.startNs;
  }
  return nowNs;
}

/** Keeps the stretches as they are found, from the end to the start. */
class PathBook {
  readonly #stretches: CriticalStretch[] = [];

  add(span: StoredEvent | undefined, startNs: bigint, endNs: bigint): void {
    if (startNs < endNs) this.#stretches.push({ span, startNs, endNs });
  }

  close(): CriticalPath {
    const stretches = this.#stretches.reverse();
    const selfNs = new Map<StoredEvent, bigint>();
    let outsideNs = 0n;
    for (const { span, startNs, endNs } of stretches) {
      if (span === undefined) outsideNs += endNs - startNs;
      else selfNs.set(span, (selfNs.get(span) ?? 0n) + endNs - startNs);
    }
    return { stretches, selfNs, outsideNs };
  }
}

function minOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
