import { expect, it } from 'vitest';
import { compileJourneys, SHOP_JOURNEYS } from '../../engine/journey/journeys.js';
import { MATCH_ALL } from '../../engine/model/filter.js';
import { rollupFor } from './figures-query.js';
import { withOnly, type Metric } from './metric.js';
import { pageViews, transactions } from './metrics.js';
import type { FieldName } from './rollup.js';

const journeys = compileJourneys(SHOP_JOURNEYS);
const MINUTE_NS = 60_000_000_000n;

it.each<[string, Metric, FieldName[], string | null]>([
  ['page views with their sessions', pageViews(journeys), [], null],
  ['page views alone', withOnly(pageViews(journeys), 'views'), [], 'traffic_1m'],
  ['users alone', withOnly(pageViews(journeys), 'users'), ['service'], 'traffic_1m'],
  ['sessions alone', withOnly(pageViews(journeys), 'sessions'), [], null],
  ['what there is not: all of it', withOnly(pageViews(journeys), 'vies'), [], null],
  ['transactions', transactions(journeys), ['operation'], 'traffic_1m'],
  ['transactions by the provider of their orders', transactions(journeys), ['provider'], null],
])('reads %s from the roll-up only where that knows it', (_, metric, by, rollup) => {
  const range = { fromNs: 0n, toNs: MINUTE_NS };
  const asked = { metric, range, buckets: null, by, filter: MATCH_ALL, limit: 10 };
  expect(rollupFor(asked)).toBe(rollup);
});
