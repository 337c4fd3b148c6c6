import type { Store } from '../clickhouse/store.js';

/** A row that a roll-up and a recount of the events do not share. */
export interface RollupDifference {
  readonly rollup: string;
  readonly side: 'rollup' | 'recount';
  readonly row: unknown;
}

/** What each roll-up says, and how the same is counted from the events. Sums of Float64 depend on their order: rounded. */
const PAIRS: Readonly<Record<string, readonly [rollup: string, recount: string]>> = {
  traffic_1m: [
    `SELECT minute, kind, type, level, service, operation, provider, status, currency,
       sum(count) AS n, toString(sum(amount)) AS total, sum(amount_count) AS amounts
     FROM traffic_1m WHERE {minutes} GROUP BY ALL`,
    `SELECT minute, kind, type, level, service, operation, provider, status, currency,
       count() AS n, toString(ifNull(sum(events.amount), 0)) AS total, count(events.amount) AS amounts
     FROM {events} GROUP BY ALL`,
  ],
  requests_1m: [
    `SELECT minute, service, operation, status, type, sum(count) AS n, round(sum(duration_sum), 3) AS total,
       min(duration_min) AS least, max(duration_max) AS most,
       quantilesBFloat16Merge(0.01, 0.5, 0.75, 0.99)(duration_quantiles) AS quantiles
     FROM requests_1m WHERE {minutes} GROUP BY ALL`,
    `SELECT minute, service, operation, status, type, count() AS n, round(sum(assumeNotNull(duration_ms)), 3) AS total,
       min(assumeNotNull(duration_ms)) AS least, max(assumeNotNull(duration_ms)) AS most,
       quantilesBFloat16(0.01, 0.5, 0.75, 0.99)(assumeNotNull(duration_ms)) AS quantiles
     FROM {events} WHERE kind = 'span' AND duration_ms IS NOT NULL GROUP BY ALL`,
  ],
  users_1m: [
    `SELECT minute, type, service, operation, uniqExactMerge(users) AS n
     FROM users_1m WHERE {minutes} GROUP BY ALL`,
    `SELECT minute, type, service, operation, uniqExact(user_id) AS n
     FROM {events} WHERE user_id != '' GROUP BY ALL`,
  ],
  sessions_1m: [
    `SELECT minute, user_id, session_id, operation, min(first) AS earliest, max(last) AS latest, sum(count) AS n
     FROM sessions_1m WHERE {minutes} GROUP BY ALL`,
    `SELECT minute, user_id, session_id, operation, min(ts) AS earliest, max(ts) AS latest, count() AS n
     FROM {events} WHERE session_id != '' OR user_id != '' GROUP BY ALL`,
  ],
  metrics_1m: [
    `SELECT minute, metric, unit, service, host, node, pod, container, sum(count) AS n, round(sum(sum), 3) AS total,
       min(min) AS least, max(max) AS most, max(last).value AS newest
     FROM metrics_1m WHERE {minutes} GROUP BY ALL`,
    `SELECT minute, metric, unit, service, host, node, pod, container, count() AS n, round(sum(assumeNotNull(value)), 3) AS total,
       min(assumeNotNull(value)) AS least, max(assumeNotNull(value)) AS most, max((ts, assumeNotNull(value))).2 AS newest
     FROM {events} WHERE kind = 'metric' AND value IS NOT NULL GROUP BY ALL`,
  ],
};

/** Enough to see what is wrong. */
const DIFFERENCES_MAX = 20;

/** Compares every roll-up, over all shards and from one minute on, with the events. Empty when they are equal. */
export async function differencesOfRollups(
  store: Store,
  { fromMinute = '1970-01-01 00:00:00' }: { readonly fromMinute?: string } = {},
): Promise<RollupDifference[]> {
  const client = await store.shard(0);
  const found: RollupDifference[] = [];
  for (const [rollup, pair] of Object.entries(PAIRS)) {
    const [left, right] = pair.map(withRange);
    const answer = await client.query({
      query: `
        SELECT side, tuple(* EXCEPT side) AS row
        FROM (
          SELECT 'rollup' AS side, * FROM (${left!} EXCEPT ${right!})
          UNION ALL
          SELECT 'recount' AS side, * FROM (${right!} EXCEPT ${left!})
        )
        LIMIT ${DIFFERENCES_MAX}`,
      query_params: { from: fromMinute },
      format: 'JSONEachRow',
    });
    const rows = await answer.json<Omit<RollupDifference, 'rollup'>>();
    found.push(...rows.map((row) => ({ rollup, ...row })));
  }
  return found;
}

/** The minutes that a roll-up has; reckoned from the events without the function that the views use. */
function withRange(query: string): string {
  return query.replace('{minutes}', `minute >= {from:DateTime('UTC')}`).replace(
    '{events}',
    `(SELECT *, toDateTime(intDiv(toUnixTimestamp64Second(ts), 60) * 60, 'UTC') AS minute FROM events
      WHERE ts >= {from:DateTime('UTC')} AND toUnixTimestamp64Second(ts) < 49710 * 86400) AS events`,
  );
}
