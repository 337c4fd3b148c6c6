import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { writeEvents } from '../testing/write-events.js';

let testStore: TestStore;
let reader: ClickHouseClient;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 2 });
  const { shards, username, password } = testStore.reader;
  reader = createClient({ url: shards[0]!.url, username, password, database: 'atbd' });
  await writeEvents(testStore.store, [LOG, RECORD, METRIC, BARE_LOG], { topic: 'logs' });
  const spans = [SPAN, ...STATUSES.map(([event]) => ({ ...event, kind: 'span' }))];
  await writeEvents(testStore.store, spans, { topic: 'spans', partition: 1, shard: 1 });
});
afterAll(async () => {
  await reader.close();
  await testStore[Symbol.asyncDispose]();
});

const LOG = {
  ...{ ts: '2026-11-22T10:00:00.123456789Z', kind: 'log', level: 'warn', service: 'pay' },
  ...{
    host: 'h',
    node: 'n',
    pod: 'p',
    container: 'c',
    module: 'pay.gateway',
    file: 'pay.ts',
    line: 7,
  },
  ...{ message: 'Slow answer', op_id: 'op-1', span_id: 's-1', user_id: 'u-1', amount: '12.50' },
  attrs: { 'user.id': 'from attrs', other: "it's 🚀" },
};
const RECORD = {
  ...{ ts: '2026-11-22T10:00:01Z', kind: 'record', type: 'order.paid', service: 'order' },
  ...{ op_id: 'op-1', status: 'ok' },
};
const BARE_LOG = { ts: '2026-11-22T10:00:02Z', message: 'x', level: 'loud' };
const METRIC = { ts: '2026-11-22T10:00:03Z', kind: 'metric', metric: 'cpu', value: 1, unit: '1' };
const SPAN = {
  ...{ ts: '2026-11-22T10:00:00.5Z', kind: 'span', type: 'request', service: 'pay', op_id: 'op-1' },
  ...{
    span_id: 's-2',
    parent_id: 's-1',
    operation: 'buy',
    duration_ms: 1.5,
    status: 'ok',
    pod: 'p',
  },
};

/** A span's fields, and what they become: duration, code and message of its status, name, kind. */
const STATUSES = [
  [{ span_id: 'a', status: 'failed', message: 'card declined' }, '0', 'Error', 'card declined'],
  [{ span_id: 'b', status: 'timeout', duration_ms: -3 }, '0', 'Error', 'timeout'],
  [{ span_id: 'c', level: 'fatal', duration_ms: 1e300 }, '9200000000000000000', 'Error', ''],
  [{ span_id: 'd', status: 'skipped', duration_ms: 0.000001 }, '1', 'Unset', ''],
] as const;

async function rowsOf(query: string): Promise<unknown[]> {
  const answer = await reader.query({
    query,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  });
  return answer.json();
}

const ATTRIBUTES = 'Map(LowCardinality(String), String)';
const WORD = 'LowCardinality(String)';

/** As the exporter's tables have them, but for the time zone that we name. */
const LOG_COLUMNS = {
  ...{ Timestamp: "DateTime64(9, 'UTC')", TimestampTime: "DateTime('UTC')" },
  ...{ TraceId: 'String', SpanId: 'String', TraceFlags: 'UInt8' },
  ...{ SeverityText: WORD, SeverityNumber: 'UInt8', ServiceName: WORD, Body: 'String' },
  ...{ ResourceSchemaUrl: WORD, ResourceAttributes: ATTRIBUTES, ScopeSchemaUrl: WORD },
  ...{ ScopeName: 'String', ScopeVersion: WORD, ScopeAttributes: ATTRIBUTES },
  ...{ LogAttributes: ATTRIBUTES, EventName: 'String' },
};
const SPAN_COLUMNS = {
  ...{ Timestamp: "DateTime64(9, 'UTC')", TraceId: 'String', SpanId: 'String' },
  ...{ ParentSpanId: 'String', TraceState: 'String', SpanName: WORD, SpanKind: WORD },
  ...{ ServiceName: WORD, ResourceAttributes: ATTRIBUTES, ScopeName: 'String' },
  ...{ ScopeVersion: 'String', SpanAttributes: ATTRIBUTES, Duration: 'UInt64', StatusCode: WORD },
  ...{ StatusMessage: 'String', 'Events.Timestamp': 'Array(DateTime64(9))' },
  ...{ 'Events.Name': `Array(${WORD})`, 'Events.Attributes': `Array(${ATTRIBUTES})` },
  ...{ 'Links.TraceId': 'Array(String)', 'Links.SpanId': 'Array(String)' },
  ...{ 'Links.TraceState': 'Array(String)', 'Links.Attributes': `Array(${ATTRIBUTES})` },
};

describe('the views for OpenTelemetry', () => {
  it.each([
    ['otel_logs', LOG_COLUMNS],
    ['otel_traces', SPAN_COLUMNS],
  ])("%s has the exporter's names and types", async (view, columns) => {
    const described = (await rowsOf(`DESCRIBE TABLE ${view}`)) as { name: string; type: string }[];
    expect(described.map(({ name, type }) => [name, type])).toEqual(Object.entries(columns));
  });

  it('show a log with all that is known of it, a field before an attribute of the same name', async () => {
    expect(await rowsOf(`SELECT * FROM otel_logs WHERE SpanId = 's-1'`)).toEqual([
      {
        ...{ Timestamp: '2026-11-22 10:00:00.123456789', TimestampTime: '2026-11-22 10:00:00' },
        ...{ TraceId: 'op-1', SpanId: 's-1', TraceFlags: 0, SeverityText: 'warn' },
        ...{ SeverityNumber: 13, ServiceName: 'pay', Body: 'Slow answer', ResourceSchemaUrl: '' },
        ResourceAttributes: {
          ...{ 'service.name': 'pay', 'host.name': 'h', 'k8s.node.name': 'n', 'k8s.pod.name': 'p' },
          'container.name': 'c',
        },
        ...{ ScopeSchemaUrl: '', ScopeName: 'pay.gateway', ScopeVersion: '', ScopeAttributes: {} },
        LogAttributes: {
          ...{ 'user.id': 'u-1', other: "it's 🚀", 'code.file.path': 'pay.ts' },
          ...{ 'code.line.number': '7', amount: '12.5', 'messaging.destination.name': 'logs' },
          ...{ 'messaging.destination.partition.id': '0', 'messaging.kafka.offset': '0' },
        },
        EventName: '',
      },
    ]);
  });

  it('keep logs and business facts in one, spans in the other, and metrics out of both', async () => {
    expect(
      await rowsOf(`SELECT EventName, Body, SeverityNumber FROM otel_logs ORDER BY Timestamp`),
    ).toEqual([
      { EventName: '', Body: 'Slow answer', SeverityNumber: 13 },
      { EventName: 'order.paid', Body: '', SeverityNumber: 0 },
      { EventName: '', Body: 'x', SeverityNumber: 0 },
    ]);
    expect(await rowsOf('SELECT count() AS n FROM otel_traces')).toEqual([{ n: '5' }]);
  });

  it('show a span with its duration in nanoseconds', async () => {
    expect(
      await rowsOf(
        `SELECT Timestamp, TraceId, ParentSpanId, SpanName, SpanKind, Duration, StatusCode, StatusMessage,
           SpanAttributes['operation'] AS operation, ResourceAttributes
         FROM otel_traces WHERE SpanId = 's-2'`,
      ),
    ).toEqual([
      {
        ...{ Timestamp: '2026-11-22 10:00:00.500000000', TraceId: 'op-1', ParentSpanId: 's-1' },
        ...{ SpanName: 'buy', SpanKind: 'Server', Duration: '1500000', StatusCode: 'Ok' },
        ...{ StatusMessage: '', operation: 'buy' },
        ResourceAttributes: { 'service.name': 'pay', 'k8s.pod.name': 'p' },
      },
    ]);
  });

  it.each(STATUSES)('read the status of %j', async (event, Duration, StatusCode, StatusMessage) => {
    expect(
      await rowsOf(
        `SELECT Duration, StatusCode, StatusMessage FROM otel_traces WHERE SpanId = '${event.span_id}'`,
      ),
    ).toEqual([{ Duration, StatusCode, StatusMessage }]);
  });

  it.each([
    ["TraceId = 'op-1'", 'op_id_bloom'],
    ["hasAllTokens(lower(Body), 'slow')", 'message_words'],
    ["Timestamp >= '2026-11-22 10:00:01'", 'PrimaryKey Keys: ts'],
    ["TimestampTime >= '2026-11-22 10:00:01'", 'PrimaryKey Keys: ts'],
  ])('find rows where %s by %s', async (where, index) => {
    const client = await testStore.store.shard(0);
    const answer = await client.query({
      query: `EXPLAIN indexes = 1 SELECT Body FROM otel_logs_local WHERE ${where}`,
      format: 'TabSeparatedRaw',
    });
    expect((await answer.text()).replaceAll(/\s+/g, ' ')).toContain(index);
  });
});
