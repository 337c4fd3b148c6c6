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

/** Reads a condition in CEL. The language takes long to load, so whoever has such conditions brings it along. */
export type ReadCondition = (text: string) => Filter;

/** The same with conditions that questions can use. */
export function compileJourneys(
  spec: JourneysSpec,
  readCondition: ReadCondition = noConditions,
): Journeys {
  const toFilter = (where: Where): Filter =>
    typeof where === 'string' ? readCondition(where) : whereToFilter(where);
  return {
    spec,
    pageViews: toFilter(spec.pageViews.where),
    transactions: toFilter(spec.transactions.where),
    attempts: toFilter(spec.attempts.where),
    settledOk: toFilter(spec.settled.ok),
    settledFailed: toFilter(spec.settled.failed),
    refunded: toFilter(spec.settled.refunded),
    funnel: spec.funnel.steps.map(({ step, where }) => ({ step, filter: toFilter(where) })),
  };
}

/** Its conditions in CEL, and where they stand in a file. */
export function conditionsOf(
  spec: JourneysSpec,
): { readonly path: readonly (string | number)[]; readonly text: string }[] {
  const { pageViews, transactions, attempts, settled, funnel } = spec;
  const places: readonly (readonly [path: readonly (string | number)[], where: Where])[] = [
    [['pageViews', 'where'], pageViews.where],
    [['transactions', 'where'], transactions.where],
    [['attempts', 'where'], attempts.where],
    [['settled', 'ok'], settled.ok],
    [['settled', 'failed'], settled.failed],
    [['settled', 'refunded'], settled.refunded],
    ...funnel.steps.map(({ where }, at) => [['funnel', 'steps', at, 'where'], where] as const),
  ];
  return places.flatMap(([path, where]) =>
    typeof where === 'string' ? [{ path, text: where }] : [],
  );
}

function noConditions(text: string): never {
  throw new Error(`BUG: nobody brought the language to read ${text}`);
}

function whereToFilter(where: Exclude<Where, string>): Filter {
  const parts = Object.entries(where).map(([name, values]): Filter => {
    const known = typeof values === 'string' ? [values] : values;
    return { kind: 'text', field: parseField(name), values: known };
  });
  return { kind: 'all', parts };
}
