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

/** A handful of things that did not fit is bad luck, whatever its share. */
const REFUNDED_MIN = 6;

/** Who keeps more than he gives back buys to keep. */
const SHARE_MIN = 0.5;

/** Of 300,000 honest customers at most one comes so far by chance (the tail of the binomial, for 6 to 200 orders). */
const SCORE_MIN = 5;

/**
 * Users who give most of what they buy back. The score says how far their number of refunds lies above what so many purchases
 * of the others would bring, in standard deviations. The others are those who do not look like them: a ring that is large in a
 * small shop would else be what is usual there.
 */
export function findRefunders(users: readonly UserOrders[], all: AllOrders): Anomaly[] {
  const suspects = users.filter(isSuspect);
  const share = refundedShare({
    bought: all.bought - sum(suspects.map(({ bought }) => bought)),
    refunded: all.refunded - sum(suspects.map(({ refunded }) => refunded)),
  });
  return suspects.flatMap((user) => {
    const orders = ordersOf(user);
    const score = deviationsAbove(user.refunded, { orders, share });
    if (score < SCORE_MIN) return [];
    return [
      {
        kind: 'refunds' as const,
        what: 'refunds of own purchases',
        who: `user ${user.userId}`,
        fromMs: user.firstMs,
        toMs: user.lastMs + 1,
        seen: user.refunded,
        expected: share * orders,
        score,
      },
    ];
  });
}

function isSuspect(user: UserOrders): boolean {
  return user.refunded >= REFUNDED_MIN && user.refunded >= SHARE_MIN * ordersOf(user);
}

/** What was bought before the range and given back within it counts as bought. */
function ordersOf({ bought, refunded }: UserOrders): number {
  return Math.max(bought, refunded);
}

/**
 * How far a number of refunds lies above that share of the orders; 0 below it. It is the root of the binomial's deviance: of few
 * orders and small shares it follows the real chances, which a difference divided by the standard deviation overstates.
 */
function deviationsAbove(
  refunded: number,
  { orders, share }: { readonly orders: number; readonly share: number },
): number {
  if (refunded <= share * orders) return 0;
  const kept = orders - refunded;
  const surprise =
    refunded * Math.log(refunded / (share * orders)) +
    (kept === 0 ? 0 : kept * Math.log(kept / ((1 - share) * orders)));
  return Math.sqrt(2 * surprise);
}

/** The share of orders that are given back, of few orders nearer to half (Laplace's rule): nothing known accuses nobody. */
function refundedShare({ bought, refunded }: AllOrders): number {
  const known = Math.max(0, bought);
  return (Math.min(known, Math.max(0, refunded)) + 1) / (known + 2);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
