import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMatch } from '../../engine/filter/create-match.js';
import { parseFilter, type FilterInput } from '../../engine/filter/filter.js';
import type { Filter } from '../../engine/model/filter.js';
import { createRandom } from '../../engine/model/random.js';
import { askAtOnce } from '../testing/at-once.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { writeEvents } from '../testing/write-events.js';
import { readLogs } from './logs.js';

const SEED = 20_261_123;
const EVENT_COUNT = 900;
const FILTER_COUNT = 250;
const CHUNK_SIZE = 150;
const FIRST_MS = Date.parse('2026-11-01T00:00:00Z');
const NS_PER_MS = 1_000_000n;
const NS_PER_DAY = 86_400_000n * NS_PER_MS;

const text = fc.constantFrom(
  'Charge',
  'charge',
  'order_17',
  'ÄRGER',
  'ärger',
  'req-ab12',
  '502',
  '漢字',
  '😀',
  "it's",
  'a\\b',
  '(x)',
  '[y]',
  '$',
  '^',
  'a.b',
  'tab\there',
  'line\nbreak',
  '%',
  '{p0:String}',
  '"q"',
  'null',
  '',
);
const message = fc
  .array(fc.tuple(text, fc.constantFrom(' ', '-', '_', '', '\n', 'é')), { maxLength: 6 })
  .map((parts) => parts.flat().join(''));
const number = fc.constantFrom<unknown>(
  1,
  2,
  '2',
  'two',
  4.5,
  -1,
  '1e3',
  '',
  null,
  99_999_999_999,
  true,
);
const event = fc.record(
  {
    message,
    level: fc.constantFrom('info', 'WARN', 'error', 'odd', ''),
    kind: fc.constantFrom('log', 'SPAN', 'record'),
    type: fc.constantFrom('log', 'request', 'metric', 'payment.attempt'),
    service: text,
    user_id: fc.oneof(text, fc.constantFrom<unknown>(42, true, null)),
    file: fc.constantFrom('/a/src/pay.js', 'pay.js', 'repay.js', '漢字/pay.js'),
    line: number,
    attempt: number,
    duration_ms: number,
    amount: fc.constantFrom<unknown>('12.50', '12.5', '-3', 'x', 7, '1234567890.123456789'),
    region: fc.oneof(text, fc.constantFrom<unknown>(5, false, null)),
    attrs: fc.constantFrom<unknown>(
      { region: 'inner', zone: 'b' },
      { service: 'in attrs', '😀': "it's" },
      { zone: null, n: 7, deep: { a: [1] } },
      'no object',
    ),
  },
  { requiredKeys: [] },
);
const key = fc.constantFrom(
  'service',
  'user_id',
  'message',
  'region',
  'zone',
  'attrs.service',
  '😀',
  'deep',
  'n',
  'kind',
  'type',
  'attrs.line',
  'attrs.amount',
  'level',
);
const numberKey = fc.constantFrom('line', 'attempt', 'duration_ms', 'amount');
const condition = fc.oneof(
  fc.tuple(key, fc.constantFrom('=', '!='), text).map((parts) => parts.join('')),
  fc
    .tuple(numberKey, fc.constantFrom('=', '!='), fc.constantFrom('2', '12.5', '1000', '', '4.5'))
    .map((parts) => parts.join('')),
  fc.oneof(key, numberKey).map((name) => `${name}?`),
  fc
    .tuple(
      key,
      fc.constantFrom(
        '^c',
        '(?i)CHARGE',
        'a.b',
        '\\d+',
        '[漢x]',
        'e$',
        'line.break',
        '\\bx\\b',
        '^$',
      ),
    )
    .map((parts) => parts.join('~=')),
);
const word = fc.oneof(
  fc.constantFrom(
    'charge',
    'CHARGE',
    'order',
    'order_17',
    'ab12',
    'req-ab12',
    'Ärger',
    '502',
    '漢字',
    'it',
    "it's",
  ),
  fc.constantFrom('a\\b', '(x)', 'a.b', 'x', '😀', 'é', 'tab\there', 'charge order', '-ab12', 'q"'),
);
const input: fc.Arbitrary<FilterInput> = fc.record(
  {
    words: fc.array(word, { maxLength: 2 }),
    levels: fc.constantFrom(['warn+'], ['info,error'], []),
    source: fc.constantFrom('pay.js', 'src/pay.js', 'pay.js:2', '漢字/pay.js'),
    conditions: fc.array(condition, { maxLength: 2 }),
    anyOf: fc.array(text, { maxLength: 3 }).map((service) => ({ service })),
  },
  { requiredKeys: [] },
);

/** The events in the order in which they arrive, which is not that of their time. */
function arrivals(): Record<string, unknown>[] {
  const random = createRandom(SEED);
  const events = fc.sample(event, { numRuns: EVENT_COUNT, seed: SEED }).map((each, index) => ({
    ...each,
    ts: new Date(FIRST_MS + index * 1000).toISOString(),
  }));
  for (let at = events.length - 1; at > 0; at -= 1) {
    const other = random.integerBelow(at + 1);
    [events[at], events[other]] = [events[other]!, events[at]!];
  }
  return events;
}

describe.each([1, 3])('a filter on %i shards', (shardCount) => {
  const events = arrivals();
  let testStore: TestStore;
  beforeAll(async () => {
    testStore = await startTestStore({ shardCount });
    for (let first = 0; first < EVENT_COUNT; first += CHUNK_SIZE) {
      const partition = first / CHUNK_SIZE;
      const place = { topic: 'agree', shard: partition % shardCount, partition, first };
      const chunk = events.slice(first, first + CHUNK_SIZE);
      await writeEvents(testStore.store, chunk, place);
      if (partition % 2 === 0) await writeEvents(testStore.store, chunk, place);
    }
  });
  afterAll(async () => {
    await testStore[Symbol.asyncDispose]();
  });

  /** Offsets of the events that the store finds, ascending. */
  async function find(filter: Filter): Promise<number[]> {
    const fromNs = BigInt(FIRST_MS) * NS_PER_MS;
    const { events: found } = readLogs(
      testStore.store,
      {
        filter,
        range: { fromNs, toNs: fromNs + NS_PER_DAY, arrivedSinceNs: null },
        fields: [],
        isAscending: false,
        limit: EVENT_COUNT,
        after: null,
      },
      { requireAll: true },
    );
    const offsets: number[] = [];
    for await (const { position } of found) offsets.push(Number(position.offset));
    return offsets.toSorted((a, b) => a - b);
  }

  it(`says the same of a passing event and of its row, for ${FILTER_COUNT} filters`, async () => {
    // Events as the queue hands them over: after JSON.
    const parsed = events.map(
      (each) => JSON.parse(JSON.stringify(each)) as Record<string, unknown>,
    );
    let foundCount = 0;
    await askAtOnce(fc.sample(input, { numRuns: FILTER_COUNT, seed: SEED }), async (each) => {
      const filter = parseFilter(each);
      const offsets = await find(filter);
      return () => {
        const match = createMatch(filter);
        const passing = parsed.flatMap((one, index) => (match(one) ? [index] : []));
        expect(offsets, JSON.stringify(each)).toEqual(passing);
        foundCount += passing.length;
      };
    });
    // Filters that find nothing would agree, too.
    expect(foundCount).toBeGreaterThan(1000);
  });
});
