import { parseField } from '../filter/filter.js';
import type { Filter } from '../model/filter.js';
import type { Journeys, JourneysSpec, Where } from '../model/question/journeys.js';

const MINUTE_MS = 60_000;

/** The shop of the design. An hour is its longest pause between two attempts, give or take a fifth. */
export const SHOP_JOURNEYS: JourneysSpec = {
  pageViews: { where: { type: 'page.view' } },
  sessions: {
    gapMs: 30 * MINUTE_MS,
    lingerMs: 30_000,
    buyingOperations: ['reserve', 'buy'],
  },
  transactions: {
    where: {
      type: ['order.reserved', 'order.paid', 'order.failed', 'order.cancelled', 'refund.done'],
    },
    okStatuses: ['reserved', 'paid', 'cancelled', 'done', 'ok'],
  },
  attempts: {
    where: { type: 'payment.attempt' },
    okStatuses: ['ok'],
    patienceMs: 75 * MINUTE_MS,
    abandoned: 'apart',
  },
  settled: {
    ok: { type: 'order.paid' },
    failed: { type: 'order.failed' },
    refunded: { type: 'refund.done' },
  },
  funnel: {
    withinMs: null,
    steps: [
      { step: 'view', where: { type: 'page.view' } },
      { step: 'reserve', where: { type: 'order.reserved' } },
      { step: 'buy', where: { type: 'order.paid' } },
    ],
  },
};

/** The same with conditions that questions can use. */
export function compileJourneys(spec: JourneysSpec): Journeys {
  return {
    spec,
    pageViews: whereToFilter(spec.pageViews.where),
    transactions: whereToFilter(spec.transactions.where),
    attempts: whereToFilter(spec.attempts.where),
    settledOk: whereToFilter(spec.settled.ok),
    settledFailed: whereToFilter(spec.settled.failed),
    refunded: whereToFilter(spec.settled.refunded),
    funnel: spec.funnel.steps.map(({ step, where }) => ({ step, filter: whereToFilter(where) })),
  };
}

function whereToFilter(where: Where): Filter {
  const parts = Object.entries(where).map(([name, values]): Filter => {
    const known = typeof values === 'string' ? [values] : values;
    return { kind: 'text', field: parseField(name), values: known };
  });
  return { kind: 'all', parts };
}
