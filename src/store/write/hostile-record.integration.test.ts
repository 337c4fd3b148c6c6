import { afterAll, beforeAll, expect, it } from 'vitest';
import { BACKFILL_HEADER } from '../../engine/model/limit.js';
import { runOf } from '../../engine/model/record-run.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { createChunkStore } from './chunk-store.js';

let testStore: TestStore;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 1 });
});
afterAll(async () => {
  await testStore[Symbol.asyncDispose]();
});

const QUEUE_TIME_MS = Date.UTC(2026, 10, 23, 12);
const QUEUE_TIME = '2026-11-23 12:00:00.000000000';
const AT_11 = '2026-11-23 11:00:00.000000000';

interface Sent {
  readonly value: string | Buffer;
  readonly queueTimeMs?: number;
  readonly isBackfill?: boolean;
}

interface Stored {
  readonly ts: string;
  readonly ts_source: string;
  readonly service: string;
  readonly line: string | null;
  readonly value: string | null;
  readonly amount: string | null;
  readonly attrs: Record<string, string>;
  readonly flags: readonly string[];
}

let lastPartition = 0;

/** Sends one record as a chunk of its own and gives back what became of it. */
async function outcomeOf({ value, queueTimeMs = QUEUE_TIME_MS, isBackfill = false }: Sent) {
  const partition = (lastPartition += 1);
  const record = {
    offset: 0n,
    timestampMs: queueTimeMs,
    key: null,
    value: Buffer.from(value),
    headers: isBackfill ? { [BACKFILL_HEADER]: '1' } : undefined,
  };
  const chunk = { topic: 'hostile', epoch: 1, partition, first: 0n, last: 0n, shard: 0 };
  const signal = new AbortController().signal;
  await createChunkStore(testStore.store).writeChunk({ ...chunk, runs: [runOf([record])] }, signal);
  const select = async <Row>(columns: string, table: string): Promise<Row[]> => {
    const client = await testStore.store.shard(0);
    const answer = await client.query({
      query: `SELECT ${columns} FROM atbd.${table} AS t WHERE t.partition = {partition:UInt32}`,
      query_params: { partition },
      format: 'JSONEachRow',
    });
    return answer.json<Row>();
  };
  const events = await select<Stored>(
    `toString(t.ts) AS ts, ts_source, service, toString(t.line) AS line, toString(t.value) AS value,
     toString(t.amount) AS amount, attrs, flags`,
    'events_local',
  );
  const dead = await select<{ reason: string }>('reason', 'dead_letters_local');
  const ledger = await select<{ stored: number; dead: number }>('stored, dead', 'ledger_local');
  expect(ledger).toEqual([{ stored: events.length, dead: dead.length }]);
  return { event: events[0], dead: dead[0]?.reason };
}

it.each([
  ['RFC 3339', '"2026-11-23T11:00:00Z"', AT_11],
  [
    'nine digits, more are cut',
    '"2026-11-23T11:00:00.123456789999Z"',
    '2026-11-23 11:00:00.123456789',
  ],
  ['an offset', '"2026-11-23T16:30:00+05:30"', AT_11],
  ['small letters', '"2026-11-23t11:00:00z"', AT_11],
  ['a blank and no zone', '"2026-11-23 11:00:00"', AT_11],
  ['seconds', '1795431600', AT_11],
  ['milliseconds', '1795431600000', AT_11],
  ['microseconds', '1795431600000000', AT_11],
  ['nanoseconds', '1795431600000000000', AT_11],
])('reads a ts written as %s', async (_, ts, expected) => {
  const { event } = await outcomeOf({ value: `{"ts":${ts}}` });
  expect(event).toMatchObject({ ts: expected, ts_source: 'event', attrs: {} });
});

it.each([
  '12',
  '2026',
  '20261123',
  '11:30',
  'Tue',
  'now',
  '0',
  '-1',
  '',
  '99999999999',
  '0000-00-00T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-11-23T25:00:00Z',
  '2026-11-23T11:00:00+99:99',
  '9999-12-31T23:59:59Z',
  '1600-01-01T00:00:00Z',
  '2026-11-23T11:00:00Zfoo',
  '11/23/2026 11:00',
])('takes no time from the ts %j, and keeps it', async (ts) => {
  const { event } = await outcomeOf({ value: JSON.stringify({ ts }) });
  expect(event).toMatchObject({ ts: QUEUE_TIME, ts_source: 'queue', attrs: { ts } });
  expect(event?.flags).toContain('unreadable:ts');
});

it('clamps a ts too far from the queue time, unless it is a backfill', async () => {
  const value = '{"ts":"2001-01-01T00:00:00Z"}';
  const clamped = await outcomeOf({ value });
  expect(clamped.event).toMatchObject({
    ts: QUEUE_TIME,
    ts_source: 'clamped',
    attrs: { ts: '2001-01-01T00:00:00Z' },
  });
  const backfilled = await outcomeOf({ value, isBackfill: true });
  expect(backfilled.event).toMatchObject({
    ts: '2001-01-01 00:00:00.000000000',
    ts_source: 'event',
  });
});

// A time outside of what the store's comparisons can hold made the view throw, and so stopped the partition for ever.
it.each([-1, -9e15, Date.UTC(2299, 1, 1), 1_795_431_600_123_456, 1.795431600123e18, Number.NaN])(
  'stores an event whose queue time %d is none',
  async (queueTimeMs) => {
    const { event } = await outcomeOf({ value: '{"ts":"2026-11-23T11:00:00Z"}', queueTimeMs });
    expect(event).toMatchObject({ ts: AT_11, ts_source: 'event' });
    expect(event?.flags).toContain('unreadable:queue_time');
    const without = await outcomeOf({ value: '{}', queueTimeMs });
    expect(without.event).toMatchObject({ ts_source: 'queue' });
  },
);

it.each([
  ['line', '4294967296'],
  ['line', '-1'],
  ['line', '{"a":1}'],
  ['attempt', 'true'],
  ['value', '"nan"'],
  ['value', '"inf"'],
  ['value', '""'],
  ['value', '[1]'],
  ['duration_ms', '"1 s"'],
  ['amount', '"1e3"'],
  ['amount', '"12,30"'],
  ['amount', '0.30000000000000004'],
])('keeps %s = %s in attrs when it does not fit its column', async (field, json) => {
  const { event } = await outcomeOf({ value: `{"${field}":${json}}` });
  const parsed: unknown = JSON.parse(json);
  const text = typeof parsed === 'string' ? parsed : json;
  expect(event?.attrs).toMatchObject({ [field]: text });
  expect(event?.flags).toContain(`unreadable:${field}`);
});

it('stores an amount exactly', async () => {
  const amount = '1234567890123456789012345678.123456789';
  expect((await outcomeOf({ value: `{"amount":"${amount}"}` })).event).toMatchObject({ amount });
});

it.each([
  ['unknown fields', '{"x":"top","y":{"b":[1]},"z":null}', { x: 'top', y: '{"b":[1]}', z: 'null' }],
  [
    'entries of attrs',
    '{"attrs":{"a":1,"b":"s","c":{"d":true}},"x":2}',
    { a: '1', b: 's', c: '{"d":true}', x: '2' },
  ],
  ['attrs that is no object', '{"attrs":[1]}', { attrs: '[1]' }],
  [
    'quotes, NUL and an empty key',
    String.raw`{"k\u0000":"\u0000","":"\"q\" \\ \n"}`,
    { 'k\0': '\0', '': '"q" \\ \n' },
  ],
  ['a name that only looks like a field', '{"Service":"a","TS":1}', { Service: 'a', TS: '1' }],
])('keeps %s in attrs', async (_, value, attrs) => {
  expect((await outcomeOf({ value })).event?.attrs).toEqual(attrs);
});

it.each([
  ['number', '123', '123'],
  ['bool', 'true', 'true'],
  ['object', '{"a": 1}', '{"a":1}'],
  ['escaped', '"\\u0061"', 'a'],
  ['null', 'null', ''],
])('takes a text field given as %s for its text', async (_, json, service) => {
  expect((await outcomeOf({ value: `{"service":${json}}` })).event).toMatchObject({ service });
});

it.each<[string, string | Buffer, string]>([
  ['nothing', '', 'invalid_json'],
  ['two objects', '{"a":1}{"b":2}', 'invalid_json'],
  ['bytes after the object', '{"a":1} x', 'invalid_json'],
  ['a NUL after the object', '{"a":1}\0', 'invalid_json'],
  [
    'invalid UTF-8',
    Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
    'invalid_json',
  ],
  ['a raw newline in a text', '{"a":"x\ny"}', 'invalid_json'],
  ['100,000 levels', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'invalid_json'],
  // JSON by the letter, but beyond what the server's parser reads; nothing is lost.
  ['half a surrogate pair', String.raw`{"a":"\ud800"}`, 'invalid_json'],
  ['an integer over 64 bits', '{"a":123456789012345678901234567890}', 'invalid_json'],
  ['an array', '[{"a":1}]', 'not_an_object'],
  ['null', 'null', 'not_an_object'],
])('makes %s a dead letter', async (_, value, reason) => {
  expect(await outcomeOf({ value })).toEqual({ event: undefined, dead: reason });
});
