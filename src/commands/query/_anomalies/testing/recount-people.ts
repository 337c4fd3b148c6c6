import type { UserOrders, AllOrders } from '../../../../engine/anomaly/refunds.js';
import type { CountFrequency, OperationCount } from '../../../../engine/anomaly/multitude.js';
import { createMatch } from '../../../../engine/filter/create-match.js';
import type { Journeys } from '../../../../engine/model/question/journeys.js';
import type { OracleEvent } from '../../_question/testing/shop-cases.js';

const NS_PER_MS = 1_000_000n;

/**
 * How many actions of an operation each user, or session of nobody known, began within a window; and how often each number
 * occurs. An action is of the operation and of whom its first event says.
 */
export function recountOperations(
  events: readonly OracleEvent[],
  { windowMs }: { readonly windowMs: number },
): { readonly largest: OperationCount[]; readonly frequencies: CountFrequency[] } {
  const firsts = new Map<string, OracleEvent>();
  for (const each of events) {
    const { op_id = '', operation = '', user_id = '', session_id = '' } = each.event;
    if (op_id === '' || operation === '' || (user_id === '' && session_id === '')) continue;
    const first = firsts.get(op_id);
    if (first === undefined || each.tsNs < first.tsNs) firsts.set(op_id, each);
  }
  const largest = new Map<string, OperationCount>();
  for (const { event, tsNs } of firsts.values()) {
    const { operation = '', user_id = '', session_id = '' } = event;
    const who = user_id === '' ? `session ${session_id}` : `user ${user_id}`;
    const startMs = Math.floor(Number(tsNs / NS_PER_MS) / windowMs) * windowMs;
    const key = `${operation}\0${who}\0${startMs}`;
    const actions = (largest.get(key)?.actions ?? 0) + 1;
    largest.set(key, { operation, who, windowMs: startMs, actions });
  }
  const frequencies = new Map<string, CountFrequency>();
  for (const { operation, actions } of largest.values()) {
    const key = `${operation}\0${actions}`;
    const windows = (frequencies.get(key)?.windows ?? 0) + 1;
    frequencies.set(key, { operation, actions, windows });
  }
  return { largest: [...largest.values()], frequencies: [...frequencies.values()] };
}

/** Orders bought and paid back: of each user who was paid back at all, and of all together. */
export function recountOrders(
  events: readonly OracleEvent[],
  { settledOk, refunded }: Journeys,
): { readonly users: UserOrders[]; readonly all: AllOrders } {
  const [isBought, isRefunded] = [createMatch(settledOk), createMatch(refunded)];
  const byUser = new Map<string, { bought: Set<string>; refunded: Set<string>; ms: number[] }>();
  for (const { event, tsNs } of events) {
    const { order_id = '', user_id = '' } = event;
    if (order_id === '' || user_id === '' || !(isBought(event) || isRefunded(event))) continue;
    const own = byUser.get(user_id) ?? { bought: new Set(), refunded: new Set(), ms: [] };
    if (isBought(event)) own.bought.add(order_id);
    if (isRefunded(event)) own.refunded.add(order_id);
    own.ms.push(Number(tsNs / NS_PER_MS));
    byUser.set(user_id, own);
  }
  const all = [...byUser.values()];
  const union = (sets: readonly Set<string>[]) => new Set(sets.flatMap((set) => [...set])).size;
  return {
    users: [...byUser]
      .filter(([, own]) => own.refunded.size > 0)
      .map(([userId, { bought, refunded: back, ms }]) => ({
        ...{ userId, bought: bought.size, refunded: back.size },
        ...{ firstMs: Math.min(...ms), lastMs: Math.max(...ms) },
      })),
    all: {
      bought: union(all.map(({ bought }) => bought)),
      refunded: union(all.map((own) => own.refunded)),
    },
  };
}
