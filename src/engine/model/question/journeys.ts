import type { Filter } from '../filter.js';

/** Values that a field may have, by field: all fields must fit. Or a condition in CEL, as `--where` takes it. */
export type Where = Readonly<Record<string, string | readonly string[]>> | string;

/** What a file of journeys says: what business numbers count. Durations are milliseconds. */
export interface JourneysSpec {
  /** A page that somebody looked at. */
  readonly pageViews: { readonly where: Where };
  readonly sessions: {
    /** A pause this long begins a new session, under the same id too. */
    readonly gapMs: number;
    /** How long somebody stays after the last sign of him. */
    readonly lingerMs: number;
    /** A session with one of these operations is buying, every other one viewing. */
    readonly buyingOperations: readonly string[];
  };
  /** Facts that end a business transaction, one each. */
  readonly transactions: {
    readonly where: Where;
    /** Statuses of those that did what the customer wanted; every other one failed. */
    readonly okStatuses: readonly string[];
  };
  /** Attempts to get an order paid. All of one order are a chain, over however many actions. */
  readonly attempts: {
    readonly where: Where;
    readonly okStatuses: readonly string[];
    /** Nobody tries again after a pause longer than this: a later attempt begins a chain of its own. */
    readonly patienceMs: number;
    /** What a chain is that nobody decided before patience ran out: a failed one, or counted apart. */
    readonly abandoned: 'failed' | 'apart';
  };
  /** Facts that decide a chain, by order, and those that give its money back. */
  readonly settled: { readonly ok: Where; readonly failed: Where; readonly refunded: Where };
  readonly funnel: {
    /** Longest time from the first step to any other; null: as long as the session. */
    readonly withinMs: number | null;
    /** Steps on the way to a sale, in their order; a session takes one when an event of it fits. */
    readonly steps: readonly { readonly step: string; readonly where: Where }[];
  };
}

/** The same with conditions that questions can use. */
export interface Journeys {
  readonly spec: JourneysSpec;
  readonly pageViews: Filter;
  readonly transactions: Filter;
  readonly attempts: Filter;
  readonly settledOk: Filter;
  readonly settledFailed: Filter;
  readonly refunded: Filter;
  readonly funnel: readonly { readonly step: string; readonly filter: Filter }[];
}
