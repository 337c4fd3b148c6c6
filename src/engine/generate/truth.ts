import type { Fault } from './fault/fault.js';
import type { Operation, ProviderName, ServiceName } from './shop/service-name.js';

/**
 * What happened, by the simulation's own decisions and never by parsing what was sent. It is the same in every
 * share of a run. Everything counts records as they are sent: one that the transport duplicated counts twice.
 */
export interface Truth {
  /** False until the end of the run was reached: the counts may then be ahead of what was sent. */
  readonly isComplete: boolean;
  readonly sent: SentTotals;
  /** Sums of `amount` as exact decimal texts. */
  readonly amounts: readonly AmountTotal[];
  readonly actionCount: number;
  readonly sessionCount: number;
  readonly chains: Readonly<Record<ChainOutcome, number>>;
  readonly faults: readonly Fault[];
  readonly guilty: readonly GuiltyUser[];
}

export interface SentTotals {
  /** Records, poison included. */
  readonly total: number;
  /** Second copies among them. */
  readonly duplicated: number;
  /** Sent later than they should have been by a `late` fault. */
  readonly late: number;
  /** Sent after younger ones by an `out-of-order` fault. */
  readonly outOfOrder: number;
  /** With a wrong time by a `clock-skew` fault. */
  readonly skewed: number;
  /** Never sent, because the service was silent. Not part of `total`. */
  readonly silenced: number;
  /** Records that the store must refuse, by the reason it will give. */
  readonly poison: Readonly<Record<string, number>>;
  readonly byType: Readonly<Record<string, number>>;
  readonly byService: Readonly<Record<string, number>>;
  /** Log lines. */
  readonly byLevel: Readonly<Record<string, number>>;
  /** Spans and records that have a status. */
  readonly byTypeAndStatus: readonly StatusTotal[];
}

export interface StatusTotal {
  readonly type: string;
  readonly status: string;
  readonly count: number;
}

export interface AmountTotal {
  readonly type: string;
  readonly currency: string;
  /** Decimal text with two digits after the point. */
  readonly amount: string;
}

/** A customer who misbehaves, and how. */
export interface GuiltyUser {
  readonly userId: string;
  readonly why: 'hammering-user' | 'refund-ring';
}

/** `failed`: the shop could not; `refused`: the customer could not (card declined, sold out, second click); `open`: not done at the end of the run. */
export type ActionOutcome = 'ok' | 'failed' | 'refused' | 'open';

/** `ok_first`: paid at the first attempt; `recovered`: at a later one; `open`: not decided at the end of the run. */
export type ChainOutcome = 'ok_first' | 'recovered' | 'failed' | 'open';

/** One line of the ledger: what became of an action, of a chain of payment attempts, of a session. */
export type TruthFact = ActionFact | ChainFact | SessionFact;

/** Everything under one op_id. */
export interface ActionFact {
  readonly kind: 'action';
  readonly opId: string;
  readonly operation: Operation;
  readonly userId: string;
  readonly sessionId: string | null;
  readonly orderId: string | null;
  readonly outcome: ActionOutcome;
  /** Records sent under this op_id, by service. Services without one are left out. */
  readonly eventsByService: Readonly<Partial<Record<ServiceName, number>>>;
  readonly eventCount: number;
  /** Event time, fractions are microseconds. */
  readonly startMs: number;
  readonly endMs: number;
  readonly latencyMs: number;
}

/** All attempts to get one order paid, over however many actions. */
export interface ChainFact {
  readonly kind: 'chain';
  readonly orderId: string;
  readonly provider: ProviderName;
  readonly outcome: ChainOutcome;
  readonly attempts: readonly AttemptFact[];
}

export interface AttemptFact {
  readonly opId: string;
  readonly attempt: number;
  readonly status: 'ok' | 'failed' | 'timeout';
  /** When it was decided, by a clock that is right: a `clock-skew` is not in it. */
  readonly atMs: number;
}

/** One visit. */
export interface SessionFact {
  readonly kind: 'session';
  readonly sessionId: string;
  readonly userId: string;
  readonly purpose: 'viewing' | 'buying';
  /** Of its first and last record, by their own time, however wrong its clock; null when none was sent. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  readonly eventCount: number;
}
