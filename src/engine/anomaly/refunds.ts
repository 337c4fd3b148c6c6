import type { Anomaly } from './anomaly.js';

/** What one user bought and was paid back, over the whole range; orders, each once. */
export interface UserOrders {
  readonly userId: string;
  readonly bought: number;
  readonly refunded: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** All buyers together. */
export interface AllOrders {
  readonly bought: number;
  readonly refunded: number;
}

/** Two things that did not fit are bad luck. */
const REFUNDED_MIN = 3;

/** More than half of what was bought. */
const SHARE_MIN = 0.5;

/**
 * Users who give most of what they buy back. The score is how many standard deviations their number of refunds lies above what
 * so many purchases of everybody else would bring, as a binomial distribution has it.
 */
export function findRefunders(users: readonly UserOrders[], all: AllOrders): Anomaly[] {
  return users.flatMap(({ userId, bought, refunded, firstMs, lastMs }) => {
    // What was bought before the range and given back within it counts as bought.
    const orders = Math.max(bought, refunded);
    if (refunded < REFUNDED_MIN || refunded < SHARE_MIN * orders) return [];
    const share = shareOfOthers(all, { bought: orders, refunded });
    const expected = share * orders;
    const deviation = Math.sqrt(Math.max(share * (1 - share) * orders, MIN_VARIANCE));
    return [
      {
        kind: 'refunds' as const,
        what: 'refunds of own purchases',
        who: `user ${userId}`,
        fromMs: firstMs,
        toMs: lastMs + 1,
        seen: refunded,
        expected,
        score: (refunded - expected) / deviation,
      },
    ];
  });
}

/** Where nobody else gives anything back the deviation would be none. */
const MIN_VARIANCE = 0.25;

function shareOfOthers(
  all: AllOrders,
  own: { readonly bought: number; readonly refunded: number },
) {
  const bought = all.bought - own.bought;
  return bought <= 0 ? 0 : Math.min(1, Math.max(0, all.refunded - own.refunded) / bought);
}
