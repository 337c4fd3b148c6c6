import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_FIELDS } from '../model/event.js';
import type { QueueMessage, QueueProducer } from '../model/queue.js';
import { hasPart } from '../testing/required-part.js';
import { BatchSender } from './batch-sender.js';
import { mapCommonNames } from './format/map-common-names.js';
import { createParseTime } from './parse-time.js';
import { newLineCounts, pumpLines, type LineCounts, type PumpOptions } from './pump-lines.js';
import { NEW_FILE, type SourceBytes } from './read-file.js';
import { FORMAT_NAMES, formatOf, recogniseFormat } from './recognise-format.js';

const parseTime = createParseTime({ offsetMsAt: () => 0 });
const NOW_MS = Date.UTC(2026, 10, 23);

interface Pumped {
  readonly events: Record<string, unknown>[];
  readonly messages: QueueMessage[];
  readonly counts: LineCounts;
  readonly format: string;
  readonly isOld: boolean;
}

/** An in-memory producer: the queue's own promises are tested with the queues. */
async function pump(
  bytes: Buffer | string | readonly SourceBytes[],
  more: Partial<PumpOptions> = {},
): Promise<Pumped> {
  const messages: QueueMessage[] = [];
  const producer: QueueProducer = {
    send: (_topic, batch) => {
      messages.push(...batch);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const counts = newLineCounts();
  let format = '';
  let isOld = false;
  async function* source(): AsyncGenerator<SourceBytes> {
    const chunks = Array.isArray(bytes)
      ? (bytes as readonly SourceBytes[])
      : [Buffer.from(bytes as string)];
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  await pumpLines(source(), {
    sender: new BatchSender(producer, 'events'),
    counts,
    chooseFormat: (lines) => {
      const chosen = recogniseFormat(lines, parseTime);
      format = chosen.name;
      return chosen;
    },
    set: {},
    keyField: 'op_id',
    isMultiline: true,
    isBackfill: false,
    nowMs: NOW_MS,
    isCutShort: () => false,
    onOldTimes: () => {
      isOld = true;
    },
    ...more,
  });
  const events = messages.flatMap(({ value }) => {
    try {
      return [JSON.parse(String(value)) as Record<string, unknown>];
    } catch {
      return [];
    }
  });
  return { events, messages, counts, format, isOld };
}

describe('ingest of a line', () => {
  it.each([
    [
      'pino',
      '{"level":50,"time":1764000000123,"pid":7,"hostname":"h1","name":"payment","msg":"no answer","op_id":"op-1","err":{"type":"Error"}}',
      {
        ts: '2025-11-24T16:00:00.123Z',
        level: 'error',
        host: 'h1',
        service: 'payment',
        message: 'no answer',
        op_id: 'op-1',
        attrs: { pid: 7, err: { type: 'Error' } },
      },
    ],
    [
      'winston',
      '{"level":"warn","message":"slow","timestamp":"2026-11-20T10:00:00.000Z","service":"cart"}',
      { level: 'warn', message: 'slow', ts: '2026-11-20T10:00:00.000Z', service: 'cart' },
    ],
    [
      'zap',
      '{"level":"info","ts":1764000000.5,"logger":"pay.gw","caller":"pay/gw.go:42","msg":"ok","trace_id":"t1"}',
      {
        level: 'info',
        ts: '2025-11-24T16:00:00.5Z',
        module: 'pay.gw',
        file: 'pay/gw.go',
        line: 42,
        message: 'ok',
        op_id: 't1',
      },
    ],
    [
      'slog',
      '{"time":"2026-11-20T10:00:00.123456789+01:00","level":"ERROR","msg":"x","source":{"function":"main","file":"m.go","line":3}}',
      {
        ts: '2026-11-20T09:00:00.123456789Z',
        level: 'error',
        message: 'x',
        file: 'm.go',
        line: 3,
        attrs: { source: { function: 'main' } },
      },
    ],
    [
      'logback',
      '{"@timestamp":"2026-11-20T10:00:00.000+00:00","logger_name":"a.B","thread_name":"main","level":"WARN","message":"m","traceId":"t2","spanId":"s2"}',
      {
        ts: '2026-11-20T10:00:00.000Z',
        module: 'a.B',
        level: 'warn',
        message: 'm',
        op_id: 't2',
        span_id: 's2',
        attrs: { thread_name: 'main' },
      },
    ],
    [
      'OpenTelemetry JSON',
      '{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"cart"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1764000000123456789","severityNumber":17,"body":{"stringValue":"no"},"traceId":"t3","attributes":[{"key":"n","value":{"intValue":"5"}}]}]}]}]}',
      {
        kind: 'log',
        ts: '2025-11-24T16:00:00.123456789Z',
        level: 'error',
        message: 'no',
        op_id: 't3',
        service: 'cart',
        attrs: { n: '5' },
      },
    ],
    [
      'combined',
      '10.0.0.1 - bob [10/Nov/2026:13:55:36 -0700] "GET /cart HTTP/1.1" 502 17 "http://x/" "curl/8"',
      {
        kind: 'log',
        level: 'error',
        message: 'GET /cart HTTP/1.1',
        status: '502',
        ts: '2026-11-10T20:55:36Z',
        page: '/cart',
        user_id: 'bob',
        attrs: { client: '10.0.0.1', bytes: '17', referer: 'http://x/', user_agent: 'curl/8' },
      },
    ],
    ['plain', 'just a text\u001b[31m', { kind: 'log', message: 'just a text\u001b[31m' }],
  ])('reads %s', async (_name, line, event) => {
    expect((await pump(line)).events).toEqual([event]);
  });

  it('takes its own events as the bytes they came as, keyed by op_id', async () => {
    const line = '{"ts":"2026-11-20T10:00:00Z","kind":"log","service":"a", "op_id":"op-7"}';
    const { format, messages } = await pump(`${line}\n`);
    expect(format).toBe('atbd');
    expect(messages).toEqual([{ key: 'op-7', value: Buffer.from(line) }]);
  });

  it('accounts for every strange line and stops at none', async () => {
    const good = '{"ts":"2026-11-20T10:00:00Z","kind":"log","service":"a"}';
    const lines = [good, good, good, good, '{"ts":"2026-11-20T10:00:', '', '\0', good, '{"a":"x"'];
    const bytes = Buffer.concat([
      Buffer.from(`${lines.join('\n')}\n`),
      Buffer.from('{"kind":"log","message":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}\n'),
      Buffer.alloc(3_000_000, 'x'),
      Buffer.from(`\n${good}`),
    ]);
    const { counts, messages } = await pump(bytes);
    expect(counts.readCount).toBe(12);
    expect(counts.reasons).toEqual({
      blank: 1,
      joined: 0,
      line_too_large: 1,
      unparsed: 3,
      invalid_time: 0,
      invalid_utf8: 1,
    });
    expect(messages).toHaveLength(11);
  });

  it('keys an own event by its op_id also when a space follows the colon', async () => {
    const { messages } = await pump(
      '{"ts": "2026-11-20T10:00:00Z", "kind": "log", "service": "a", "op_id": "op-8"}',
    );
    expect(messages[0]?.key).toBe('op-8');
  });

  it('sends the start and the size of what is too large, as it is or written as JSON', async () => {
    const large = await pump(`${'x'.repeat(3_000_000)}\nok\n`, { set: { service: 's' } });
    expect(large.events).toEqual([
      {
        kind: 'log',
        service: 's',
        message: 'x'.repeat(4096),
        attrs: { line_too_large: 3_000_000 },
      },
      { kind: 'log', service: 's', message: 'ok' },
    ]);
    const { counts, events } = await pump('\0'.repeat(900_000));
    expect(events).toMatchObject([{ kind: 'log', attrs: { line_too_large: 5_400_027 } }]);
    expect(counts.reasons.line_too_large).toBe(1);
  });

  it.each([
    ['json', '{"time":"soon","msg":"m"}', { message: 'm', attrs: { time: 'soon' } }],
    [
      'openstack',
      '2026-11-20 10:75:00.000 7 INFO a.b [req-1 u] m',
      { message: 'm', op_id: 'req-1', attrs: { pid: '7', time: '2026-11-20 10:75:00.000' } },
    ],
    [
      'combined',
      '10.0.0.1 - - [10/Nov/2026:13:55:99 -0700] "GET / HTTP/1.1" 200 1',
      { message: 'GET / HTTP/1.1', attrs: { time: '10/Nov/2026:13:55:99 -0700' } },
    ],
  ])(
    'says of a line of %s that its time cannot be read, and keeps it',
    async (name, line, event) => {
      const { counts, events, format } = await pump(line);
      expect(format).toBe(name);
      expect(events).toMatchObject([event]);
      expect(events[0]).not.toHaveProperty('ts');
      expect(counts.reasons).toMatchObject({ invalid_time: 1, unparsed: 0 });
    },
  );

  it.each([
    ['user_id', 'u-1'],
    ['tenant', 'acme'],
    ['shop', '7'],
    ['nothing', null],
  ])('keys a line by --key %s', async (keyField, key) => {
    const line =
      '{"level":"info","msg":"m","userId":"u-1","tenant":"acme","shop":7,"op_id":"op-1"}';
    const { messages } = await pump(line, { keyField });
    expect(messages.map((message) => message.key)).toEqual([key]);
    const own = '{"ts":"2026-11-20T10:00:00Z","kind":"log","service":"a","user_id":"u-9"}';
    expect((await pump(own, { keyField: 'user_id' })).messages[0]?.key).toBe('u-9');
  });

  it.each([
    [
      'an attribute and a field of one name',
      '{"attrs":{"a":1},"a":2,"msg":"m"}',
      { a: 2, 'attrs.a': 1 },
    ],
    [
      'a record that overrides its resource',
      '{"resourceLogs":[{"resource":{"attributes":[{"key":"n","value":{"stringValue":"r"}}]},"scopeLogs":[{"scope":{"name":"s","version":"2"},"logRecords":[{"timeUnixNano":"soon","severityText":"INFO","severityNumber":9,"body":{"stringValue":"m"},"attributes":[{"key":"n","value":{"stringValue":"own"}}]}]}]}]}',
      {
        timeUnixNano: 'soon',
        severityNumber: 9,
        n: 'own',
        'scope.version': '2',
        'resource.n': 'r',
      },
    ],
  ])('keeps both of %s', async (_name, line, attrs) => {
    expect((await pump(line)).events[0]).toMatchObject({ message: 'm', attrs });
  });

  it('recognises JSON that is indented', async () => {
    expect((await pump('  {"level":"info","msg":"m"}\n')).format).toBe('json');
  });

  it('keeps a request of OpenTelemetry that holds no record as text', async () => {
    const good = '{"level":"info","msg":"m"}';
    const { counts } = await pump(`${good}\n${good}\n{"resourceLogs":[]}`);
    expect(counts).toMatchObject({ eventCount: 3, reasons: { unparsed: 1 } });
  });

  it('says when times are too old to be kept', async () => {
    expect((await pump('{"ts":"2020-01-01T00:00:00Z","kind":"log","service":"a"}')).isOld).toBe(
      true,
    );
    expect((await pump('{"ts":"2026-11-01T00:00:00Z","kind":"log","service":"a"}')).isOld).toBe(
      false,
    );
  });

  it('keeps as text what is nested deeper than can be written again', async () => {
    const deep = `{"msg":"a","x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    const { counts, events } = await pump(['{"msg":"a"}', '{"msg":"b"}', deep].join('\n'));
    expect(events[2]).toEqual({ kind: 'log', message: deep, attrs: { unparsed: 'json' } });
    expect(counts).toMatchObject({ eventCount: 3, reasons: { unparsed: 1 } });
  });

  // The store reads neither of them, and made a dead letter of the line.
  it.each([
    ['{"level":30,"msg":"m","n":20000000000000000000}', { n: '20000000000000000000' }],
    ['{"level":30,"msg":"m","n":1234567890123456789}', { n: '1234567890123456789' }],
    [
      String.raw`{"level":30,"msg":"m","n":"\ud800 \\ud800 \ud83d\ude00"}`,
      { n: '\ufffd \\ud800 \u{1f600}' },
    ],
  ])('writes %s so that the store can read it', async (line, attrs) => {
    expect((await pump(line)).events[0]).toMatchObject({ message: 'm', attrs });
  });

  it('lays --set over every event', async () => {
    const { events } = await pump('{"level":"info","msg":"m","x":1}', {
      set: { service: 's', attrs: { team: 't' } },
    });
    expect(events).toEqual([
      { level: 'info', message: 'm', service: 's', attrs: { x: 1, team: 't' } },
    ]);
  });

  it('drops no field of any JSON object', () => {
    const name = fc.oneof(
      fc.constantFrom(
        'msg',
        'level',
        'time',
        'name',
        'caller',
        'err',
        'service',
        'line',
        'attrs',
        'trace',
        '__proto__',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.dictionary(name, fc.jsonValue({ maxDepth: 2 })), (line) => {
        const { event } = mapCommonNames(line, parseTime);
        const fieldCount = Object.keys(event).filter((field) => field !== 'attrs').length;
        const attrs = (event['attrs'] ?? {}) as Record<string, unknown>;
        // caller and source give two fields.
        expect(fieldCount + Object.keys(attrs).length).toBeGreaterThanOrEqual(
          Object.keys(line).filter((key) => key !== 'attrs').length,
        );
        for (const field of Object.keys(event)) expect(EVENT_FIELDS).toHaveProperty(field);
      }),
    );
  });

  it('throws for no bytes in no format', () => {
    const formats = FORMAT_NAMES.map((format) => formatOf(format, parseTime));
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        for (const format of formats) format.decode(text);
      }),
    );
  });
});

const JAVA = [
  'java.lang.IllegalStateException: no answer',
  '\tat shop.pay.Gateway.charge(Gateway.java:42)',
  '    ... 12 more',
  'Caused by: java.net.SocketTimeoutException: timed out',
  '\tat java.net.Socket.read(Socket.java:1)',
];
const PYTHON = [
  'Traceback (most recent call last):',
  '  File "pay.py", line 3, in charge',
  '    raise NoAnswer()',
  'pay.NoAnswer: no answer',
];
const START = '2026-11-20 10:00:00.000 7 ERROR shop.pay [req-1 u] charge failed';
const NEXT = '2026-11-20 10:00:01.000 7 INFO shop.pay [req-2 u] next';

describe('lines that continue an event', () => {
  const messagesOf = ({ events }: Pumped): unknown[] => events.map(({ message }) => message);

  it.each([
    ['a Java trace', JAVA],
    ['a Python trace', PYTHON],
    ['a line of any kind that the format cannot read', ['SELECT *']],
  ])('are joined to it: %s', async (_name, trace) => {
    const { counts, events, format } = await pump([START, ...trace, NEXT, ''].join('\n'));
    expect(format).toBe('openstack');
    expect(events).toMatchObject([
      { message: ['charge failed', ...trace].join('\n') },
      { message: 'next' },
    ]);
    expect(counts).toMatchObject({ readCount: trace.length + 2, eventCount: 2 });
    expect(counts.reasons).toMatchObject({ joined: trace.length, unparsed: 0 });
  });

  it('are found in plain text by how traces look', async () => {
    const lines = ['charge failed', ...JAVA.slice(1), 'next', ...PYTHON, 'after', '  indented'];
    expect(messagesOf(await pump(lines.join('\n')))).toEqual([
      ['charge failed', ...JAVA.slice(1)].join('\n'),
      ['next', ...PYTHON].join('\n'),
      'after\n  indented',
    ]);
  });

  it('are events of their own with --no-multiline, and in formats of one line', async () => {
    const lines = [START, NEXT, ...PYTHON.slice(0, 1)];
    const { counts } = await pump(lines.join('\n'), { isMultiline: false });
    expect(counts).toMatchObject({ eventCount: 3, reasons: { joined: 0, unparsed: 1 } });
    const json = await pump(['{"msg":"a"}', '{"msg":"b"}', ' at x'].join('\n'));
    expect(json.counts).toMatchObject({ eventCount: 3, reasons: { joined: 0, unparsed: 1 } });
  });

  it('have a limit of lines and bytes, beyond which an event begins', async () => {
    const many = await pump([START, NEXT, NEXT, ...Array<string>(1_200).fill(' at x')].join('\n'), {
      chooseFormat: () => formatOf('openstack', parseTime),
    });
    // 500 lines to the event; the rest as lines that cannot be read.
    expect(many.counts.reasons).toMatchObject({ joined: 500, unparsed: 700 });
    const long = await pump([START, NEXT, 'x'.repeat(100_000), 'x'.repeat(100_000)].join('\n'), {
      chooseFormat: () => formatOf('openstack', parseTime),
    });
    expect(long.counts.reasons).toMatchObject({ joined: 1, unparsed: 1 });
    expect(long.events).toHaveLength(3);
  });

  it('may come after a pause, but not after two, nor from another file', async () => {
    const start = Buffer.from(`${START}\n${NEXT}\n`);
    const rest = Buffer.from(' at x\n');
    const counted = async (chunks: readonly SourceBytes[]): Promise<unknown> =>
      (await pump(chunks)).counts.reasons;
    expect(await counted([start, undefined, rest])).toMatchObject({ joined: 1, unparsed: 0 });
    expect(await counted([start, undefined, undefined, rest])).toMatchObject({
      joined: 0,
      unparsed: 1,
    });
    expect(await counted([start, NEW_FILE, rest])).toMatchObject({ joined: 0, unparsed: 1 });
  });
});

const SAMPLE = new URL('../../../../shared/data/openstack/openstack_2k.log', import.meta.url);
const hasSample = hasPart('sample data', existsSync(SAMPLE), 'it lies in ../shared/data');

describe.runIf(hasSample)('the OpenStack sample', () => {
  it('gives 2,000 events, 31 warnings, and the two known actions', async () => {
    const { events, counts, format, isOld } = await pump(readFileSync(SAMPLE));
    expect(format).toBe('openstack');
    expect(isOld).toBe(true);
    expect(counts).toMatchObject({ readCount: 2000, eventCount: 2000, reasons: { unparsed: 0 } });
    expect(events.filter(({ level }) => level === 'warn')).toHaveLength(31);
    const servicesOf = (id: string): string[] =>
      events.filter(({ op_id: opId }) => opId === id).map(({ service }) => String(service));
    expect(servicesOf('req-addc1839-2ed5-4778-b57e-5854eb7b8b09')).toHaveLength(398);
    const services = servicesOf('req-d38f479d-9bb9-4276-9688-52607e8fd350');
    expect(services.filter((service) => service === 'nova-api')).toHaveLength(1);
    expect(services.filter((service) => service === 'nova-compute')).toHaveLength(11);
  });
});
