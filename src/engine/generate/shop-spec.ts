import type { Fault } from './fault/fault.js';

/** All that decides what a shop does: two shops of one spec are equal to the byte. */
export interface ShopSpec {
  readonly seed: number;
  /** Event time, [fromMs, toMs); whole milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Mean number of events a second without faults. */
  readonly eventsPerSecond: number;
  /** Customers that visit; `userOf` numbers them from 0. */
  readonly userCount: number;
  /** More visits in the evening than at night (UTC), with the same mean. */
  readonly isDiurnal: boolean;
  readonly faults: readonly Fault[];
  /** Only this share of the actions is rendered and sent; the simulation and its truth are always whole. */
  readonly share: { readonly index: number; readonly count: number };
}

/** Above this a visit a microsecond would be needed. */
export const EVENTS_PER_SECOND_MAX = 1_000_000;

/** User numbers stay within ten digits. */
export const USER_COUNT_MAX = 1_000_000_000;

/** Microseconds since the start stay exact, and a forgotten end does not run for ever. */
export const RUN_MS_MAX = 400 * 24 * 60 * 60 * 1000;

/** Shares are processes of one machine or a few. */
export const SHARE_COUNT_MAX = 256;
