import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENT_FIELDS } from '../../engine/model/event.js';
import { readEvent } from '../../engine/tail/read-event.js';
import { modelRow, type StoredRow, type TimeMeaning } from '../testing/event-model.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { writeEvents, writeValues } from '../testing/write-events.js';

let testStore: TestStore;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 1 });
});
afterAll(() => testStore[Symbol.asyncDispose]());

let topicCount = 0;

function newTopic(): string {
  topicCount += 1;
  return `mapping-${topicCount}`;
}

const COLUMNS = Object.keys(EVENT_FIELDS).filter((field) => field !== 'ts' && field !== 'attrs');

/** The rows of a topic in the order of their offsets. */
async function storedRows(topic: string): Promise<StoredRow[]> {
  const columns = COLUMNS.map((name) =>
    name === 'amount' ? 'toString(t.amount) AS amount' : `t.${name} AS ${name}`,
  );
  const client = await testStore.store.shard(0);
  const answer = await client.query({
    query: `SELECT t.ts_source AS ts_source, ${columns.join(', ')},
      CAST(t.attrs, 'Array(Tuple(String, String))') AS attrs, t.flags AS flags
      FROM atbd.events_local AS t WHERE t.topic = {topic:String} ORDER BY t.offset LIMIT 100000`,
    query_params: { topic },
    format: 'JSONEachRow',
  });
  const rows = await answer.json<Omit<StoredRow, 'columns'> & StoredRow['columns']>();
  return rows.map(({ ts_source, attrs, flags, ...columns }) => ({
    ts_source,
    columns,
    attrs,
    flags: flags.toSorted(),
  }));
}

const word = fc.string({ unit: 'grapheme', maxLength: 8 });
const integer = fc.maxSafeInteger();
/** Numbers that have one way to be written; others are another test's matter. */
const quarter = fc.integer({ min: -4_000_000, max: 4_000_000 }).map((n) => n / 4);
const leaf = fc.oneof(word, integer, quarter, fc.boolean(), fc.constant(null));
const nestedKey = fc.stringMatching(/^[a-z][a-z0-9._-]{0,6}$/);
const nestedLeaf = fc.oneof(
  fc.stringMatching(/^[ -~]{0,6}$/),
  integer,
  fc.boolean(),
  fc.constant(null),
);
const nested = fc.oneof(
  fc.array(nestedLeaf, { maxLength: 3 }),
  fc.dictionary(nestedKey, nestedLeaf, { maxKeys: 3 }),
);
const anyValue = fc.oneof({ weight: 4, arbitrary: leaf }, { weight: 1, arbitrary: nested });

const numeral = fc.oneof(
  fc.nat(),
  fc.nat().map(String),
  quarter.map(String),
  fc.constantFrom(
    '',
    '+7',
    '007',
    '-1',
    '4294967295',
    '4294967296',
    '1e3',
    '.5',
    '5.',
    'x1',
    '1 s',
  ),
  fc.constantFrom('12.30', '-0.50', '0.000000001', '1.0000000001', '1234567890123456789012345678'),
  anyValue,
);

const TYPES = [
  '',
  'log',
  'page.view',
  'order.placed',
  'payment.attempt',
  'order.paid',
  'refund.done',
  'request',
  'metric',
  'deploy',
];

/** A ts with what it means. */
const time: fc.Arbitrary<readonly [unknown, TimeMeaning]> = fc.constantFrom(
  ['2026-11-22T10:00:00Z', 'good'] as const,
  ['2026-11-22T10:00:00.123456789+05:30', 'good'] as const,
  [1_795_341_600_000, 'good'] as const,
  ['1795341600', 'good'] as const,
  ['2001-01-01T00:00:00Z', 'far'] as const,
  ['2026-11-24T00:00:00Z', 'far'] as const,
  ['yesterday', 'unreadable'] as const,
  ['2026-11-22T10:75:00Z', 'unreadable'] as const,
  ['', 'unreadable'] as const,
  [true, 'unreadable'] as const,
  [{ a: 1 }, 'unreadable'] as const,
  [null, 'good'] as const,
);

interface Sample {
  readonly event: Readonly<Record<string, unknown>>;
  readonly time: TimeMeaning;
}

const ownFields = fc.record(
  Object.fromEntries(
    COLUMNS.map((name) => [
      name,
      EVENT_FIELDS[name as keyof typeof EVENT_FIELDS] === 'string' ? anyValue : numeral,
    ]),
  ),
  { requiredKeys: [] },
);
const shape = fc.record(
  {
    type: fc.constantFrom(...TYPES),
    kind: fc.constantFrom('', 'log', 'LOG', 'span', 'Ätsch'),
    level: fc.constantFrom('', 'info', 'ERROR', 'ÄRGER'),
    attrs: fc.oneof(fc.dictionary(word, anyValue, { maxKeys: 3 }), anyValue),
  },
  { requiredKeys: [] },
);
const foreign = fc.dictionary(fc.oneof(word, fc.constantFrom('Service', 'TS', 'x')), anyValue, {
  maxKeys: 4,
});

const sample: fc.Arbitrary<Sample> = fc
  .tuple(fc.option(time, { nil: undefined }), ownFields, shape, foreign)
  .map(([given, own, more, others]) => ({
    // Through JSON, as an event travels: what is written is what the model sees.
    event: JSON.parse(
      JSON.stringify({ ...others, ...own, ...more, ...(given && { ts: given[0] }) }),
    ) as Sample['event'],
    time: given?.[1] ?? 'good',
  }));

describe('the mapping of an event to its row', () => {
  it('is what the model says, for any JSON object', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sample, { minLength: 1, maxLength: 200 }), async (samples) => {
        const topic = newTopic();
        const events = samples.map(({ event }) => event);
        await writeEvents(testStore.store, events, { topic });
        const expected = samples.map(({ event, time: meaning }) => modelRow(event, meaning));
        expect(await storedRows(topic)).toEqual(expected);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  it('keeps the first of a name that stands twice, where tail reads the last', async () => {
    const topic = newTopic();
    const value = Buffer.from('{"service":"first","x":"1","service":"last","x":"2"}');
    await writeValues(testStore.store, [value], { topic });
    const [row] = await storedRows(topic);
    expect(row?.columns).toMatchObject({ service: 'first' });
    expect(row?.attrs).toEqual([
      ['x', '1'],
      ['x', '2'],
    ]);
    const record = { topic, partition: 0, offset: 0n, timestampMs: 0, key: null, value };
    expect(readEvent({ ...record, headers: undefined })).toEqual({
      kind: 'event',
      event: { service: 'last', x: '2' },
    });
  });
});

/** Each sends up to 200 events at once. */
const RUNS = 100;
