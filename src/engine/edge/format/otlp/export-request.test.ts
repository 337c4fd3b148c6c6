import { describe, expect, it } from 'vitest';
import type { EventFields } from '../../line-format.js';
import { eventsOfRequest, isExportRequest } from './export-request.js';

const resource = {
  attributes: [
    { key: 'service.name', value: { stringValue: 'payment' } },
    { key: 'k8s.pod.name', value: { stringValue: 'payment-7' } },
    { key: 'k8s.node.name', value: { stringValue: 'node-1' } },
    { key: 'k8s.container.name', value: { stringValue: 'app' } },
    { key: 'host.name', value: { stringValue: 'h1' } },
    { key: 'deployment.environment', value: { stringValue: 'prod' } },
  ],
};
const scope = { name: 'payment.gateway', version: '1.2' };
const WHO = { service: 'payment', pod: 'payment-7', node: 'node-1', container: 'app', host: 'h1' };
const ATTRS = { 'scope.version': '1.2', 'deployment.environment': 'prod' };

function eventsOf(request: EventFields): EventFields[] {
  expect(isExportRequest(request)).toBe(true);
  return [...eventsOfRequest(request)];
}

const spansOf = (...spans: unknown[]): EventFields => ({
  resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }],
});
const metricsOf = (...metrics: unknown[]): EventFields => ({
  resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }],
});
const logsOf = (...logRecords: unknown[]): EventFields => ({
  resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }],
});

const SPAN = {
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  parentSpanId: 'eee19b7ec3c1b173',
  name: 'POST /charge',
  kind: 2,
  startTimeUnixNano: '1795470590910123456',
  endTimeUnixNano: '1795470592160123456',
  attributes: [
    { key: 'order_id', value: { stringValue: 'o1' } },
    { key: 'http.response.status_code', value: { intValue: '503' } },
  ],
  status: { code: 2, message: 'unavailable' },
  events: [{ name: 'exception' }],
  links: [],
};

describe('a span', () => {
  it('is a span event of its resource', () => {
    expect(eventsOf(spansOf(SPAN))).toEqual([
      {
        kind: 'span',
        type: 'request',
        ts: '2026-11-23T21:49:50.910123456Z',
        duration_ms: 1250,
        op_id: '5b8efff798038103d269b633813fc60c',
        span_id: 'eee19b7ec3c1b174',
        parent_id: 'eee19b7ec3c1b173',
        operation: 'POST /charge',
        status: 'error',
        message: 'unavailable',
        order_id: 'o1',
        module: 'payment.gateway',
        ...WHO,
        attrs: {
          'span.kind': 'server',
          'http.response.status_code': '503',
          'span.events': [{ name: 'exception' }],
          ...ATTRS,
        },
      },
    ]);
  });

  it.each([
    [{ status: {} }, { status: 'ok' }],
    [{ status: { code: 'STATUS_CODE_ERROR' } }, { status: 'error' }],
    [{ kind: 'SPAN_KIND_CLIENT' }, { attrs: { 'span.kind': 'client' } }],
    [{ endTimeUnixNano: 'soon' }, { attrs: { endTimeUnixNano: 'soon' } }],
    [
      { startTimeUnixNano: '1795470599910123456' },
      { attrs: { endTimeUnixNano: SPAN.endTimeUnixNano } },
    ],
  ])('with %j has %j', (change, expected) => {
    const [event] = eventsOf(spansOf({ ...SPAN, ...change }));
    expect(event).toMatchObject(expected);
  });
});

describe('a log record', () => {
  it('is a log event of its resource', () => {
    const record = {
      timeUnixNano: '1795470590910123456',
      severityNumber: 17,
      severityText: 'Error',
      body: { stringValue: 'declined' },
      traceId: SPAN.traceId,
      spanId: SPAN.spanId,
      attributes: [{ key: '__proto__', value: { stringValue: 'x' } }],
    };
    const [event] = eventsOf(logsOf(record));
    expect(event).toMatchObject({
      kind: 'log',
      ts: '2026-11-23T21:49:50.910123456Z',
      level: 'error',
      message: 'declined',
      op_id: SPAN.traceId,
      span_id: SPAN.spanId,
      module: 'payment.gateway',
      ...WHO,
      attrs: { severityNumber: 17, ...ATTRS },
    });
    expect(JSON.stringify(event)).toContain('"__proto__":"x"');
  });

  it.each([
    [9, 'info'],
    [24, 'fatal'],
    ['SEVERITY_NUMBER_WARN2', 'warn'],
    [25, undefined],
  ])('of severity %j is of level %j', (severityNumber, level) => {
    expect(eventsOf(logsOf({ severityNumber }))[0]?.['level']).toBe(level);
  });
});

describe('a metric', () => {
  const points = (point: object): { dataPoints: object[] } => ({
    dataPoints: [{ timeUnixNano: '1795470590910000000', ...point }],
  });

  it.each([
    [{ gauge: points({ asDouble: 0.25 }) }, 0.25, { 'metric.kind': 'gauge' }],
    [
      { sum: { ...points({ asInt: '42' }), aggregationTemporality: 2, isMonotonic: true } },
      '42',
      { 'metric.kind': 'sum', 'metric.temporality': 'cumulative', 'metric.monotonic': true },
    ],
    [
      {
        histogram: {
          ...points({
            count: '4',
            sum: 10,
            min: 1,
            max: 5,
            bucketCounts: ['4'],
            explicitBounds: [],
          }),
          aggregationTemporality: 'AGGREGATION_TEMPORALITY_DELTA',
        },
      },
      2.5,
      {
        'metric.kind': 'histogram',
        'metric.temporality': 'delta',
        'metric.count': '4',
        'metric.bucketCounts': ['4'],
        'metric.max': 5,
      },
    ],
    [{ summary: points({ count: '0', sum: 0 }) }, undefined, { 'metric.kind': 'summary' }],
  ])('%j is %j', (data, value, attrs) => {
    const [event] = eventsOf(metricsOf({ name: 'm', unit: 's', description: 'd', ...data }));
    expect(event).toMatchObject({
      kind: 'metric',
      type: 'metric',
      metric: 'm',
      unit: 's',
      ...WHO,
      attrs,
    });
    expect(event?.['ts']).toBe('2026-11-23T21:49:50.910000000Z');
    expect(event?.['value']).toBe(value);
  });
});

it('events keep the order of the request', () => {
  const names = ['a', 'b', 'c'];
  const request = {
    ...metricsOf({ name: 'm', gauge: { dataPoints: names.map((asDouble) => ({ asDouble })) } }),
    ...spansOf(...names.map((name) => ({ ...SPAN, name }))),
    ...logsOf(...names.map((stringValue) => ({ body: { stringValue } }))),
  };
  const said = eventsOf(request).map(
    ({ message, operation, value }) => operation ?? value ?? message,
  );
  expect(said).toEqual([...names, ...names, ...names]);
});

it.each([{}, { resourceLogs: {} }, { resource: [] }])('%j is no export request', (value) => {
  expect(isExportRequest(value)).toBe(false);
});
