import { createMatch } from '../../../../engine/filter/create-match.js';
import { compileJourneys, SHOP_JOURNEYS } from '../../../../engine/journey/journeys.js';
import type { StoredEvent } from '../../../../engine/model/stored-event.js';
import { chainActions, type ActionChain } from '../../../../engine/trace/action-chain.js';

/** The actions of an order; what an attempt is say the journeys, as for every figure about retries. */
export function orderChain(events: readonly StoredEvent[]): ActionChain {
  return chainActions(events, createMatch(compileJourneys(SHOP_JOURNEYS).attempts));
}
