-- The views that turn one insert into events, dead letters and a ledger line. None of them may throw: a view that
-- does leaves the other tables filled. So everything is taken out as text and converted by ...OrNull;
-- what cannot be converted stays in attrs under its name and is named in flags.
--
-- An insert of few rows costs what the server's analysis of these views costs, about 40 us of processor time a function
-- call, once for each time that an alias is used. Written with the least repetition that we found an insert costs 40 ms
-- instead of 60 (docs/benchmarks.md), so:
--   what is used more than once is a column of `judged`, not an alias: a column costs next to nothing;
--   tupleElement(e, 'x') and not e.x, which costs five times as much where e is an alias;
--   lists of names and arrays of columns instead of one condition a field;
--   LowCardinality where the text is taken out, instead of a conversion of each column afterwards.

-- Each record with its fields and the verdict on it: `why` is empty for an event, 'hole' for what is no record, else the
-- reason of a dead letter. Done once, for the three views below: with the judgement in each of them a row cost 1 us more of 7.
-- given_... is the text of a field that becomes something else, NULL where the record has none.
CREATE TABLE IF NOT EXISTS atbd.judged
(
    topic LowCardinality(String),
    epoch UInt32,
    partition UInt32,
    offset UInt64,
    queue_time DateTime64(3, 'UTC'),
    is_backfill UInt8,
    key String,
    raw String,
    why LowCardinality(String),
    foreign_keys Array(String),
    given_ts Nullable(String),
    event_time Nullable(DateTime64(9, 'UTC')),
    given_kind LowCardinality(String),
    given_type LowCardinality(String),
    level LowCardinality(String),
    service LowCardinality(String),
    host LowCardinality(String),
    node LowCardinality(String),
    pod LowCardinality(String),
    container LowCardinality(String),
    module LowCardinality(String),
    file LowCardinality(String),
    given_line Nullable(String),
    line Nullable(UInt32),
    message String,
    op_id String,
    span_id String,
    parent_id String,
    given_duration_ms Nullable(String),
    parsed_duration_ms Nullable(Float64),
    operation LowCardinality(String),
    user_id String,
    session_id String,
    order_id String,
    product_id String,
    page LowCardinality(String),
    provider LowCardinality(String),
    status LowCardinality(String),
    given_attempt Nullable(String),
    attempt Nullable(UInt32),
    given_amount Nullable(String),
    amount Nullable(Decimal(38, 9)),
    currency LowCardinality(String),
    metric LowCardinality(String),
    given_value Nullable(String),
    parsed_value Nullable(Float64),
    unit LowCardinality(String)
)
ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.intake_to_judged TO atbd.judged AS
WITH
    -- The token of the insert, as `src/store/write/chunk-store.ts` writes it; a constant.
    extractGroups(getSetting('insert_deduplication_token'), '^(.*):e(\\d+):p(\\d+):\\d+-\\d+:s\\d+$') AS chunk,
    -- The event's own fields, one pass over the bytes.
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
    offset, queue_time, is_backfill, key, raw,
    multiIf(reason != '', reason, JSONType(raw) = 'Object', '', isValidJSON(raw), 'not_an_object', 'invalid_json') AS why,
    arrayFilter(key -> key NOT IN (
        'ts', 'kind', 'type', 'level', 'service', 'host', 'node', 'pod', 'container', 'module', 'file', 'line', 'message',
        'op_id', 'span_id', 'parent_id', 'duration_ms', 'operation', 'user_id', 'session_id', 'order_id', 'product_id', 'page',
        'provider', 'status', 'attempt', 'amount', 'currency', 'metric', 'value', 'unit'), JSONExtractKeys(raw)) AS foreign_keys,
    tupleElement(e, 'ts') AS given_ts,
    -- RFC 3339 (a blank for the T and no zone are let pass), or a number of seconds, ms, us or ns. Cut out first, because the parser
    -- makes a time of nearly anything: '12' was the 12th of January, '11:30' and '0000-00-00T00:00:00Z' the 1st.
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

CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.judged_to_events TO atbd.events_local AS
WITH
    -- 0 stands for a queue that has no usable time; there is nothing to hold the event's own against.
    toUnixTimestamp64Milli(queue_time) > 0 AS has_queue_time,
    -- Names of what was given and could not be converted.
    arrayFilter((name, is_read, given) -> NOT ifNull(is_read, 0) AND given IS NOT NULL,
        ['ts', 'line', 'duration_ms', 'attempt', 'amount', 'value'],
        [isNotNull(event_time), isNotNull(line), isFinite(parsed_duration_ms), isNotNull(attempt), isNotNull(amount), isFinite(parsed_value)],
        [given_ts, given_line, given_duration_ms, given_attempt, given_amount, given_value]) AS unread,
    -- Names of what was not given, of all that some type must have.
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
    -- 'nan' and 'inf' are numbers to the parser and would spoil every average.
    if(isFinite(parsed_duration_ms), parsed_duration_ms, NULL) AS duration_ms,
    operation, user_id, session_id, order_id, product_id, page, provider, status, attempt, amount, currency,
    metric, if(isFinite(parsed_value), parsed_value, NULL) AS value, unit,
    -- Short circuits: an event that is all ours and could be read pays for none of it.
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
    topic, epoch, partition, offset, queue_time
FROM atbd.judged
WHERE why = '';

CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.judged_to_dead_letters TO atbd.dead_letters_local AS
SELECT topic, epoch, partition, offset, queue_time, why AS reason, key, raw
FROM atbd.judged
WHERE why NOT IN ('', 'hole');

-- A line says what became of a chunk's records, not that they are visible: the server fills these three in any order (seen: the ledger
-- first), and what ends an insert is its answer. Whoever needs that waits for the group's commit, which comes after it.
-- An insert is one block of one chunk and has a row at least (a hole, if nothing else): one line comes of it.
CREATE MATERIALIZED VIEW IF NOT EXISTS atbd.judged_to_ledger TO atbd.ledger_local AS
WITH extractGroups(getSetting('insert_deduplication_token'), '^(.*):e(\\d+):p(\\d+):(\\d+)-(\\d+):s\\d+$') AS chunk
SELECT
    chunk[1] AS topic, toUInt32OrZero(chunk[2]) AS epoch, toUInt32OrZero(chunk[3]) AS partition,
    toUInt64OrZero(chunk[4]) AS first, toUInt64OrZero(chunk[5]) AS last,
    countIf(why = '') AS stored,
    countIf(why NOT IN ('', 'hole')) AS dead,
    sumMapIf(map(why, toUInt64(1)), why NOT IN ('', 'hole')) AS reasons
FROM atbd.judged;
