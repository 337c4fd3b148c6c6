import type { ActionSummary } from '../model/action-summary.js';
import type { Event } from '../model/event.js';
import { compareStoredEvents, type StoredEvent } from '../model/stored-event.js';
import { summarizeAction } from './summarize-action.js';

/** What happened to one thing over several actions: an order that was reserved, paid for at the fourth attempt, paid back. */
export interface ActionChain {
  /** By their start. */
  readonly actions: readonly ChainedAction[];
  /** Over all actions, by their time. */
  readonly attempts: readonly ChainAttempt[];
}

/** One action of a chain. */
export interface ChainedAction {
  readonly summary: ActionSummary;
  /** In time order. */
  readonly events: readonly StoredEvent[];
  /** Since all actions before it had ended: negative when it began earlier; undefined for the first. */
  readonly gapNs: bigint | undefined;
}

/** An attempt, as a business record tells of it. */
export interface ChainAttempt {
  readonly opId: string;
  readonly tsNs: bigint;
  readonly attempt: number | undefined;
  readonly provider: string;
  readonly status: string;
}

/** Parts events by their op_id and puts the actions in order. Which events tell of an attempt is the caller's definition. */
export function chainActions(
  events: readonly StoredEvent[],
  isAttempt: (event: Event) => boolean,
): ActionChain {
  const sorted = events.toSorted(compareStoredEvents);
  const byOp = new Map<string, StoredEvent[]>();
  for (const stored of sorted) {
    const opId = stored.event.op_id ?? '';
    const known = byOp.get(opId);
    if (known === undefined) byOp.set(opId, [stored]);
    else known.push(stored);
  }
  // By their first event, so already by their start.
  let endNs: bigint | undefined;
  const actions = Array.from(byOp, ([opId, own]): ChainedAction => {
    const summary = summarizeAction(opId, own);
    const gapNs = endNs === undefined ? undefined : summary.startNs - endNs;
    const ownEndNs = summary.startNs + summary.durationNs;
    if (endNs === undefined || ownEndNs > endNs) endNs = ownEndNs;
    return { summary, events: own, gapNs };
  });
  return { actions, attempts: findAttempts(sorted, isAttempt) };
}

function findAttempts(
  sorted: readonly StoredEvent[],
  isAttempt: (event: Event) => boolean,
): ChainAttempt[] {
  const attempts = new Map<string, ChainAttempt>();
  for (const { tsNs, event } of sorted) {
    if (!isAttempt(event)) continue;
    const { op_id: opId = '', attempt, provider = '', status = '' } = event;
    // A record that was sent twice tells of one attempt.
    const key = JSON.stringify([opId, attempt, provider, status, String(tsNs)]);
    if (!attempts.has(key)) attempts.set(key, { opId, tsNs, attempt, provider, status });
  }
  return [...attempts.values()];
}
