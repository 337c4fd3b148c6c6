// What an operator asks, as the commands put it; and what has no command yet, as SQL.
import { MATCH_ALL } from '../../dist/engine/model/filter.js';
import { ALL_FIELDS } from '../../dist/engine/model/stored-event.js';
import { readLogs } from '../../dist/store/query/logs.js';
import { readTrace } from '../../dist/store/query/trace/read-trace.js';

/** Errors of one service: a filter, as `query logs` makes it of its flags. */
const ERRORS_OF_ORDER = {
  kind: 'all',
  parts: [
    { kind: 'text', field: { kind: 'field', name: 'service' }, values: ['order'] },
    { kind: 'text', field: { kind: 'field', name: 'level' }, values: ['error'] },
  ],
};

const IN_RANGE = `ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}`;
const MINUTES = `minute >= {from:DateTime('UTC')} AND minute < {to:DateTime('UTC')}`;

/** Each is asked with `{ from, to, dayAgo }` in seconds, and with an id or a word of the data that is another each time. */
export const QUESTIONS = [
  { name: 'count() of the same range', sql: `SELECT count() FROM events WHERE ${IN_RANGE}` },
  { name: 'trace of one action', ask: (store, { opId }) => trace(store, opId) },
  {
    name: 'errors of one service, newest 100',
    ask: (store, range) => logs(store, ERRORS_OF_ORDER, range),
  },
  {
    name: 'rare word, its rows',
    ask: (store, { orderWord, ...range }) => logs(store, { kind: 'word', word: orderWord }, range),
  },
  {
    name: 'common word, newest 100',
    ask: (store, range) => logs(store, { kind: 'word', word: 'stock' }, range),
  },
  { name: 'newest 100 of all', ask: (store, range) => logs(store, MATCH_ALL, range) },
  {
    name: 'substring, count',
    sql: `SELECT count() FROM events WHERE ${IN_RANGE} AND position(message, 'ard declin') > 0`,
  },
  {
    name: '15-min counts by service, events',
    sql: `SELECT toStartOfFifteenMinutes(ts) AS at, service, count() FROM events WHERE ${IN_RANGE} GROUP BY ALL ORDER BY ALL`,
  },
  {
    name: '15-min counts by service, roll-up',
    sql: `SELECT toStartOfFifteenMinutes(minute) AS at, service, sum(count) FROM traffic_1m WHERE ${MINUTES} GROUP BY ALL ORDER BY ALL`,
  },
  {
    name: 'percentiles by operation, events',
    sql: `SELECT operation, quantilesBFloat16(0.5, 0.9, 0.95, 0.99)(assumeNotNull(duration_ms)) FROM events
          WHERE ${IN_RANGE} AND kind = 'span' AND duration_ms IS NOT NULL GROUP BY operation ORDER BY operation`,
  },
  {
    name: 'percentiles by operation, roll-up',
    sql: `SELECT operation, quantilesBFloat16Merge(0.5, 0.9, 0.95, 0.99)(duration_quantiles) FROM requests_1m
          WHERE ${MINUTES} GROUP BY operation ORDER BY operation`,
  },
  {
    name: 'unique users per minute, events',
    sql: `SELECT toStartOfMinute(ts) AS at, uniqExact(user_id) FROM events WHERE ${IN_RANGE} AND user_id != '' GROUP BY at ORDER BY at`,
  },
  {
    name: 'unique users per minute, roll-up',
    sql: `SELECT minute, uniqExactMerge(users) FROM users_1m WHERE ${MINUTES} GROUP BY minute ORDER BY minute`,
  },
  {
    name: 'sessions and their length, roll-up',
    sql: `SELECT count(), avg(seconds) FROM (
            SELECT session_id, dateDiff('second', min(first), max(last)) AS seconds FROM sessions_1m
            WHERE ${MINUTES} AND session_id != '' GROUP BY session_id)`,
  },
  {
    name: 'retries over the last day',
    sql: `SELECT provider, tries, count() AS chains, countIf(is_ok) AS ok FROM (
            SELECT any(provider) AS provider, count() AS tries, argMax(status, ts) = 'ok' AS is_ok FROM events
            WHERE ts >= {dayAgo:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')} AND type = 'payment.attempt'
            GROUP BY order_id)
          GROUP BY ALL ORDER BY ALL`,
  },
];

async function trace(store, id) {
  const { eventCount } = await readTrace(store, { ids: [id], limit: 1000 }, {});
  if (eventCount === 0) throw new Error(`no event of ${id}`);
}

/** One page, newest first. */
async function logs(store, filter, { from, to }) {
  const range = {
    fromNs: BigInt(from) * 10n ** 9n,
    toNs: BigInt(to) * 10n ** 9n,
    arrivedSinceNs: null,
  };
  const question = {
    filter,
    range,
    fields: ALL_FIELDS,
    isAscending: false,
    limit: 100,
    after: null,
  };
  let count = 0;
  for await (const event of readLogs(store, question, {}).events) count += event ? 1 : 0;
  if (count === 0) throw new Error('no line was found');
}
