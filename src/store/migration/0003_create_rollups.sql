-- Figures per minute, filled from the same insert by views of what events_local takes in, so that a question over days need not
-- read every event. A question may read one where `rollup_state` says that it is complete, and only for whole minutes (UTC).
--
-- Exactly once: each table drops what it has under the chunk's token by itself, also when events_local dropped its part of the
-- chunk before. A view's answer is one block (`src/store/write/chunk-store.ts` sends the limits), whatever its number of keys.
-- Late events are nothing special: a minute may have any number of rows, questions merge them.
--
-- Times outside of [1970-01-01, 2106-02-07) have no minute that fits a DateTime and would be counted in another: left out here.
CREATE TABLE IF NOT EXISTS atbd.traffic_1m_local
(
    minute DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    kind LowCardinality(String),
    type LowCardinality(String),
    level LowCardinality(String),
    service LowCardinality(String),
    operation LowCardinality(String),
    provider LowCardinality(String),
    status LowCardinality(String),
    currency LowCardinality(String),
    count SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    -- A missing amount counts 0; amount_count events have one.
    amount SimpleAggregateFunction(sum, Decimal(38, 9)) CODEC(ZSTD(1)),
    amount_count SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    -- Of events that have a duration_ms; without one min is inf and max -inf, which merge with anything.
    duration_count SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    duration_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    duration_min SimpleAggregateFunction(min, Float64) CODEC(ZSTD(1)),
    duration_max SimpleAggregateFunction(max, Float64) CODEC(ZSTD(1)),
    duration_quantiles AggregateFunction(quantilesBFloat16(0.5, 0.9, 0.95, 0.99), Float64) CODEC(ZSTD(1)),
    -- Of events that have a user_id.
    user_event_count SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    users AggregateFunction(uniqExact, String) CODEC(ZSTD(1))
)
ENGINE = {aggregating_merge_tree}
PARTITION BY toDate(minute)
ORDER BY (minute, service, type, operation, kind, level, provider, status, currency)
SETTINGS {dedup};

CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.events_to_traffic_1m TO atbd.traffic_1m_local AS
SELECT
    toStartOfMinute(ts) AS minute, kind, type, level, service, operation, provider, status, currency,
    count() AS count,
    sum(ifNull(event.amount, 0)) AS amount,
    count(event.amount) AS amount_count,
    count(duration_ms) AS duration_count,
    sum(ifNull(duration_ms, 0)) AS duration_sum,
    min(ifNull(duration_ms, inf)) AS duration_min,
    max(ifNull(duration_ms, -inf)) AS duration_max,
    quantilesBFloat16StateIf(0.5, 0.9, 0.95, 0.99)(assumeNotNull(duration_ms), duration_ms IS NOT NULL) AS duration_quantiles,
    countIf(user_id != '') AS user_event_count,
    uniqExactStateIf(user_id, user_id != '') AS users
FROM atbd.events_local AS event
WHERE ts >= toDateTime64('1970-01-01 00:00:00', 9, 'UTC') AND ts < toDateTime64('2106-02-07 00:00:00', 9, 'UTC')
GROUP BY minute, kind, type, level, service, operation, provider, status, currency;

-- Requests and users are kept in the rows of traffic_1m: a table and a view of their own cost an insert 10 ms each.
CREATE VIEW IF NOT EXISTS atbd.requests_1m_local AS
SELECT
    minute, service, operation, status, type,
    duration_count AS count, duration_sum, duration_min, duration_max, duration_quantiles
FROM atbd.traffic_1m_local
WHERE kind = 'span' AND duration_count > 0;

CREATE VIEW IF NOT EXISTS atbd.users_1m_local AS
SELECT minute, type, service, operation, users
FROM atbd.traffic_1m_local
WHERE user_event_count > 0;

-- Who was here from when to when, and what for: sessions and simultaneous users are put together from it.
CREATE TABLE IF NOT EXISTS atbd.sessions_1m_local
(
    minute DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    session_id String CODEC(ZSTD(1)),
    operation LowCardinality(String),
    first SimpleAggregateFunction(min, DateTime64(9, 'UTC')) CODEC(Delta(8), ZSTD(1)),
    last SimpleAggregateFunction(max, DateTime64(9, 'UTC')) CODEC(Delta(8), ZSTD(1)),
    count SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
)
ENGINE = {aggregating_merge_tree}
PARTITION BY toDate(minute)
ORDER BY (minute, user_id, session_id, operation)
SETTINGS {dedup};

CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.events_to_sessions_1m TO atbd.sessions_1m_local AS
SELECT toStartOfMinute(ts) AS minute, user_id, session_id, operation, min(ts) AS first, max(ts) AS last, count() AS count
FROM atbd.events_local
WHERE (session_id != '' OR user_id != '')
    AND ts >= toDateTime64('1970-01-01 00:00:00', 9, 'UTC') AND ts < toDateTime64('2106-02-07 00:00:00', 9, 'UTC')
GROUP BY minute, user_id, session_id, operation;

CREATE TABLE IF NOT EXISTS atbd.metrics_1m_local
(
    minute DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    metric LowCardinality(String),
    unit LowCardinality(String),
    service LowCardinality(String),
    host LowCardinality(String),
    node LowCardinality(String),
    pod LowCardinality(String),
    container LowCardinality(String),
    count SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    min SimpleAggregateFunction(min, Float64) CODEC(ZSTD(1)),
    max SimpleAggregateFunction(max, Float64) CODEC(ZSTD(1)),
    -- Newest value: max(last).value. Not argMax, which of two values at one time keeps the one that came first.
    last SimpleAggregateFunction(max, Tuple(ts DateTime64(9, 'UTC'), value Float64)) CODEC(ZSTD(1))
)
ENGINE = {aggregating_merge_tree}
PARTITION BY toDate(minute)
ORDER BY (metric, minute, unit, service, host, node, pod, container)
SETTINGS {dedup};

CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.events_to_metrics_1m TO atbd.metrics_1m_local AS
SELECT
    toStartOfMinute(ts) AS minute, metric, unit, service, host, node, pod, container,
    count() AS count,
    sum(assumeNotNull(value)) AS sum,
    min(assumeNotNull(value)) AS min,
    max(assumeNotNull(value)) AS max,
    max((ts, assumeNotNull(value))) AS last
FROM atbd.events_local
WHERE kind = 'metric' AND value IS NOT NULL
    AND ts >= toDateTime64('1970-01-01 00:00:00', 9, 'UTC') AND ts < toDateTime64('2106-02-07 00:00:00', 9, 'UTC')
GROUP BY minute, metric, unit, service, host, node, pod, container;

-- From which minute on each roll-up of this shard has all events; written by `rollup-state.ts` after the views were made.
-- With several rows of one roll-up the largest counts; without any it is not to be read.
CREATE TABLE IF NOT EXISTS atbd.rollup_state_local
(
    rollup LowCardinality(String),
    complete_from DateTime('UTC'),
    recorded_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {merge_tree}
ORDER BY rollup
SETTINGS {dedup};

CREATE TABLE IF NOT EXISTS atbd.traffic_1m AS atbd.traffic_1m_local
ENGINE = Distributed({cluster}, atbd, traffic_1m_local);

CREATE TABLE IF NOT EXISTS atbd.requests_1m AS atbd.requests_1m_local
ENGINE = Distributed({cluster}, atbd, requests_1m_local);

CREATE TABLE IF NOT EXISTS atbd.users_1m AS atbd.users_1m_local
ENGINE = Distributed({cluster}, atbd, users_1m_local);

CREATE TABLE IF NOT EXISTS atbd.sessions_1m AS atbd.sessions_1m_local
ENGINE = Distributed({cluster}, atbd, sessions_1m_local);

CREATE TABLE IF NOT EXISTS atbd.metrics_1m AS atbd.metrics_1m_local
ENGINE = Distributed({cluster}, atbd, metrics_1m_local);

CREATE TABLE IF NOT EXISTS atbd.rollup_state AS atbd.rollup_state_local
ENGINE = Distributed({cluster}, atbd, rollup_state_local);
