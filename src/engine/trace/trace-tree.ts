import { compareStoredEvents, type StoredEvent } from '../model/stored-event.js';
import { spanLengthNs } from './span.js';

/** One event in its place of the tree. */
export interface TraceNode {
  readonly stored: StoredEvent;
  readonly isSpan: boolean;
  readonly startNs: bigint;
  /** Equal to the start where there is no duration. */
  readonly endNs: bigint;
  /** Since the event before it in time, whatever its place in the tree. */
  readonly gapNs: bigint;
  /** In time order. */
  readonly children: readonly TraceNode[];
  /** What is odd about its place; undefined for most. */
  readonly oddity: TraceOddity | undefined;
}

/**
 * Why a node stands where it stands: its parent is not in the trace; its parents form a circle, which was cut here; its
 * span was there already; it starts before its parent, so the clocks of two hosts differ.
 */
export type TraceOddity = 'parentMissing' | 'circle' | 'duplicate' | 'beforeParent';

interface Draft {
  stored: StoredEvent;
  isSpan: boolean;
  startNs: bigint;
  endNs: bigint;
  gapNs: bigint;
  children: Draft[];
  oddity: TraceOddity | undefined;
  parent: Draft | undefined;
}

/**
 * Nests spans under their parents and events under the span they carry. Whatever cannot be placed stands at the
 * root: every event is in the forest exactly once. Works without recursion, as a hostile trace may be one long chain.
 */
export function buildTraceTree(events: readonly StoredEvent[]): TraceNode[] {
  const drafts = toDrafts(events);
  const spans = indexSpans(drafts);
  for (const draft of drafts) attach(draft, spans);
  cutCircles(drafts);
  const roots: Draft[] = [];
  for (const draft of drafts) {
    // In time order, so children and roots come out sorted.
    if (draft.parent === undefined) roots.push(draft);
    else draft.parent.children.push(draft);
  }
  return roots;
}

/** What has children of its own kind. */
interface Nested<N> {
  readonly children: readonly N[];
}

/** A node with its depth and whether later siblings follow it, and each of its ancestors below the root. */
export interface TraceRow<N = TraceNode> {
  readonly node: N;
  readonly depth: number;
  /** Per level from 1 to the depth: whether the line of that level goes on below this row. */
  readonly isContinued: readonly boolean[];
}

/** The tree from the top down, as rows. */
export function* walkTraceTree<N extends Nested<N>>(roots: readonly N[]): Generator<TraceRow<N>> {
  interface Step {
    readonly nodes: readonly N[];
    readonly isContinued: readonly boolean[];
    next: number;
  }
  const stack: Step[] = [{ nodes: roots, isContinued: [], next: 0 }];
  for (let step = stack.at(-1); step !== undefined; step = stack.at(-1)) {
    const node = step.nodes[step.next];
    if (node === undefined) {
      stack.pop();
      continue;
    }
    step.next += 1;
    const depth = stack.length - 1;
    // The roots have no line between them.
    const hasNext = step.next < step.nodes.length;
    const isContinued = depth === 0 ? [] : continueLines(step.isContinued, hasNext);
    yield { node, depth, isContinued };
    if (node.children.length > 0) stack.push({ nodes: node.children, isContinued, next: 0 });
  }
}

/** Lines kept per row: deeper ones are never drawn, and a chain of 100,000 spans must not cost its square. */
const LINES_MAX = 64;

function continueLines(above: readonly boolean[], hasNext: boolean): readonly boolean[] {
  return above.length >= LINES_MAX ? above : [...above, hasNext];
}

function toDrafts(events: readonly StoredEvent[]): Draft[] {
  let previousNs: bigint | undefined;
  return events.toSorted(compareStoredEvents).map((stored) => {
    const { tsNs: startNs, event } = stored;
    const lengthNs = spanLengthNs(event);
    const gapNs = previousNs === undefined ? 0n : startNs - previousNs;
    previousNs = startNs;
    return {
      stored,
      isSpan: lengthNs !== null,
      startNs,
      endNs: startNs + (lengthNs ?? 0n),
      gapNs,
      children: [],
      oddity: undefined,
      parent: undefined,
    };
  });
}

/** Spans by id; more than one where an id was used again. */
function indexSpans(drafts: readonly Draft[]): Map<string, Draft[]> {
  const spans = new Map<string, Draft[]>();
  for (const draft of drafts) {
    const id = draft.stored.event.span_id;
    if (!draft.isSpan || id === undefined) continue;
    const known = spans.get(id);
    if (known === undefined) {
      spans.set(id, [draft]);
    } else {
      draft.oddity = 'duplicate';
      known.push(draft);
    }
  }
  return spans;
}

function attach(draft: Draft, spans: ReadonlyMap<string, readonly Draft[]>): void {
  const { event } = draft.stored;
  // A log line hangs on its span; a span, or a line whose span is unknown, on its parent.
  const own = draft.isSpan ? undefined : pick(spans.get(event.span_id ?? ''), event.service);
  const parent = own ?? pick(spans.get(event.parent_id ?? ''), event.service);
  if (parent !== undefined && parent !== draft) {
    draft.parent = parent;
    if (draft.startNs < parent.startNs) draft.oddity ??= 'beforeParent';
    return;
  }
  if (parent === draft) draft.oddity ??= 'circle';
  else if (draft.isSpan && event.parent_id !== undefined) draft.oddity ??= 'parentMissing';
}

/** Of spans with one id that of the same service, otherwise the first. */
function pick(spans: readonly Draft[] | undefined, service: string | undefined): Draft | undefined {
  if (spans === undefined || spans.length === 1) return spans?.[0];
  return spans.find((span) => span.stored.event.service === service) ?? spans[0];
}

/** Makes the earliest span of each circle of parents a root. */
function cutCircles(drafts: readonly Draft[]): void {
  const safe = new Set<Draft>();
  for (const start of drafts) {
    const path = new Set<Draft>();
    let draft: Draft | undefined = start;
    while (draft !== undefined && !safe.has(draft) && !path.has(draft)) {
      path.add(draft);
      draft = draft.parent;
    }
    if (draft !== undefined && path.has(draft)) cutAtEarliest(draft);
    for (const each of path) safe.add(each);
  }
}

function cutAtEarliest(onCircle: Draft): void {
  let earliest = onCircle;
  for (
    let draft = onCircle.parent;
    draft !== undefined && draft !== onCircle;
    draft = draft.parent
  ) {
    if (compareStoredEvents(draft.stored, earliest.stored) < 0) earliest = draft;
  }
  earliest.parent = undefined;
  earliest.oddity = 'circle';
}
