-- The events in the shape of the OpenTelemetry ClickHouse exporter, for Grafana and whatever else knows it: otel_traces
-- has the spans, otel_logs everything else but metrics. Names and types are the exporter's; a column that we have nothing for is
-- empty. Each is a view of one shard's events under a Distributed table, so that filters and sums are worked out on the shards.
--
-- Timestamps are in UTC, whatever the server's zone. Plain fields are the columns' own, so a range of time, a TraceId and a word of
-- lower(Body) still find their rows by events_local's key and indexes. Attributes are put together for the rows that are read, not kept.
CREATE VIEW IF NOT EXISTS atbd.otel_logs_local AS
SELECT
    CAST(ts, 'DateTime64(9)') AS Timestamp,
    CAST(ts, 'DateTime') AS TimestampTime,
    op_id AS TraceId,
    span_id AS SpanId,
    toUInt8(0) AS TraceFlags,
    level AS SeverityText,
    -- The first number of each of OpenTelemetry's six ranges; 0 is "not said".
    CAST(transform(toString(level), ['trace', 'debug', 'info', 'warn', 'error', 'fatal'], [1, 5, 9, 13, 17, 21], 0), 'UInt8') AS SeverityNumber,
    service AS ServiceName,
    message AS Body,
    CAST('', 'LowCardinality(String)') AS ResourceSchemaUrl,
    CAST(mapFilter((name, value) -> value != '', map(
        'service.name', toString(service), 'host.name', toString(host), 'k8s.node.name', toString(node),
        'k8s.pod.name', toString(pod), 'container.name', toString(container))), 'Map(LowCardinality(String), String)') AS ResourceAttributes,
    CAST('', 'LowCardinality(String)') AS ScopeSchemaUrl,
    CAST(module, 'String') AS ScopeName,
    CAST('', 'LowCardinality(String)') AS ScopeVersion,
    CAST(map(), 'Map(LowCardinality(String), String)') AS ScopeAttributes,
    CAST(mapUpdate(CAST(attrs, 'Map(String, String)'), mapFilter((name, value) -> value != '', map(
        'code.file.path', toString(file), 'code.line.number', ifNull(toString(line), ''),
        'user.id', user_id, 'session.id', session_id, 'operation', toString(operation), 'order_id', order_id, 'product_id', product_id,
        'page', toString(page), 'provider', toString(provider), 'status', toString(status), 'attempt', ifNull(toString(attempt), ''),
        'amount', ifNull(toString(amount), ''), 'currency', toString(currency),
        'messaging.destination.name', toString(topic), 'messaging.destination.partition.id', toString(partition),
        'messaging.kafka.offset', toString(offset)))), 'Map(LowCardinality(String), String)') AS LogAttributes,
    if(type = 'log', '', toString(type)) AS EventName
FROM atbd.events_local
WHERE kind NOT IN ('span', 'metric');

CREATE VIEW IF NOT EXISTS atbd.otel_traces_local AS
SELECT
    CAST(ts, 'DateTime64(9)') AS Timestamp,
    op_id AS TraceId,
    span_id AS SpanId,
    parent_id AS ParentSpanId,
    '' AS TraceState,
    CAST(if(operation = '', type, operation), 'LowCardinality(String)') AS SpanName,
    CAST(if(type = 'request', 'Server', 'Unspecified'), 'LowCardinality(String)') AS SpanKind,
    service AS ServiceName,
    CAST(mapFilter((name, value) -> value != '', map(
        'service.name', toString(service), 'host.name', toString(host), 'k8s.node.name', toString(node),
        'k8s.pod.name', toString(pod), 'container.name', toString(container))), 'Map(LowCardinality(String), String)') AS ResourceAttributes,
    CAST(module, 'String') AS ScopeName,
    '' AS ScopeVersion,
    CAST(mapUpdate(CAST(attrs, 'Map(String, String)'), mapFilter((name, value) -> value != '', map(
        'code.file.path', toString(file), 'code.line.number', ifNull(toString(line), ''),
        'user.id', user_id, 'session.id', session_id, 'operation', toString(operation), 'order_id', order_id, 'product_id', product_id,
        'page', toString(page), 'provider', toString(provider), 'status', toString(status), 'attempt', ifNull(toString(attempt), ''),
        'amount', ifNull(toString(amount), ''), 'currency', toString(currency),
        'messaging.destination.name', toString(topic), 'messaging.destination.partition.id', toString(partition),
        'messaging.kafka.offset', toString(offset)))), 'Map(LowCardinality(String), String)') AS SpanAttributes,
    -- Nanoseconds. A span that says nothing, or less than nothing, lasted 0; what fits no UInt64 lasted 292 years.
    toUInt64(least(greatest(round(ifNull(duration_ms, 0) * 1e6), 0), 9.2e18)) AS Duration,
    CAST(multiIf(status = 'ok', 'Ok', status IN ('failed', 'timeout', 'error') OR level IN ('error', 'fatal'), 'Error', 'Unset'), 'LowCardinality(String)') AS StatusCode,
    if(StatusCode = 'Error', if(message = '', toString(status), message), '') AS StatusMessage,
    CAST([], 'Array(DateTime64(9))') AS `Events.Timestamp`,
    CAST([], 'Array(LowCardinality(String))') AS `Events.Name`,
    CAST([], 'Array(Map(LowCardinality(String), String))') AS `Events.Attributes`,
    CAST([], 'Array(String)') AS `Links.TraceId`,
    CAST([], 'Array(String)') AS `Links.SpanId`,
    CAST([], 'Array(String)') AS `Links.TraceState`,
    CAST([], 'Array(Map(LowCardinality(String), String))') AS `Links.Attributes`
FROM atbd.events_local
WHERE kind = 'span';

CREATE TABLE IF NOT EXISTS atbd.otel_logs AS atbd.otel_logs_local
ENGINE = Distributed({cluster}, atbd, otel_logs_local);

CREATE TABLE IF NOT EXISTS atbd.otel_traces AS atbd.otel_traces_local
ENGINE = Distributed({cluster}, atbd, otel_traces_local);
