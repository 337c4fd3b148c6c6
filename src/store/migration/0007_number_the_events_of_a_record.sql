-- A record of a foreign topic can hold many events (a request of OpenTelemetry's protocol has spans by the hundred). `item` says which of
-- them a row is, from 0, and stands behind the offset wherever events are told apart or ordered; a record that is one event has 0.
-- A record counts once in the ledger's `stored`, as before; `more` are its events beyond the first, so that a recount can prove them, too.
ALTER TABLE atbd.events_local
    ADD COLUMN IF NOT EXISTS item UInt32 CODEC(T64, ZSTD(1)) AFTER offset,
    MODIFY ORDER BY (ts, topic, epoch, partition, offset, item);

ALTER TABLE atbd.events ADD COLUMN IF NOT EXISTS item UInt32 AFTER offset;

ALTER TABLE atbd.ledger_local ADD COLUMN IF NOT EXISTS more UInt64 AFTER dead;

ALTER TABLE atbd.ledger ADD COLUMN IF NOT EXISTS more UInt64 AFTER dead;

ALTER TABLE atbd.judged ADD COLUMN IF NOT EXISTS item UInt32 AFTER offset;

-- Last, because rows travel as columns in this order (`src/engine/model/record-row.ts`); inserts that do not name it leave it 0.
ALTER TABLE atbd.intake ADD COLUMN IF NOT EXISTS item UInt32;

-- The rest is as in migrations 0002 and 0006, where the reasons stand, with `item` carried along.
DROP VIEW IF EXISTS atbd.intake_to_judged;

CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.intake_to_judged TO atbd.judged AS
WITH
    extractGroups(getSetting('insert_deduplication_token'), '^(.*):e(\\d+):p(\\d+):\\d+-\\d+:s\\d+$') AS chunk,
    JSONExtract(raw, 'Tuple(
        ts Nullable(String), kind LowCardinality(String), type LowCardinality(String), level LowCardinality(String),
        service LowCardinality(String), host LowCardinality(String), node LowCardinality(String), pod LowCardinality(String),
        container LowCardinality(String), module LowCardinality(String), file LowCardinality(String), line Nullable(String),
        message String, op_id String, span_id String, parent_id String, duration_ms Nullable(String),
        operation LowCardinality(String), user_id String, session_id String, order_id String, product_id String,
        page LowCardinality(String), provider LowCardinality(String), status LowCardinality(String), attempt Nullable(String),
        amount Nullable(String), currency LowCardinality(String), metric LowCardinality(String), value Nullable(String),
        unit LowCardinality(String))') AS e
SELECT
    chunk[1] AS topic, toUInt32OrZero(chunk[2]) AS epoch, toUInt32OrZero(chunk[3]) AS partition,
    offset, item, queue_time, is_backfill, key, raw,
    multiIf(reason != '', reason, JSONType(raw) = 'Object', '', isValidJSON(raw), 'not_an_object', 'invalid_json') AS why,
    arrayFilter(key -> key NOT IN (
        'ts', 'kind', 'type', 'level', 'service', 'host', 'node', 'pod', 'container', 'module', 'file', 'line', 'message',
        'op_id', 'span_id', 'parent_id', 'duration_ms', 'operation', 'user_id', 'session_id', 'order_id', 'product_id', 'page',
        'provider', 'status', 'attempt', 'amount', 'currency', 'metric', 'value', 'unit'), JSONExtractKeys(raw)) AS foreign_keys,
    tupleElement(e, 'ts') AS given_ts,
    parseDateTime64BestEffortOrNull(upper(extract(given_ts, '^(?:[12]\\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])[Tt ](?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:[.]\\d+)?(?:[Zz]|[+-](?:[01]\\d|2[0-3]):?[0-5]\\d)?|\\d{10}(?:[.]\\d+)?|\\d{13}|\\d{16}|\\d{19})$')), 9, 'UTC') AS event_time,
    tupleElement(e, 'kind') AS given_kind, tupleElement(e, 'type') AS given_type, lower(tupleElement(e, 'level')) AS level,
    tupleElement(e, 'service') AS service, tupleElement(e, 'host') AS host, tupleElement(e, 'node') AS node,
    tupleElement(e, 'pod') AS pod, tupleElement(e, 'container') AS container,
    tupleElement(e, 'module') AS module, tupleElement(e, 'file') AS file,
    tupleElement(e, 'line') AS given_line, toUInt32OrNull(given_line) AS line,
    tupleElement(e, 'message') AS message, tupleElement(e, 'op_id') AS op_id,
    tupleElement(e, 'span_id') AS span_id, tupleElement(e, 'parent_id') AS parent_id,
    tupleElement(e, 'duration_ms') AS given_duration_ms, toFloat64OrNull(given_duration_ms) AS parsed_duration_ms,
    tupleElement(e, 'operation') AS operation, tupleElement(e, 'user_id') AS user_id, tupleElement(e, 'session_id') AS session_id,
    tupleElement(e, 'order_id') AS order_id, tupleElement(e, 'product_id') AS product_id, tupleElement(e, 'page') AS page,
    tupleElement(e, 'provider') AS provider, tupleElement(e, 'status') AS status,
    tupleElement(e, 'attempt') AS given_attempt, toUInt32OrNull(given_attempt) AS attempt,
    tupleElement(e, 'amount') AS given_amount,
    toDecimal128OrNull(extract(given_amount, '^-?[0-9]{1,28}(?:[.][0-9]{1,9})?$'), 9) AS amount,
    tupleElement(e, 'currency') AS currency, tupleElement(e, 'metric') AS metric,
    tupleElement(e, 'value') AS given_value, toFloat64OrNull(given_value) AS parsed_value,
    tupleElement(e, 'unit') AS unit
FROM atbd.intake;

DROP VIEW IF EXISTS atbd.judged_to_events;

CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.judged_to_events TO atbd.events_local AS
WITH
    toUnixTimestamp64Milli(queue_time) > 0 AS has_queue_time,
    arrayFilter((name, is_read, given) -> NOT ifNull(is_read, 0) AND given IS NOT NULL,
        ['ts', 'line', 'duration_ms', 'attempt', 'amount', 'value'],
        [isNotNull(event_time), isNotNull(line), isFinite(parsed_duration_ms), isNotNull(attempt), isNotNull(amount), isFinite(parsed_value)],
        [given_ts, given_line, given_duration_ms, given_attempt, given_amount, given_value]) AS unread,
    arrayConcat(
        arrayFilter((name, given) -> given IS NULL,
            ['ts', 'attempt', 'amount', 'duration_ms', 'value'],
            [given_ts, given_attempt, given_amount, given_duration_ms, given_value]),
        arrayFilter((name, given) -> given = '',
            ['service', 'op_id', 'user_id', 'session_id', 'page', 'order_id', 'status', 'provider', 'currency', 'span_id', 'operation',
                'level', 'message', 'metric', 'unit'],
            [service, op_id, user_id, session_id, page, order_id, status, provider, currency, span_id, operation,
                level, message, metric, unit])) AS absent
SELECT
    if(ts_source = 'event', assumeNotNull(event_time), toDateTime64(queue_time, 9, 'UTC')) AS ts,
    multiIf(event_time IS NULL, 'queue',
        is_backfill = 0 AND has_queue_time AND (event_time < subtractDays(queue_time, 400) OR event_time > addMinutes(queue_time, 10)), 'clamped',
        'event') AS ts_source,
    if(given_kind != '', lower(given_kind),
        transform(given_type, ['request', 'metric', '', 'log'], ['span', 'metric', 'log', 'log'], 'record')) AS kind,
    multiIf(given_type != '', given_type, lower(given_kind) IN ('', 'log'), 'log', '') AS type,
    level, service, host, node, pod, container, module, file, line, message, op_id, span_id, parent_id,
    if(isFinite(parsed_duration_ms), parsed_duration_ms, NULL) AS duration_ms,
    operation, user_id, session_id, order_id, product_id, page, provider, status, attempt, amount, currency,
    metric, if(isFinite(parsed_value), parsed_value, NULL) AS value, unit,
    if(empty(foreign_keys) AND empty(unread) AND ts_source = 'event', map(), CAST(arrayConcat(
        if(empty(foreign_keys), [], arrayMap(
            pair -> (pair.1, if(startsWith(pair.2, '"'), JSONExtractString(pair.2), pair.2)),
            arrayFlatten(arrayMap(
                pair -> if(pair.1 = 'attrs' AND startsWith(pair.2, '{'), JSONExtractKeysAndValuesRaw(pair.2), [pair]),
                arrayFilter(pair -> has(foreign_keys, pair.1), JSONExtractKeysAndValuesRaw(raw)))))),
        arrayFilter(pair -> has(unread, pair.1) OR (pair.1 = 'ts' AND ts_source = 'clamped'), arrayZip(
            ['ts', 'line', 'duration_ms', 'attempt', 'amount', 'value'],
            arrayMap(given -> ifNull(given, ''), [given_ts, given_line, given_duration_ms, given_attempt, given_amount, given_value])))),
        'Map(String, String)')) AS attrs,
    arrayConcat(
        if(has_queue_time, [], ['unreadable:queue_time']),
        arrayMap(name -> concat('unreadable:', name), unread),
        arrayMap(name -> concat('missing:', name), arrayFilter(name -> has(absent, name), arrayConcat(['ts', 'service'], multiIf(
            given_type IN ('', 'log') AND given_kind IN ('', 'log'), ['level', 'message'],
            given_type = 'request', ['op_id', 'status', 'span_id', 'operation', 'duration_ms'],
            given_type = 'metric', ['metric', 'value', 'unit'],
            given_type = 'page.view', ['user_id', 'session_id', 'page'],
            given_type IN ('order.reserved', 'order.placed', 'order.cancelled'), ['op_id', 'user_id', 'order_id', 'status'],
            given_type = 'payment.attempt', ['op_id', 'user_id', 'order_id', 'status', 'provider', 'attempt', 'amount', 'currency'],
            given_type IN ('order.paid', 'order.failed', 'refund.requested', 'refund.done'),
                ['op_id', 'user_id', 'order_id', 'status', 'amount', 'currency'],
            []))))) AS flags,
    topic, epoch, partition, offset, item, queue_time
FROM atbd.judged
WHERE why = '';

DROP VIEW IF EXISTS atbd.judged_to_ledger;

CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.judged_to_ledger TO atbd.ledger_local AS
WITH extractGroups(getSetting('insert_deduplication_token'), '^(.*):e(\\d+):p(\\d+):(\\d+)-(\\d+):s\\d+$') AS chunk
SELECT
    chunk[1] AS topic, toUInt32OrZero(chunk[2]) AS epoch, toUInt32OrZero(chunk[3]) AS partition,
    toUInt64OrZero(chunk[4]) AS first, toUInt64OrZero(chunk[5]) AS last,
    countIf(why = '' AND item = 0) AS stored,
    countIf(why NOT IN ('', 'hole')) AS dead,
    sumMapIf(map(why, toUInt64(1)), why NOT IN ('', 'hole')) AS reasons,
    countIf(why = '' AND item > 0) AS more,
    countIf(place = 'late') AS late,
    countIf(place = 'clamped') AS clamped,
    maxIf(if(place IN ('clamped', 'unknown'), queue_time, toDateTime64(assumeNotNull(event_time), 3, 'UTC')), why = '') AS newest
FROM
(
    SELECT why, item, queue_time, event_time,
        multiIf(event_time IS NULL, 'unknown', why != '' OR is_backfill != 0 OR toUnixTimestamp64Milli(queue_time) <= 0, 'ordinary',
            event_time < subtractDays(queue_time, 400) OR event_time > addMinutes(queue_time, 10), 'clamped',
            event_time < subtractMinutes(queue_time, 2), 'late', 'ordinary') AS place
    FROM atbd.judged
);
