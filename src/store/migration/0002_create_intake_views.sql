-- The views that turn one insert into events, dead letters and a ledger line. None of them may throw: a view that
-- does leaves the other tables filled. So everything is taken out as text and converted by ...OrNull;
-- what cannot be converted stays in attrs under its name and is named in flags.

-- Each record with the verdict on it: `why` is empty for an event, 'hole' for what is no record, else the reason of
-- a dead letter. Judged once, for the three views below: with the judgement in each of them a row cost 1 us more of 7.
CREATE TABLE IF NOT EXISTS atbd.judged
(
    topic String,
    epoch UInt32,
    partition UInt32,
    chunk_first UInt64,
    chunk_last UInt64,
    offset UInt64,
    queue_time DateTime64(3, 'UTC'),
    is_backfill UInt8,
    key String,
    raw String,
    why LowCardinality(String)
)
ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.intake_to_judged TO atbd.judged AS
WITH
    -- The token of the insert, as `src/store/write/chunk-store.ts` writes it; a constant, taken apart once.
    extractGroups(getSetting('insert_deduplication_token'), '^(.*):e(\\d+):p(\\d+):(\\d+)-(\\d+):s\\d+$') AS chunk
SELECT chunk[1] AS topic, toUInt32OrZero(chunk[2]) AS epoch, toUInt32OrZero(chunk[3]) AS partition,
    toUInt64OrZero(chunk[4]) AS chunk_first, toUInt64OrZero(chunk[5]) AS chunk_last,
    offset, queue_time, is_backfill, key, raw,
    multiIf(reason != '', reason, JSONType(raw) = 'Object', '', isValidJSON(raw), 'not_an_object', 'invalid_json') AS why
FROM atbd.intake;

CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.judged_to_events TO atbd.events_local AS
WITH
    -- The event's own fields, one pass over the bytes.
    JSONExtract(raw, 'Tuple(
        ts Nullable(String), kind String, type String, level String, service String, host String, node String,
        pod String, container String, module String, file String, line Nullable(String), message String,
        op_id String, span_id String, parent_id String, duration_ms Nullable(String), operation String,
        user_id String, session_id String, order_id String, product_id String, page String, provider String,
        status String, attempt Nullable(String), amount Nullable(String), currency String, metric String,
        value Nullable(String), unit String)') AS e,
    arrayFilter(key -> key NOT IN (
        'ts', 'kind', 'type', 'level', 'service', 'host', 'node', 'pod', 'container', 'module', 'file', 'line', 'message',
        'op_id', 'span_id', 'parent_id', 'duration_ms', 'operation', 'user_id', 'session_id', 'order_id', 'product_id', 'page',
        'provider', 'status', 'attempt', 'amount', 'currency', 'metric', 'value', 'unit'), JSONExtractKeys(raw)) AS foreign_keys,
    -- RFC 3339 (a blank for the T and no zone are let pass), or a number of seconds, ms, us or ns. Checked first, because the parser
    -- makes a time of nearly anything: '12' was the 12th of January, '11:30' and '0000-00-00T00:00:00Z' the 1st.
    match(ifNull(e.ts, ''), '^(?:[12]\\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])[Tt ](?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:[.]\\d+)?(?:[Zz]|[+-](?:[01]\\d|2[0-3]):?[0-5]\\d)?|\\d{10}(?:[.]\\d+)?|\\d{13}|\\d{16}|\\d{19})$') AS is_time,
    if(is_time, parseDateTime64BestEffortOrNull(upper(e.ts), 9, 'UTC'), NULL) AS event_time,
    -- 0 stands for a queue that has no usable time; there is nothing to hold the event's own against.
    toUnixTimestamp64Milli(queue_time) > 0 AS has_queue_time,
    if(event_time IS NULL, 'queue',
        if(is_backfill = 0 AND has_queue_time AND (event_time < queue_time - INTERVAL 400 DAY OR event_time > queue_time + INTERVAL 10 MINUTE), 'clamped', 'event')) AS time_source,
    toUInt32OrNull(e.line) AS line_number,
    -- 'nan' and 'inf' are numbers to the parser and would spoil every average.
    if(isFinite(toFloat64OrNull(e.duration_ms)), toFloat64OrNull(e.duration_ms), NULL) AS duration_number,
    toUInt32OrNull(e.attempt) AS attempt_number,
    if(match(ifNull(e.amount, ''), '^-?[0-9]{1,28}([.][0-9]{1,9})?$'), toDecimal128OrNull(e.amount, 9), NULL) AS amount_number,
    if(isFinite(toFloat64OrNull(e.value)), toFloat64OrNull(e.value), NULL) AS value_number,
    time_source != 'event' OR NOT has_queue_time OR (line_number IS NULL AND e.line IS NOT NULL) OR (duration_number IS NULL AND e.duration_ms IS NOT NULL)
        OR (attempt_number IS NULL AND e.attempt IS NOT NULL) OR (amount_number IS NULL AND e.amount IS NOT NULL)
        OR (value_number IS NULL AND e.value IS NOT NULL) AS is_unconverted,
    e.type = 'page.view' AS is_page_view,
    e.type IN ('order.reserved', 'order.placed', 'order.cancelled') AS is_order,
    e.type = 'payment.attempt' AS is_payment,
    e.type IN ('order.paid', 'order.failed', 'refund.requested', 'refund.done') AS is_money,
    e.type = 'request' AS is_request,
    e.type = 'metric' AS is_metric,
    e.type IN ('', 'log') AND e.kind IN ('', 'log') AS is_log,
    e.ts IS NULL OR e.service = '' OR (is_log AND (e.level = '' OR e.message = ''))
        -- The other types are few: their flags are worked out one by one.
        OR is_page_view OR is_order OR is_payment OR is_money OR is_metric OR (is_request AND (e.op_id = '' OR e.span_id = ''
        OR e.operation = '' OR e.duration_ms IS NULL OR e.status = '')) AS is_incomplete
SELECT
    if(time_source = 'event', assumeNotNull(event_time), toDateTime64(queue_time, 9, 'UTC')) AS ts,
    time_source AS ts_source,
    if(e.kind != '', lower(e.kind), multiIf(is_request, 'span', is_metric, 'metric', e.type IN ('', 'log'), 'log', 'record')) AS kind,
    if(e.type = '' AND kind = 'log', 'log', e.type) AS type,
    lower(e.level) AS level,
    e.service AS service, e.host AS host, e.node AS node, e.pod AS pod, e.container AS container,
    e.module AS module, e.file AS file, line_number AS line, e.message AS message,
    e.op_id AS op_id, e.span_id AS span_id, e.parent_id AS parent_id, duration_number AS duration_ms, e.operation AS operation,
    e.user_id AS user_id, e.session_id AS session_id, e.order_id AS order_id, e.product_id AS product_id, e.page AS page,
    e.provider AS provider, e.status AS status, attempt_number AS attempt, amount_number AS amount, e.currency AS currency,
    e.metric AS metric, value_number AS value, e.unit AS unit,
    -- Short circuits: an event that is all ours and whole pays for neither of the two.
    if(empty(foreign_keys) AND NOT is_unconverted, map(), CAST(arrayConcat(
        if(empty(foreign_keys), [], arrayFlatten(arrayMap(
            pair -> if(pair.1 = 'attrs' AND startsWith(pair.2, '{'),
                arrayMap(inner -> (inner.1, if(startsWith(inner.2, '"'), JSONExtractString(inner.2), inner.2)), JSONExtractKeysAndValuesRaw(pair.2)),
                [(pair.1, if(startsWith(pair.2, '"'), JSONExtractString(pair.2), pair.2))]),
            arrayFilter(pair -> has(foreign_keys, pair.1), JSONExtractKeysAndValuesRaw(raw))))),
        arrayMap(pair -> (pair.1, assumeNotNull(pair.2)), arrayFilter(pair -> pair.2 IS NOT NULL, [
            ('ts', if(time_source = 'event', NULL, e.ts)),
            ('line', if(line_number IS NULL, e.line, NULL)),
            ('duration_ms', if(duration_number IS NULL, e.duration_ms, NULL)),
            ('attempt', if(attempt_number IS NULL, e.attempt, NULL)),
            ('amount', if(amount_number IS NULL, e.amount, NULL)),
            ('value', if(value_number IS NULL, e.value, NULL))]))), 'Map(String, String)')) AS attrs,
    if(NOT (is_unconverted OR is_incomplete), [], arrayFilter(flag -> flag != '', [
        if(has_queue_time, '', 'unreadable:queue_time'),
        if(event_time IS NULL AND e.ts IS NOT NULL, 'unreadable:ts', ''),
        if(line_number IS NULL AND e.line IS NOT NULL, 'unreadable:line', ''),
        if(duration_number IS NULL AND e.duration_ms IS NOT NULL, 'unreadable:duration_ms', ''),
        if(attempt_number IS NULL AND e.attempt IS NOT NULL, 'unreadable:attempt', ''),
        if(amount_number IS NULL AND e.amount IS NOT NULL, 'unreadable:amount', ''),
        if(value_number IS NULL AND e.value IS NOT NULL, 'unreadable:value', ''),
        if(e.ts IS NULL, 'missing:ts', ''),
        if(e.service = '', 'missing:service', ''),
        if((is_order OR is_payment OR is_money OR is_request) AND e.op_id = '', 'missing:op_id', ''),
        if((is_page_view OR is_order OR is_payment OR is_money) AND e.user_id = '', 'missing:user_id', ''),
        if(is_page_view AND e.session_id = '', 'missing:session_id', ''),
        if(is_page_view AND e.page = '', 'missing:page', ''),
        if((is_order OR is_payment OR is_money) AND e.order_id = '', 'missing:order_id', ''),
        if((is_order OR is_payment OR is_money OR is_request) AND e.status = '', 'missing:status', ''),
        if(is_payment AND e.provider = '', 'missing:provider', ''),
        if(is_payment AND e.attempt IS NULL, 'missing:attempt', ''),
        if((is_payment OR is_money) AND e.amount IS NULL, 'missing:amount', ''),
        if((is_payment OR is_money) AND e.currency = '', 'missing:currency', ''),
        if(is_request AND e.span_id = '', 'missing:span_id', ''),
        if(is_request AND e.operation = '', 'missing:operation', ''),
        if(is_request AND e.duration_ms IS NULL, 'missing:duration_ms', ''),
        if(is_log AND e.level = '', 'missing:level', ''),
        if(is_log AND e.message = '', 'missing:message', ''),
        if(is_metric AND e.metric = '', 'missing:metric', ''),
        if(is_metric AND e.value IS NULL, 'missing:value', ''),
        if(is_metric AND e.unit = '', 'missing:unit', '')])) AS flags,
    topic, epoch, partition, offset, queue_time
FROM atbd.judged
WHERE why = '';

CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.judged_to_dead_letters TO atbd.dead_letters_local AS
SELECT topic, epoch, partition, offset, queue_time, why AS reason, key, raw
FROM atbd.judged
WHERE why NOT IN ('', 'hole');

-- A line says what became of a chunk's records, not that they are visible: the server fills these three in any order (seen: the ledger
-- first), and what ends an insert is its answer. Whoever needs that waits for the group's commit, which comes after it.
CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.judged_to_ledger TO atbd.ledger_local AS
SELECT topic, epoch, partition, chunk_first AS first, chunk_last AS last,
    countIf(why = '') AS stored,
    countIf(why NOT IN ('', 'hole')) AS dead,
    mapFilter((name, count) -> count > 0, CAST(sumMap([toString(why)], [toUInt64(why NOT IN ('', 'hole'))]), 'Map(String, UInt64)')) AS reasons
FROM atbd.judged
GROUP BY topic, epoch, partition, first, last;
