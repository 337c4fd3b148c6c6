import type { Journeys } from '../../engine/model/question/journeys.js';
import { MATCH_ALL } from '../../engine/model/filter.js';
import type { FigureName } from '../../engine/model/question/question-asked.js';
import type { Measure, Metric } from './metric.js';

/** Exact sums by currency; adding up currencies would be a number of nothing. A sum of zero is left out. */
const MONEY: Measure = {
  name: 'amounts',
  kind: 'money',
  summary: 'Exact sums of their amounts, by currency.',
  fromEvents: () =>
    moneyText('sumMapIf(map(toString(currency), assumeNotNull(amount)), amount IS NOT NULL)'),
  fromRollup: () => moneyText('sumMapIf(map(toString(currency), amount), amount_count > 0)'),
};

/** Facts that end a business transaction, and the money in them. */
export function transactions({ spec, transactions: where, attempts }: Journeys): Metric {
  const { okStatuses } = spec.transactions;
  return {
    name: 'transactions',
    summary: 'Business transactions that came to an end, and the money in them.',
    where,
    whereInRollup: where,
    rollup: 'traffic_1m',
    orderAttempts: { where: attempts, okStatuses: spec.attempts.okStatuses },
    measures: [
      eventCount('transactions', 'Transactions that ended, whichever way.'),
      {
        name: 'ok',
        kind: 'count',
        summary: 'Those that did what the customer wanted.',
        fromEvents: (params) => `countIf(status IN ${params.add('Array(String)', okStatuses)})`,
        fromRollup: (params) =>
          `sumIf(count, status IN ${params.add('Array(String)', okStatuses)})`,
      },
      {
        name: 'failed',
        kind: 'count',
        summary: 'All others.',
        fromEvents: (params) => `countIf(status NOT IN ${params.add('Array(String)', okStatuses)})`,
        fromRollup: (params) =>
          `sumIf(count, status NOT IN ${params.add('Array(String)', okStatuses)})`,
      },
      MONEY,
    ],
  };
}

/** Pages that somebody looked at. */
export function pageViews({ pageViews: where }: Journeys): Metric {
  return {
    name: 'page-views',
    summary: 'Pages that somebody looked at.',
    where,
    whereInRollup: where,
    rollup: 'traffic_1m',
    measures: [
      eventCount('views', 'Page views.'),
      {
        name: 'users',
        kind: 'count',
        isLevel: true,
        summary: 'Different users who looked.',
        fromEvents: () => `uniqExactIf(user_id, user_id != '')`,
        fromRollup: () => 'uniqExactMerge(users)',
      },
      {
        name: 'sessions',
        kind: 'count',
        isLevel: true,
        summary: 'Different sessions in which they did.',
        fromEvents: () => `uniqExactIf(session_id, session_id != '')`,
        // No roll-up knows the sessions of one type of event: its states would double what roll-ups take.
        fromRollup: null,
      },
    ],
  };
}

/** The levels that roll-ups keep (migration 0003); states merge only under their own. */
const QUANTILE_LEVELS = [0.5, 0.9, 0.95, 0.99] as const;

/** How long requests took: every span with a duration. */
export const latency: Metric = {
  name: 'latency',
  summary: 'How long requests took, by operation and service.',
  where: {
    kind: 'all',
    parts: [
      { kind: 'text', field: { kind: 'field', name: 'kind' }, values: ['span'] },
      { kind: 'exists', field: { kind: 'field', name: 'duration_ms' } },
    ],
  },
  whereInRollup: MATCH_ALL,
  rollup: 'requests_1m',
  measures: [
    eventCount('count', 'Requests.'),
    {
      name: 'failed',
      kind: 'count',
      summary: 'Requests that did not end with status ok.',
      fromEvents: () => `countIf(status NOT IN ('ok', ''))`,
      fromRollup: () => `sumIf(count, status NOT IN ('ok', ''))`,
    },
    durationMeasure('min', 'Shortest.', 'min(duration_ms)', 'min(duration_min)'),
    // A sum depends on the order in its last digits; as whole nanoseconds it does not.
    durationMeasure(
      'avg',
      'Mean.',
      'round(sum(duration_ms), 6) / count(duration_ms)',
      'round(sum(duration_sum), 6) / sum(count)',
    ),
    ...QUANTILE_LEVELS.map((level) => quantileMeasure(level)),
    durationMeasure('max', 'Longest.', 'max(duration_ms)', 'max(duration_max)'),
  ],
};

/** Within 0.62 % of the exact value (design, measured): BFloat16 keeps eight binary digits. The same from either source. */
function quantileMeasure(level: (typeof QUANTILE_LEVELS)[number]): Measure {
  const at = QUANTILE_LEVELS.indexOf(level) + 1;
  const levels = QUANTILE_LEVELS.join(', ');
  return durationMeasure(
    `p${level * 100}`,
    `${level * 100} of 100 took at most so long, within 1 %.`,
    `quantilesBFloat16(${levels})(assumeNotNull(duration_ms))[${at}]`,
    `quantilesBFloat16Merge(${levels})(duration_quantiles)[${at}]`,
  );
}

function durationMeasure(
  name: string,
  summary: string,
  fromEvents: string,
  fromRollup: string,
): Measure {
  return {
    name,
    kind: 'duration',
    summary,
    fromEvents: () => fromEvents,
    fromRollup: () => fromRollup,
  };
}

function eventCount(name: string, summary: string): Measure {
  return {
    name,
    kind: 'count',
    summary,
    fromEvents: () => 'count()',
    fromRollup: () => 'sum(count)',
  };
}

/** Sums by currency as exact texts. */
export function moneyText(sums: string): string {
  return `CAST(mapApply((currency_name, total) -> (currency_name, toString(total)), ${sums}), 'Map(String, String)')`;
}

/** The metric behind a question for figures. */
export function metricOf(name: FigureName, journeys: Journeys): Metric {
  switch (name) {
    case 'transactions':
      return transactions(journeys);
    case 'page-views':
      return pageViews(journeys);
    case 'latency':
      return latency;
  }
}
