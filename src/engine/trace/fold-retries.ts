import type { Event } from '../model/event.js';
import { compareStoredEvents, type StoredEvent } from '../model/stored-event.js';
import { problemOf } from './trace-summary.js';
import { walkTraceTree, type TraceNode } from './trace-tree.js';

/** A node as it is shown: one event, or the first of several attempts that stands for all of them. */
export interface ViewNode extends TraceNode {
  readonly children: readonly ViewNode[];
  /** What is folded into this node; undefined for an event that stands for itself. */
  readonly retries: Retries | undefined;
}

/** Attempts at one thing, one after the other. */
export interface Retries {
  /** At least two, in time order. */
  readonly attempts: readonly TraceNode[];
  /** How each attempt ended: its status, or failed, or ? where nothing says so. */
  readonly outcomes: readonly string[];
  readonly hasRecovered: boolean;
  /** From the first attempt's start to the last one's end. */
  readonly totalNs: bigint;
  /** Of it, the time between attempts. */
  readonly waitedNs: bigint;
  /** Every event that is shown in no other line: attempts, what is below them, and the lines between them. In time order. */
  readonly folded: readonly StoredEvent[];
  /** Different errors among them, the earliest first. */
  readonly errors: readonly RepeatedError[];
}

/** An error that came so many times, but for its numbers. */
export interface RepeatedError {
  readonly first: StoredEvent;
  readonly count: number;
}

/** Times cut to the millisecond may let an attempt start this much before the last one's end. */
const OVERLAP_NS_MAX = 1_000_000n;

/**
 * Folds the attempts of one operation into one node each, for a view: nothing is lost of the trace itself.
 *
 * Attempts are spans (or, where there are none, records with an `attempt`) of one parent, service, operation, provider and
 * order that follow each other without overlapping. Where they number themselves (`attempt`), the numbers must rise; where
 * not, they must have one name, and each but the last must have failed: calling something again after success is no retry.
 *
 * Lines beside the attempts go with them: those that name one of the attempts, and those of the same service in between. When
 * the last attempt called others, what it did stays in sight below the fold; otherwise all is folded.
 */
export function foldRetries(roots: readonly TraceNode[]): ViewNode[] {
  return view(roots, foldSiblings);
}

/** The same view with every event in a node of its own. */
export function foldNothing(roots: readonly TraceNode[]): ViewNode[] {
  return view(roots, (nodes) => nodes.map(standAlone));
}

function view(
  roots: readonly TraceNode[],
  fold: (siblings: readonly TraceNode[]) => ViewDraft[],
): ViewNode[] {
  const drafts = fold(roots);
  // From the top down, so that what is folded away is looked at once.
  const open = [...drafts];
  for (let draft = open.pop(); draft !== undefined; draft = open.pop()) {
    draft.children = fold(draft.below);
    for (const child of draft.children) open.push(child);
  }
  return drafts;
}

interface ViewDraft extends ViewNode {
  children: ViewDraft[];
  /** Children that are still to be folded. */
  readonly below: readonly TraceNode[];
}

function foldSiblings(siblings: readonly TraceNode[]): ViewDraft[] {
  const spanGroups = gatherGroups(siblings, ({ isSpan }) => isSpan);
  const taken = new Set([...spanGroups.values()].flat());
  const rest = siblings.filter((node) => !taken.has(node));
  const recordGroups = gatherGroups(rest, isNumberedRecord);
  for (const node of [...recordGroups.values()].flat()) taken.add(node);
  const groups = new Map([...spanGroups, ...recordGroups].map((group) => [group[0].first, group]));
  const drafts: ViewDraft[] = [];
  for (const node of siblings) {
    const group = groups.get(node);
    if (group !== undefined) drafts.push(foldRun(...group));
    else if (!taken.has(node)) drafts.push(standAlone(node));
  }
  return drafts;
}

function standAlone(node: TraceNode): ViewDraft {
  return { ...node, children: [], below: node.children, retries: undefined };
}

/** Attempts that follow each other. */
interface Run {
  readonly first: TraceNode;
  last: TraceNode;
  readonly attempts: TraceNode[];
  readonly byNumber: Map<number, TraceNode>;
}

function startRun(first: TraceNode): Run {
  const run: Run = { first, last: first, attempts: [], byNumber: new Map() };
  addAttempt(run, first);
  return run;
}

function addAttempt(run: Run, node: TraceNode): void {
  const { attempt } = node.stored.event;
  run.attempts.push(node);
  run.last = node;
  if (attempt !== undefined) run.byNumber.set(attempt, node);
}

function isNumberedRecord({ isSpan, stored: { event } }: TraceNode): boolean {
  return !isSpan && event.kind === 'record' && event.attempt !== undefined;
}

/** Runs of two and more attempts. */
function findRuns(siblings: readonly TraceNode[], isAttempt: (node: TraceNode) => boolean): Run[] {
  if (siblings.length < 2) return [];
  const runsByKey = new Map<string, Run[]>();
  for (const node of siblings) {
    if (!isAttempt(node)) continue;
    const key = keyOf(node);
    const runs = runsByKey.get(key) ?? [];
    const current = runs.at(-1);
    if (current !== undefined && isNextAttempt(current.last, node)) addAttempt(current, node);
    else runs.push(startRun(node));
    runsByKey.set(key, runs);
  }
  return [...runsByKey.values()].flat().filter(({ attempts }) => attempts.length > 1);
}

function keyOf({ isSpan, stored: { event } }: TraceNode): string {
  const { parent_id, service, operation, provider, order_id, type } = event;
  return JSON.stringify([parent_id, service, operation, provider, order_id, isSpan ? '' : type]);
}

function isNextAttempt(last: TraceNode, next: TraceNode): boolean {
  if (next.startNs < last.endNs - OVERLAP_NS_MAX) return false;
  const [before, after] = [last.stored.event, next.stored.event];
  if (before.attempt !== undefined && after.attempt !== undefined) {
    return after.attempt > before.attempt;
  }
  const isNamedAlike = before.message === after.message && before.type === after.type;
  return before.attempt === after.attempt && isNamedAlike && hasFailed(before);
}

function hasFailed(event: Event): boolean {
  const problem = problemOf(event);
  return problem === 'error' || problem === 'failure';
}

/** Attempts that go on at one time below one parent are few; a line is held against so many that began before it. */
const RUNS_BESIDE_MAX = 8;

/** By run: its attempts and the lines beside them, in time order. */
function gatherGroups(
  siblings: readonly TraceNode[],
  isAttempt: (node: TraceNode) => boolean,
): Map<Run, TraceNode[]> {
  const runs = findRuns(siblings, isAttempt);
  const groups = new Map(runs.map((run): [Run, TraceNode[]] => [run, []]));
  if (runs.length === 0) return groups;
  const runOf = new Map(runs.flatMap((run) => run.attempts.map((node) => [node, run] as const)));
  let begun: Run[] = [];
  for (const node of siblings) {
    const own = runOf.get(node);
    if (own?.first === node) begun = [own, ...begun].slice(0, RUNS_BESIDE_MAX);
    const run = own ?? (node.isSpan ? undefined : runOfLine(node, begun));
    if (run !== undefined) groups.get(run)?.push(node);
  }
  return groups;
}

/** The run whose attempt a line names; for a line that names none, the only one that was going on. */
function runOfLine(node: TraceNode, begun: readonly Run[]): Run | undefined {
  if (node.stored.event.attempt !== undefined) {
    return begun.find((run) => namesAttemptOf(node, run));
  }
  const around = begun.filter((run) => isWithin(node, run));
  return around.length === 1 ? around[0] : undefined;
}

function namesAttemptOf({ stored: { event } }: TraceNode, run: Run): boolean {
  const attempt = run.byNumber.get(event.attempt ?? NaN)?.stored.event;
  if (attempt === undefined) return false;
  const isSame = (field: 'service' | 'provider' | 'order_id'): boolean =>
    event[field] === undefined || event[field] === attempt[field];
  return isSame('service') && isSame('provider') && isSame('order_id');
}

function isWithin({ startNs, stored: { event } }: TraceNode, { first, last }: Run): boolean {
  return startNs <= last.startNs && event.service === first.stored.event.service;
}

function foldRun(run: Run, companions: readonly TraceNode[]): ViewDraft {
  const { first, last, attempts } = run;
  const below = last.children.some(({ isSpan }) => isSpan) ? last.children : [];
  const folded: StoredEvent[] = [];
  for (const top of companions) {
    const isOpen = top === last && below.length > 0;
    const nodes = isOpen ? [{ node: top }] : walkTraceTree([top]);
    for (const { node } of nodes) folded.push(node.stored);
  }
  folded.sort(compareStoredEvents);
  return {
    ...first,
    endNs: last.endNs,
    children: [],
    below,
    retries: {
      attempts,
      outcomes: attempts.map(outcomeOf),
      hasRecovered: !hasFailed(last.stored.event),
      totalNs: last.endNs - first.startNs,
      waitedNs: waitedBetween(attempts),
      folded,
      errors: groupErrors(folded),
    },
  };
}

function outcomeOf(attempt: TraceNode): string {
  const { event } = attempt.stored;
  if (event.status !== undefined) return event.status;
  return hasFailed(event) ? 'failed' : '?';
}

function waitedBetween(attempts: readonly TraceNode[]): bigint {
  let waitedNs = 0n;
  for (const [index, attempt] of attempts.entries()) {
    const before = attempts[index - 1];
    if (before !== undefined && attempt.startNs > before.endNs) {
      waitedNs += attempt.startNs - before.endNs;
    }
  }
  return waitedNs;
}

function groupErrors(events: readonly StoredEvent[]): RepeatedError[] {
  const byText = new Map<string, RepeatedError>();
  for (const stored of events) {
    const { event } = stored;
    // An attempt's own failure is told by its outcome.
    if (problemOf(event) !== 'error' || event.message === undefined) continue;
    const text = `${event.service ?? ''} ${event.message.replace(/\d+/gu, '#')}`;
    const known = byText.get(text);
    byText.set(text, { first: known?.first ?? stored, count: (known?.count ?? 0) + 1 });
  }
  return [...byText.values()];
}
