import type { ActionFact, ChainFact, SessionFact, TruthFact } from '../truth.js';
import { countBy, groupBy, type Recount, type SentEvent } from './recount.js';

/** What the records of one action say of it; times in microseconds. */
export interface SeenAction {
  readonly opId: string;
  readonly userId: string | undefined;
  readonly sessionId: string | null;
  readonly orderId: string | null;
  readonly operation: string | undefined;
  readonly eventsByService: Readonly<Record<string, number>>;
  readonly eventCount: number;
}

/** What the facts say, in the shape of what can be seen. Actions of which nothing was sent are left out. */
export function statedActions(facts: readonly TruthFact[]): SeenAction[] {
  return facts
    .filter((fact): fact is ActionFact => fact.kind === 'action' && fact.eventCount > 0)
    .map((fact) => ({
      opId: fact.opId,
      userId: fact.userId,
      sessionId: fact.sessionId,
      orderId: fact.orderId,
      operation: fact.operation,
      eventsByService: fact.eventsByService,
      eventCount: fact.eventCount,
    }))
    .toSorted((one, other) => compare(one.opId, other.opId));
}

export function seenActions({ events }: Recount): SeenAction[] {
  return [...groupBy(events, ({ event }) => event.op_id)]
    .map(([opId, group]) => ({
      opId,
      userId: group[0]?.event.user_id,
      sessionId: group[0]?.event.session_id ?? null,
      orderId: group[0]?.event.order_id ?? null,
      operation: group[0]?.event.operation,
      eventsByService: countBy(group, ({ event }) => event.service),
      eventCount: group.length,
    }))
    .toSorted((one, other) => compare(one.opId, other.opId));
}

/** One visit, with times in microseconds. */
export interface SeenSession {
  readonly sessionId: string;
  readonly userId: string | undefined;
  readonly firstUs: number;
  readonly lastUs: number;
  readonly eventCount: number;
}

/** As statedActions. */
export function statedSessions(facts: readonly TruthFact[]): SeenSession[] {
  return facts
    .filter((fact): fact is SessionFact => fact.kind === 'session' && fact.eventCount > 0)
    .map(({ sessionId, userId, firstMs, lastMs, eventCount }) => {
      return { sessionId, userId, firstUs: toUs(firstMs), lastUs: toUs(lastMs), eventCount };
    })
    .toSorted((one, other) => compare(one.sessionId, other.sessionId));
}

export function seenSessions({ events }: Recount): SeenSession[] {
  return [...groupBy(events, ({ event }) => event.session_id)]
    .map(([sessionId, group]) => {
      const times = group.map(({ atUs }) => atUs);
      return {
        sessionId,
        userId: group[0]?.event.user_id,
        firstUs: Math.min(...times),
        lastUs: Math.max(...times),
        eventCount: group.length,
      };
    })
    .toSorted((one, other) => compare(one.sessionId, other.sessionId));
}

/** The attempts to get one order paid. */
export interface SeenChain {
  readonly orderId: string;
  readonly provider: string | undefined;
  readonly outcome: ChainFact['outcome'];
  readonly attempts: readonly {
    readonly opId: string | undefined;
    readonly attempt: number | undefined;
    readonly status: string | undefined;
    readonly atUs: number;
  }[];
}

export function statedChains(facts: readonly TruthFact[]): SeenChain[] {
  return facts
    .filter((fact): fact is ChainFact => fact.kind === 'chain')
    .map(({ orderId, provider, outcome, attempts }) => ({
      orderId,
      provider,
      outcome,
      attempts: attempts.map(({ opId, attempt, status, atMs }) => {
        return { opId, attempt, status, atUs: toUs(atMs) };
      }),
    }))
    .toSorted((one, other) => compare(one.orderId, other.orderId));
}

/** By the records of payment.attempt, order.paid and order.failed: true when none of them was kept back. */
export function seenChains({ events }: Recount): SeenChain[] {
  const firsts = events.filter(({ isCopy }) => !isCopy);
  const endings = groupBy(
    firsts.filter(({ event: { type } }) => type === 'order.paid' || type === 'order.failed'),
    ({ event }) => event.order_id,
  );
  const attempts = firsts.filter(({ event }) => event.type === 'payment.attempt');
  return [...groupBy(attempts, ({ event }) => event.order_id)]
    .map(([orderId, group]) => ({
      orderId,
      provider: group[0]?.event.provider,
      outcome: outcomeOf(group.length, endings.get(orderId)?.[0]),
      attempts: group
        .map(({ event, saidUs }) => {
          const { op_id: opId, attempt, status } = event;
          return { opId, attempt, status, atUs: saidUs };
        })
        .toSorted((one, other) => (one.attempt ?? 0) - (other.attempt ?? 0)),
    }))
    .toSorted((one, other) => compare(one.orderId, other.orderId));
}

function outcomeOf(attemptCount: number, ending: SentEvent | undefined): ChainFact['outcome'] {
  if (ending === undefined) return 'open';
  if (ending.event.type === 'order.failed') return 'failed';
  return attemptCount === 1 ? 'ok_first' : 'recovered';
}

/** Fractions of a millisecond are microseconds, as far as a float is exact. */
function toUs(ms: number | null): number {
  return ms === null ? NaN : Math.round(ms * 1000);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
