import { SeededRandom } from '../kit/seeded-random.js';

const PRODUCT_COUNT = 12;
const VIEWS_MAX = 3;

/** Pauses between two steps of one shopper. */
const THINK_MS = { min: 150, max: 900 };

/** What a shopper does after looking around; the rest leaves. */
const RESERVE_CHANCE = 0.75;
const CANCEL_CHANCE = 0.12;
const REFUND_CHANCE = 0.2;

const PRICE_CENTS = { min: 990, max: 19_990 };

/**
 * What each shopper will do and when, for one seed: a list per shopper of steps
 * `{ atMs, action, opId, … }`, in time order, all before `durationMs`. The services' answers
 * change nothing but whether a step still makes sense (driver/shop.js).
 */
export function planShopping({ seed, shopperCount, durationMs }) {
  return Array.from({ length: shopperCount }, (_, index) =>
    planShopper({ random: new SeededRandom(seed, 'shopper', index), index, durationMs }),
  );
}

function planShopper({ random, index, durationMs }) {
  const steps = [];
  let atMs = random.integer(0, THINK_MS.max);
  for (let visit = 1; atMs < durationMs; visit += 1) {
    for (const action of planVisit({ random, name: `u${index + 1}`, visit })) {
      if (atMs < durationMs) steps.push({ atMs, ...action });
      atMs += random.integer(THINK_MS.min, THINK_MS.max);
    }
  }
  return steps;
}

/** One visit: looks at some products, may reserve the last one, then buys it or lets it go. */
function planVisit({ random, name, visit }) {
  const shopper = { user_id: name, session_id: `${name}-v${visit}` };
  const step = (action, facts) => ({ action, opId: random.hex(32), ...shopper, ...facts });
  const steps = [];
  let product_id;
  for (let view = random.integer(1, VIEWS_MAX); view > 0; view -= 1) {
    product_id = `p-${String(random.integer(1, PRODUCT_COUNT)).padStart(2, '0')}`;
    steps.push(step('view', { product_id }));
  }
  if (!random.isTrue(RESERVE_CHANCE)) return steps;
  steps.push(step('reserve', { product_id }));
  if (random.isTrue(CANCEL_CHANCE)) return [...steps, step('cancel', {})];
  const amount = (random.integer(PRICE_CENTS.min, PRICE_CENTS.max) / 100).toFixed(2);
  steps.push(step('buy', { amount, currency: 'EUR' }));
  if (random.isTrue(REFUND_CHANCE)) steps.push(step('refund', {}));
  return steps;
}
