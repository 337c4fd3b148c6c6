import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueueRecord } from '../../model/queue-record.js';
import { MAP_REASONS, type MappedRecord } from './mapped-record.js';
import { createTopicMappers, type MapRecord } from './topic-mapper.js';
import type { TopicSpec } from './topic-spec.js';

function recordOf(value: string | Buffer | null, key: string | null = null): QueueRecord {
  return {
    offset: 7n,
    timestampMs: 1_795_470_590_910,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: undefined,
  };
}

function mapperOf(spec: Omit<TopicSpec, 'name'>): MapRecord {
  const mapper = createTopicMappers([{ name: 'foreign', ...spec }]).get('foreign');
  if (mapper === undefined) throw new Error('no mapper');
  return mapper;
}

/** Events as objects, or the reason. */
function readable(mapped: MappedRecord): unknown {
  if (mapped.kind === 'deadLetter') return mapped.reason;
  return mapped.values.map((value) => JSON.parse(value.toString()) as unknown);
}

const PINO =
  '{"level":50,"time":1795470590910,"pid":417,"name":"payment","msg":"declined","trace_id":"t1","user_id":1234567890123456789}';

describe('a topic of JSON', () => {
  const map = mapperOf({ format: 'json', service: 'shop' });

  it('gives the names of loggers our names', () => {
    expect(readable(map(recordOf(PINO)))).toEqual([
      {
        ts: '2026-11-23T21:49:50.910Z',
        level: 'error',
        service: 'payment',
        message: 'declined',
        op_id: 't1',
        user_id: '1234567890123456789',
        attrs: { pid: 417 },
      },
    ]);
  });

  it.each([
    [{}, '{"msg":"a"}', 'k', undefined],
    [{ service: 'shop' }, '{"msg":"a"}', 'k', 'shop'],
    [{ service: 'shop' }, '{"msg":"a","app":"cart"}', 'k', 'cart'],
    [{ service: 'shop', serviceFromKey: true }, '{"msg":"a"}', 'k', 'k'],
    [{ service: 'shop', serviceFromKey: true }, '{"msg":"a"}', null, 'shop'],
  ])('with %j, %s under the key %j is of the service %j', (settings, value, key, service) => {
    const [event] = readable(
      mapperOf({ format: 'json', ...settings })(recordOf(value, key)),
    ) as Record<string, unknown>[];
    expect(event?.['service']).toBe(service);
  });

  it.each([
    [null, 'tombstone'],
    ['', 'invalid_json'],
    ['no json', 'invalid_json'],
    ['[1]', 'not_an_object'],
    [Buffer.alloc(1_000_001, 'a'), 'value_too_large'],
    // Each byte that is no UTF-8 becomes a sign of three.
    [
      Buffer.concat([Buffer.from('{"m":"'), Buffer.alloc(400_000, 0xff), Buffer.from('"}')]),
      'mapped_too_large',
    ],
  ])('makes a dead letter of %.20j: %s', (value, reason) => {
    expect(readable(map(recordOf(value)))).toBe(reason);
  });

  it.each(['18446744073709551615', '99999999999999999999', '100000000000000000000'])(
    'keeps the text of %s, which is more than a number of the store can be',
    (digits) => {
      const value = `{"msg":"m","attempt":${digits},"line":"${digits}","n":${digits}}`;
      expect(readable(map(recordOf(value)))).toEqual([
        { message: 'm', attempt: digits, line: digits, service: 'shop', attrs: { n: digits } },
      ]);
    },
  );

  it('says so where bytes were no text, and leaves no half of a surrogate pair', () => {
    const value = Buffer.concat([Buffer.from('{"msg":"a'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(readable(map(recordOf(value)))).toMatchObject([
      { message: 'a\ufffd', attrs: { invalid_utf8: 'replaced' } },
    ]);
    expect(readable(map(recordOf(String.raw`{"msg":"\ud800 \\ud800 \ud83d\ude00"}`)))).toEqual([
      { message: '\ufffd \\ud800 \u{1f600}', service: 'shop' },
    ]);
  });
});

describe('a topic of text', () => {
  it('reads lines by an expression', () => {
    const pattern = String.raw`^(?P<ts>\S+) (?<level>\w+) \[(?<thread>[^\]]*)\] (?<message>.*)$`;
    const map = mapperOf({ format: 'text', pattern, service: 'cart' });
    expect(
      readable(map(recordOf('2026-11-23T21:49:50Z WARNING [main] slow\n  at cart.js\r\n'))),
    ).toEqual([
      {
        kind: 'log',
        ts: '2026-11-23T21:49:50Z',
        level: 'warn',
        message: 'slow\n  at cart.js',
        service: 'cart',
        attrs: { thread: 'main' },
      },
    ]);
    expect(readable(map(recordOf('something else')))).toBe('no_match');
    expect(readable(map(recordOf(' \n')))).toBe('blank');
  });

  it.each([
    [undefined, 'just words', { kind: 'log', message: 'just words' }],
    [
      'combined',
      '10.0.0.1 - - [23/Nov/2026:21:49:50 +0000] "GET /cart HTTP/1.1" 503 12',
      { ts: '2026-11-23T21:49:50Z', status: '503', level: 'error', page: '/cart' },
    ],
    [
      'openstack',
      'nova-api.log.1 2026-11-23 21:49:50.123 25746 INFO nova.wsgi [req-1 u1 - - -] GET /v2',
      { service: 'nova-api', op_id: 'req-1', user_id: 'u1', message: 'GET /v2' },
    ],
  ])('reads lines by the name %s', (pattern, line, expected) => {
    expect(readable(mapperOf({ format: 'text', pattern })(recordOf(line)))).toMatchObject([
      expected,
    ]);
  });

  it.each([
    ['combined', `1 - - [t] "${'\\"'.repeat(450_000)}`],
    ['combined', '1 '.repeat(450_000)],
    ['openstack', 'x.log'.repeat(190_000)],
    ['(?<a>(x+x+)+)y', 'x'.repeat(20_000)],
  ])('takes no longer for a line made against %s', (pattern, line) => {
    expect(readable(mapperOf({ format: 'text', pattern })(recordOf(line)))).toBe('no_match');
  });

  it.each([
    ['(?<a>', 'missing closing'],
    ['no group', 'it names no group'],
    [String.raw`(?<a>x)(?=y)`, 'invalid or unsupported'],
    ['(?<a>x)'.repeat(2_000), 'it is too long'],
  ])('refuses the pattern %.20j', (pattern, why) => {
    expect(() => mapperOf({ format: 'text', pattern })).toThrow(why);
  });
});

describe('a topic of OTLP', () => {
  const map = mapperOf({ format: 'otlp-json' });
  const requestOf = (logRecords: object[], resource = {}): string =>
    JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] });
  const attributesOf = (length: number): object => ({
    attributes: [{ key: 'a', value: { stringValue: 'x'.repeat(length) } }],
  });

  it('makes an event of each message', () => {
    const records = ['a', 'b'].map((stringValue) => ({ body: { stringValue } }));
    expect(readable(map(recordOf(requestOf(records))))).toEqual([
      { kind: 'log', message: 'a' },
      { kind: 'log', message: 'b' },
    ]);
  });

  it.each([
    ['no request', '{"a":1}', 'not_otlp'],
    ['nothing in it', requestOf([]), 'no_events'],
    [
      'more messages than its size could mean',
      requestOf(Array.from({ length: 300_000 }, () => ({}))),
      'too_many_events',
    ],
    [
      'a resource that would be repeated without end',
      requestOf(
        Array.from({ length: 10_000 }, () => ({ body: { stringValue: 'some words' } })),
        attributesOf(400_000),
      ),
      'too_many_events',
    ],
  ])('makes a dead letter of %s', (_, value, reason) => {
    expect(readable(map(recordOf(value)))).toBe(reason);
  });

  it('takes a thousand short lines of a resource that says much', () => {
    const records = Array.from({ length: 1_000 }, () => ({
      timeUnixNano: '1795470590910123456',
      body: { stringValue: 'a line of some words, as they are' },
    }));
    expect(readable(map(recordOf(requestOf(records, attributesOf(2_500)))))).toHaveLength(1_000);
  });
});

const HOSTILE: readonly Omit<TopicSpec, 'name'>[] = [
  { format: 'json' },
  { format: 'text' },
  { format: 'text', pattern: 'combined' },
  { format: 'text', pattern: 'openstack' },
  { format: 'text', pattern: '(?<ts>.*?) (?<level>.*) (?<__proto__>.*)' },
  { format: 'otlp-json', service: 'shop' },
  { format: 'debezium', columns: { id: 'order_id' }, types: { orders: 'order.placed' } },
];

/** Values near what the formats look for: names that they know, of types that they do not expect. */
const near = fc
  .record(
    Object.fromEntries(
      ['ts', 'time', 'level', 'msg', 'service', 'attrs', '__proto__', 'caller', 'k8s', 'line'].map(
        (name) => [name, fc.oneof(fc.jsonValue(), fc.double(), fc.maxSafeInteger())],
      ),
    ),
    { requiredKeys: [] },
  )
  .map((value) => Buffer.from(JSON.stringify(value)));

const scale = fc.oneof(fc.jsonValue(), fc.integer().map(String));
const decimal = fc.record({
  name: fc.constant('org.apache.kafka.connect.data.Decimal'),
  field: fc.constantFrom('amount', '__proto__'),
  parameters: fc.record({ scale }),
});
const row = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(fc.constantFrom('amount', 'id', '__proto__', 'status', 'line'), fc.jsonValue()),
  fc.record({ amount: fc.base64String(), fee: fc.record({ scale, value: fc.base64String() }) }),
);
/** Nearly a change of a row. */
const change = fc
  .record({
    schema: fc.record({
      fields: fc.tuple(
        fc.record({ field: fc.constant('after'), fields: fc.array(decimal) }),
        fc.jsonValue(),
      ),
    }),
    payload: fc.record({
      op: fc.oneof(fc.constantFrom('c', 'u', 'd', 'r', 't'), fc.jsonValue()),
      source: fc.record({ table: fc.constantFrom('orders', 5), ts_ns: fc.jsonValue() }),
      before: row,
      after: row,
      transaction: fc.jsonValue(),
    }),
  })
  .map((value) => Buffer.from(JSON.stringify(value)));

const attributes = fc.oneof(
  fc.jsonValue(),
  fc.array(
    fc.record({
      key: fc.constantFrom('service.name', '__proto__', 'a', 'order_id'),
      value: fc.oneof(fc.jsonValue(), fc.record({ stringValue: fc.string() })),
    }),
  ),
);
/** Nearly a message of any signal. */
const message = fc.record(
  {
    timeUnixNano: fc.oneof(fc.jsonValue(), fc.constant('1795470590910000000')),
    startTimeUnixNano: fc.oneof(fc.jsonValue(), fc.constant('1795470590910000000')),
    endTimeUnixNano: fc.oneof(fc.jsonValue(), fc.constant(1795470590910)),
    severityNumber: fc.oneof(fc.jsonValue(), fc.integer(), fc.string()),
    kind: fc.oneof(fc.jsonValue(), fc.integer({ min: -1, max: 9 })),
    status: fc.jsonValue(),
    body: fc.jsonValue(),
    attributes,
    histogram: fc.oneof(
      fc.jsonValue(),
      fc.record({
        dataPoints: fc.array(fc.record({ count: fc.jsonValue(), sum: fc.jsonValue() })),
      }),
    ),
  },
  { requiredKeys: [] },
);
const messages = fc.oneof(fc.array(fc.oneof(message, fc.jsonValue())), fc.jsonValue());
/** Nearly an export request. */
const request = fc
  .record({
    resourceLogs: fc.tuple(
      fc.record({
        resource: fc.oneof(fc.jsonValue(), fc.record({ attributes })),
        scopeLogs: fc.tuple(fc.record({ scope: fc.jsonValue(), logRecords: messages })),
      }),
    ),
    resourceSpans: fc.tuple(
      fc.record({ scopeSpans: fc.tuple(fc.record({ spans: messages }), fc.jsonValue()) }),
    ),
    resourceMetrics: fc.tuple(
      fc.record({ scopeMetrics: fc.tuple(fc.record({ metrics: messages })) }),
    ),
  })
  .map((value) => Buffer.from(JSON.stringify(value)));

const values = fc.oneof(
  near,
  change,
  request,
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  fc.json().map((text) => Buffer.from(text)),
);

describe.each(HOSTILE)('whatever comes to a topic of %j', (spec) => {
  it('becomes events or a dead letter with a known reason, the same each time', () => {
    const maps = [mapperOf(spec), mapperOf(spec)];
    fc.assert(
      fc.property(values, fc.option(fc.string()), (value, key) => {
        const [first, second] = maps.map((map) => map(recordOf(value, key)));
        expect(second).toEqual(first);
        if (first?.kind === 'deadLetter') expect(MAP_REASONS).toContain(first.reason);
        else {
          expect(first?.values.length).toBeGreaterThan(0);
          for (const event of readable(first!) as unknown[]) {
            expect(typeof event === 'object' && event !== null && !Array.isArray(event)).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
