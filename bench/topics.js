// What it costs to map records of topics that others fill, beside passing our own format on: processor time of the worker's side,
// from a queue's records to the rows that are sent, per event. No queue and no store take part.
// npm run bench -- topics [records]
import { createTopicMappers } from '../dist/engine/edge/topic/topic-mapper.js';
import { MappedRun } from '../dist/engine/edge/topic/mapped-run.js';
import { runOf } from '../dist/engine/model/record-run.js';

const ROUNDS = 5;
const SPANS_A_REQUEST = 100;
const START_MS = Date.UTC(2026, 10, 1);
const PATTERN = '^(?<ts>\\S+) (?<level>\\w+) \\[(?<module>[^\\]]*)\\] (?<message>.*)$';

export default async function bench([recordCount = '100000']) {
  const count = Number(recordCount);
  const cases = [
    ['atbd (passed on)', undefined, own, 1],
    ['json', { format: 'json' }, pino, 1],
    ['text, combined', { format: 'text', pattern: 'combined' }, access, 1],
    ['text, an expression', { format: 'text', pattern: PATTERN }, line, 1],
    ['debezium', { format: 'debezium', types: { 'orders.created': 'order.placed' } }, change, 1],
    ['otlp-json', { format: 'otlp-json' }, request, SPANS_A_REQUEST],
  ];
  console.log(`${count} events each; the median of ${ROUNDS} rounds`);
  for (const [name, spec, write, eventCount] of cases) {
    const records = recordsOf(Math.ceil(count / eventCount), write);
    const bytes = records.reduce((sum, { value }) => sum + value.length, 0);
    const micros = medianOf(Array.from({ length: ROUNDS }, () => cpuMicrosOf(records, spec)));
    const perEvent = micros / (records.length * eventCount);
    console.log(
      `  ${name.padEnd(20)} ${perEvent.toFixed(2).padStart(6)} µs an event of ${Math.round(bytes / records.length / eventCount)} bytes`,
    );
  }
}

/** In slices, as the worker maps them. */
function cpuMicrosOf(records, spec) {
  const map = spec && createTopicMappers([{ name: 'foreign', ...spec }]).get('foreign');
  const runs = [];
  for (let from = 0; from < records.length; from += 500)
    runs.push(runOf(records.slice(from, from + 500)));
  const before = process.cpuUsage();
  for (const run of runs) (map === undefined ? run : new MappedRun(run, map)).rows();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function medianOf(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function recordsOf(count, write) {
  return Array.from({ length: count }, (_, index) => ({
    offset: BigInt(index),
    timestampMs: START_MS,
    key: Buffer.from(`k${index % 100}`),
    value: Buffer.from(write(index)),
    headers: undefined,
  }));
}

const timeOf = (index) => new Date(START_MS + index * 20).toISOString();
const idOf = (index, length) => index.toString(16).padStart(length, '0');
const said = (index) =>
  `attempt ${index % 4} of the payment for order ${index} was answered by provider ${index % 5} after ${(index * 7919) % 2000} ms`;

function own(index) {
  return JSON.stringify({
    ts: timeOf(index),
    kind: 'log',
    level: 'info',
    service: 'payment',
    host: `host-${index % 12}`,
    module: 'payment.gateway',
    message: said(index),
    op_id: idOf(index, 32),
    user_id: `user-${index % 20_000}`,
  });
}

function pino(index) {
  return JSON.stringify({
    level: 30,
    time: START_MS + index * 20,
    pid: 417,
    hostname: `host-${index % 12}`,
    name: 'payment',
    logger: 'payment.gateway',
    msg: said(index),
    trace_id: idOf(index, 32),
    userId: `user-${index % 20_000}`,
  });
}

function access(index) {
  return `10.0.0.${index % 250} - user-${index} [01/Nov/2026:10:00:00 +0000] "GET /product/${index} HTTP/1.1" 200 ${index % 9000} "https://shop.example/" "Mozilla/5.0 (X11; Linux x86_64)"`;
}

function line(index) {
  return `${timeOf(index)} INFO [payment.gateway] ${said(index)}`;
}

function change(index) {
  return JSON.stringify({
    before: null,
    after: {
      ...{ id: index, order_id: `o-${index}`, user_id: `user-${index % 20_000}`, status: 'placed' },
      ...{ amount: '19.90', currency: 'EUR', note: null, created_at: START_MS * 1000 + index },
    },
    source: {
      ...{ version: '3.0.0.Final', connector: 'postgresql', name: 'shopdb', snapshot: 'false' },
      ...{ ts_ms: START_MS + index, db: 'shop', schema: 'public', table: 'orders', lsn: index },
    },
    op: 'c',
    ts_ms: START_MS + index,
  });
}

function request(index) {
  const attribute = (key, stringValue) => ({ key, value: { stringValue } });
  const spans = Array.from({ length: SPANS_A_REQUEST }, (_, at) => ({
    traceId: idOf(index, 32),
    spanId: idOf(index * SPANS_A_REQUEST + at, 16),
    parentSpanId: idOf(index, 16),
    name: 'POST /charge',
    kind: 2,
    startTimeUnixNano: `${START_MS + index}123456`,
    endTimeUnixNano: `${START_MS + index + 40}123456`,
    attributes: [
      attribute('http.request.method', 'POST'),
      attribute('order_id', `o-${index}`),
      { key: 'http.response.status_code', value: { intValue: '200' } },
    ],
    status: {},
  }));
  const attributes = [
    attribute('service.name', 'payment'),
    attribute('k8s.pod.name', `payment-${index % 6}`),
    attribute('k8s.node.name', `node-${index % 3}`),
    attribute('deployment.environment.name', 'production'),
  ];
  const scope = { name: 'payment.gateway' };
  return JSON.stringify({
    resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope, spans }] }],
  });
}
