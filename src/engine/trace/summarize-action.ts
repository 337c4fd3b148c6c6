import { byFirstThenName, type ActionSummary } from '../model/action-summary.js';
import { compareStoredEvents, type StoredEvent } from '../model/stored-event.js';
import { spanLengthNs } from './span.js';
import { summarizeTrace } from './trace-summary.js';

/** Summarises an action of which all events are at hand, at least one, as the store does it for those of which none is. */
export function summarizeAction(opId: string, events: readonly StoredEvent[]): ActionSummary {
  const sorted = events.toSorted(compareStoredEvents);
  const { startNs, durationNs, errorCount, failureCount } = summarizeTrace(sorted);
  const firstNs = new Map<string, bigint>();
  for (const { tsNs, event } of sorted) {
    const name = event.service ?? '';
    if (!firstNs.has(name)) firstNs.set(name, tsNs);
  }
  return {
    opId,
    startNs,
    durationNs,
    operation: firstOf(sorted, 'operation'),
    orderId: firstOf(sorted, 'order_id'),
    outcome: outcomeOf(sorted),
    services: [...firstNs].sort(byFirstThenName).map(([name]) => name),
    eventCount: sorted.length,
    errorCount,
    failureCount,
  };
}

function firstOf(sorted: readonly StoredEvent[], field: 'operation' | 'order_id'): string {
  return sorted.find(({ event }) => event[field] !== undefined)?.event[field] ?? '';
}

function outcomeOf(sorted: readonly StoredEvent[]): string {
  const withStatus = sorted.filter(({ event }) => event.status !== undefined);
  const root = withStatus.find(
    ({ event }) => event.parent_id === undefined && spanLengthNs(event) !== null,
  );
  return (root ?? withStatus.at(-1))?.event.status ?? '';
}
