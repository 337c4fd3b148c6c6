import type { TopicFormat } from '../../edge/topic/topic-spec.js';

const TS = '2026-11-23T11:00:00.123Z';
const TIME_MS = Date.UTC(2026, 10, 23, 11);
const TIME_NS = `${TIME_MS}000000`;
const OP_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

const PURCHASE = {
  ...{ ts: TS, kind: 'record', service: 'payment', op_id: OP_ID, user_id: 'user-7' },
  ...{ order_id: 'o-12', provider: 'paybridge', attempt: 2, status: 'failed' },
  ...{ amount: '19.90', currency: 'EUR' },
};

/** Our own events, one of each kind. */
const OWN = [
  {
    ...{ ts: TS, kind: 'log', type: 'log', level: 'error', service: 'payment', host: 'h-1' },
    ...{ node: 'n-1', pod: 'payment-1', container: 'app', module: 'payment.gateway' },
    ...{
      file: 'src/gateway.ts',
      line: 42,
      message: 'attempt 2 was "declined"\n\tat Gateway \u00e9\u{1f600}',
    },
    ...{
      op_id: OP_ID,
      span_id: 'deb8c2f1a0b3d4e5',
      tenant: 'acme',
      attrs: { pid: 7, err: { code: 5 } },
    },
  },
  { ...PURCHASE, type: 'payment.attempt' },
  { ...PURCHASE, type: 'order.paid', session_id: 's-3' },
  {
    ...{ ts: TIME_MS, kind: 'span', type: 'request', service: 'cart', op_id: OP_ID, span_id: 'a1' },
    ...{ parent_id: 'deb8c2f1a0b3d4e5', operation: 'buy', duration_ms: 12.75, status: 'ok' },
  },
  {
    ts: TS,
    kind: 'metric',
    metric: 'system.cpu.utilization',
    value: 0.5,
    unit: '1',
    service: 'cart',
  },
  {
    ...{
      ts: '2026-11-23 11:00:00',
      kind: 'record',
      type: 'page.view',
      service: 'web',
      user_id: 'u',
    },
    ...{ session_id: 's', page: '/product/7', product_id: 'p-7' },
  },
];

/** Of pino, slog, zap and logback. */
const LOGGERS = [
  {
    level: 50,
    time: TIME_MS,
    pid: 7,
    hostname: 'h1',
    name: 'payment',
    msg: 'no',
    err: { type: 'E' },
  },
  { time: TS, level: 'ERROR', msg: 'x', source: { function: 'main', file: 'm.go', line: 3 } },
  { level: 'info', ts: TIME_MS / 1000, logger: 'pay.gw', caller: 'pay/gw.go:42', trace_id: OP_ID },
  {
    '@timestamp': TS,
    logger_name: 'a.B',
    level: 'WARN',
    message: 'm',
    k8s: { pod: 'p' },
    big: 2 ** 53,
  },
];

const LINES = [
  'nova-api.log.1 2026-11-23 11:00:00.008 25746 INFO nova.wsgi [req-1 u1 t1 - - -] 10.1.1.1 "GET /v2" status: 200',
  '2026-11-23 11:00:00.123 7 ERROR shop.pay [req-1 u] charge failed',
  '\tat shop.pay.Gateway.charge(Gateway.java:42)',
  'Caused by: java.net.SocketTimeoutException: timed out',
  '10.0.0.1 - bob [23/Nov/2026:11:00:00 +0000] "GET /cart?a=\\"b\\" HTTP/1.1" 502 17 "http://x/" "curl/8"',
  `${TS} WARN [payment.gateway] answered late: "quoted", \u00e9\u{1f600}`,
];

const SOURCE = {
  connector: 'postgresql',
  name: 'shopdb',
  ts_ms: TIME_MS,
  db: 'shop',
  table: 'orders',
};
const ORDER = {
  id: 7,
  order_id: 'o-7',
  status: 'placed',
  amount: 'B8Y=',
  created_at: TIME_MS * 1000,
};
const AMOUNT = {
  ...{ type: 'bytes', name: 'org.apache.kafka.connect.data.Decimal', field: 'amount' },
  parameters: { scale: '2', 'connect.decimal.precision': '10' },
};

const CHANGES = [
  {
    before: null,
    after: ORDER,
    source: { ...SOURCE, lsn: 33, snapshot: 'false' },
    op: 'c',
    ts_ms: TIME_MS,
  },
  {
    schema: { type: 'struct', fields: [{ field: 'after', fields: [AMOUNT] }] },
    payload: { before: ORDER, after: ORDER, source: SOURCE, op: 'u', transaction: { id: 't' } },
  },
  { before: ORDER, after: null, source: { ...SOURCE, ts_ns: TIME_NS }, op: 'd' },
];

const ATTRIBUTES = [
  { key: 'service.name', value: { stringValue: 'cart' } },
  { key: 'http.response.status_code', value: { intValue: '200' } },
  { key: 'list', value: { arrayValue: { values: [{ doubleValue: 0.5 }, { boolValue: true }] } } },
];
const LOG_RECORD = {
  ...{ timeUnixNano: TIME_NS, severityNumber: 17, body: { stringValue: 'no' }, traceId: OP_ID },
  attributes: ATTRIBUTES,
};
const SPAN = {
  ...{ traceId: OP_ID, spanId: 'a1b2c3d4e5f60718', name: 'POST /charge', kind: 2 },
  ...{
    startTimeUnixNano: TIME_NS,
    endTimeUnixNano: TIME_NS,
    status: { code: 2 },
    attributes: ATTRIBUTES,
  },
};
const POINT = { timeUnixNano: TIME_NS, asDouble: 0.25, attributes: ATTRIBUTES };

/** Export requests of each signal. */
const REQUESTS = [
  {
    resourceLogs: [
      {
        resource: { attributes: ATTRIBUTES },
        scopeLogs: [{ logRecords: [LOG_RECORD, LOG_RECORD] }],
      },
    ],
  },
  {
    resourceSpans: [{ scopeSpans: [{ scope: { name: 'a', version: '1' }, spans: [SPAN, SPAN] }] }],
  },
  {
    resourceMetrics: [
      {
        scopeMetrics: [
          {
            metrics: [
              { name: 'system.cpu.utilization', unit: '1', gauge: { dataPoints: [POINT, POINT] } },
              { name: 'h', histogram: { dataPoints: [{ ...POINT, count: '4', sum: 2 }] } },
            ],
          },
        ],
      },
    ],
  },
];

/** Values as each format of a topic has them; short, so that a change is likely to hit what matters. */
export const VALID_VALUES: Readonly<Record<TopicFormat, readonly Buffer[]>> = {
  atbd: OWN.map(toJson),
  json: LOGGERS.map(toJson),
  text: LINES.map((line) => Buffer.from(line)),
  debezium: CHANGES.map(toJson),
  'otlp-json': REQUESTS.map(toJson),
};

function toJson(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
