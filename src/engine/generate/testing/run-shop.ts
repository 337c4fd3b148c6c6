import { createShop, type Sending } from '../create-shop.js';
import { faultSchema, type Fault } from '../fault/fault.js';
import type { ShopSpec } from '../shop-spec.js';
import type { Truth, TruthFact } from '../truth.js';

/** 2026-11-01T18:00:00.250Z: not a whole second, so that an offset from it that is lost shows. */
export const RUN_FROM_MS = Date.UTC(2026, 10, 1, 18) + 250;

/** What a shop did from its beginning to its end. */
export interface ShopRun {
  readonly spec: ShopSpec;
  readonly sendings: readonly Sending[];
  readonly facts: readonly TruthFact[];
  readonly truth: Truth;
}

/** A spec of a small shop over `seconds`. */
export function smallSpec({
  seconds = 60,
  ...changes
}: Partial<ShopSpec> & { readonly seconds?: number } = {}): ShopSpec {
  return {
    seed: 1,
    fromMs: RUN_FROM_MS,
    toMs: RUN_FROM_MS + seconds * 1000,
    eventsPerSecond: 50,
    userCount: 200,
    isDiurnal: false,
    faults: [],
    share: { index: 0, count: 1 },
    ...changes,
  };
}

/** A fault as people write it. */
export function faultOf(input: Readonly<Record<string, unknown>>): Fault {
  return faultSchema.parse(input);
}

/** Runs a shop to its end, by default at one go. */
export function runShop(spec: ShopSpec, { stepMs = Infinity } = {}): ShopRun {
  const sendings: Sending[] = [];
  const facts: TruthFact[] = [];
  const shop = createShop(spec, { onFact: (fact) => facts.push(fact) });
  const send = (sending: Sending): void => {
    sendings.push(sending);
  };
  let untilMs = spec.fromMs;
  do untilMs += stepMs;
  while (shop.advance(untilMs, send));
  return { spec, sendings, facts, truth: shop.truth };
}

/** All that a truth says, as one value that can be compared. */
export function totalsOf(truth: Truth): Omit<Truth, 'faults'> {
  const { isComplete, sent, amounts, actionCount, sessionCount, chains, guilty } = truth;
  return { isComplete, sent, amounts, actionCount, sessionCount, chains, guilty };
}
