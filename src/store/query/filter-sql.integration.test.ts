import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMatch } from '../../engine/filter/create-match.js';
import { compileWhere } from '../../engine/filter/where/compile-where.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { QUEUE_TIME_MS, writeEvents } from '../testing/write-events.js';
import { filterToSql } from './filter-sql.js';
import { SqlParams } from './sql-params.js';

let testStore: TestStore;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 1 });
});
afterAll(async () => {
  await testStore[Symbol.asyncDispose]();
});

const TOPIC = 'where';
const ARRIVAL = { timestampMs: QUEUE_TIME_MS, headers: undefined };

/** What tends to break when it becomes a part of something else. */
const HOSTILE = [
  '',
  "it's",
  '"q"',
  '\\',
  '\\n',
  'a\\b',
  '%',
  '_',
  '😀',
  'e\u0301',
  '漢字',
  'İ',
  'tab\there',
  'line\nbreak',
  'nul\u0000x',
  '{p0:String}',
  "' OR 1=1 --",
  '`',
  '$1',
  '(x)',
  '😀"\\%'.repeat(2_000),
];
const text = fc.constantFrom('a', 'ab', 'abc', 'ABC', 'null', 'true', '5', ...HOSTILE);
const NUMBERS = [0, 1, 2, 5, -1, 0.1, 2.5, 1e-7, 4_294_967_295, 9_007_199_254_740_992, 1e300];
const numeral = fc.constantFrom<unknown>(
  ...NUMBERS,
  ...['2', '+5', '.5', '5.', '1e3', '0.30000000000000004', '1e400', 'nan', 'inf', ' 5', '0x10'],
  ...['', 'x', null, true, 4_294_967_296],
);
const AMOUNTS = [
  '19.99',
  '19.990',
  '19.990000001',
  '0',
  '-0.000000001',
  '100',
  '9999999999999999999999999999.999999999',
  '9999999999999999999999999999.999999998',
  '-9999999999999999999999999999.999999999',
];
const MOMENTS = [
  '2026-11-22T10:00:00Z',
  '2026-11-22T10:00:00.000000001Z',
  '2026-11-22T10:00:00.123456789Z',
  '2026-11-22T11:00:00.123456789+01:00',
  '2026-11-23T00:00:00Z',
  '2026-11-23T00:10:00Z',
  '2025-10-19T00:00:00Z',
];
const LEVEL_TEXTS = ['trace', 'debug', 'info', 'WARN', 'Error', 'fatal', 'odd', ''];

const event = fc.record(
  {
    ts: fc.constantFrom<unknown>(
      ...MOMENTS,
      ...[
        '2026-11-22 10:00:00.5',
        '2026-11-22T10:00:00.1234567891',
        1_795_341_600,
        '1795341600123',
      ],
      ...[
        '2026-11-23T00:10:00.000000001Z',
        '2025-10-18T23:59:59.999999999Z',
        '2026-02-30T00:00:00Z',
      ],
      ...['yesterday', '', null, '2262-04-11T23:47:16.854775807Z', '2300-01-01T00:00:00Z'],
    ),
    level: fc.constantFrom(...LEVEL_TEXTS),
    kind: fc.constantFrom('log', 'SPAN', 'record', ''),
    type: fc.constantFrom('', 'log', 'request', 'payment.attempt'),
    service: text,
    message: fc.array(text, { maxLength: 3 }).map((parts) => parts.join('')),
    user_id: fc.oneof(text, fc.constantFrom<unknown>(42, true, null)),
    line: numeral,
    attempt: numeral,
    duration_ms: numeral,
    value: numeral,
    amount: fc.constantFrom<unknown>(...AMOUNTS, 19.99, 7, 'x', '1e3', null),
    zone: text,
    attrs: fc.oneof(
      fc.record({ zone: text, number: numeral, '😀': text, ts: text }, { requiredKeys: [] }),
      fc.constantFrom<unknown>('no object', { deep: { a: [1] } }),
    ),
  },
  { requiredKeys: [] },
);

const quoted = text.map((each) => JSON.stringify(each));
const textName = fc.constantFrom(
  ...['service', 'message', 'user_id', 'level', 'kind', 'type', 'attrs.zone', 'attrs["😀"]'],
  ...['attrs.number', 'attrs.deep', 'attrs.line', 'attrs.amount', 'attrs.ts', 'attrs.service'],
);
const numberName = fc.constantFrom(
  ...['line', 'attempt', 'duration_ms', 'value', 'double(attrs.number)', 'double(attrs.zone)'],
);
const relation = fc.constantFrom('==', '!=', '<', '<=', '>', '>=');
const number = fc.constantFrom(...NUMBERS.map(String), '1000', '0.30000000000000004', '5u', '0x10');
const amount = fc.constantFrom(...AMOUNTS, ...AMOUNTS.map((each) => `"${each}"`), '1.999e1');
const moment = fc.constantFrom(...MOMENTS).map((each) => `timestamp("${each}")`);
const pattern = fc.constantFrom(
  ...[
    '^a',
    'b$',
    '(?i)ABC',
    '^$',
    '\\d+',
    '[漢x]',
    'e.break',
    '\\bx\\b',
    '^.{0,3}$',
    "'",
    '\\\\',
    '%',
  ],
);
const list = (item: fc.Arbitrary<string>) =>
  fc.array(item, { maxLength: 3 }).map((items) => `[${items.join(', ')}]`);
const join = (...parts: readonly fc.Arbitrary<string>[]) =>
  fc.tuple(...parts).map((all) => all.join(' '));
const simple = fc.oneof(
  join(textName, fc.constantFrom('==', '!='), quoted),
  join(textName, fc.constant('in'), list(quoted)),
  fc
    .tuple(textName, fc.constantFrom('startsWith', 'endsWith', 'contains'), quoted)
    .map(([name, method, arg]) => `${name}.${method}(${arg})`),
  fc.tuple(textName, pattern).map(([name, arg]) => `${name}.matches(${JSON.stringify(arg)})`),
  fc.oneof(textName, fc.constantFrom('line', 'value', 'amount')).map((name) => `has(${name})`),
  join(fc.constant('level'), relation, fc.constantFrom('"debug"', '"Warn"', '"fatal"')),
  join(numberName, relation, number),
  join(number, relation, numberName),
  join(numberName, fc.constant('in'), list(number)),
  join(fc.constant('amount'), relation, amount),
  join(amount, relation, fc.constant('amount')),
  join(fc.constant('ts'), relation, moment),
  join(fc.constant('ts in'), list(moment)),
  fc.constantFrom('true', 'false', '"zone" in attrs', '"😀" in attrs'),
);
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    { weight: 3, arbitrary: simple },
    { weight: 1, arbitrary: tie('condition').map((part) => `!(${part})`) },
    { weight: 1, arbitrary: join(tie('condition'), fc.constant('&&'), tie('condition')) },
    {
      weight: 1,
      arbitrary: join(tie('condition'), fc.constant('||'), tie('condition')).map(
        (all) => `(${all})`,
      ),
    },
  ),
}));

/** For each condition the offsets of the rows that pass; all are asked at once, so they must have less than 1000 values. */
async function askStore(conditions: readonly string[]): Promise<number[][]> {
  const params = new SqlParams();
  const columns = conditions.map((each) => filterToSql(compileWhere(each, { flag: 'x' }), params));
  const client = await testStore.store.shard(0);
  const answer = await client.query({
    query: `SELECT toUInt32(offset), ${columns.map((sql) => `toUInt8(${sql})`).join(',\n')}
      FROM events WHERE topic = {topic:String} ORDER BY offset LIMIT 10000`,
    query_params: { ...params.values, topic: TOPIC },
    format: 'JSONCompactEachRow',
  });
  const rows = await answer.json<number[]>();
  return conditions.map((_, index) =>
    rows.filter((row) => row[index + 1] === 1).map(([offset]) => offset!),
  );
}

describe('a condition in CEL', () => {
  const seed = 20_261_124;
  const events = fc.sample(event, { numRuns: 600, seed });
  // Events as the queue hands them over: after JSON.
  const parsed = events.map((each) => JSON.parse(JSON.stringify(each)) as Record<string, unknown>);
  beforeAll(async () => {
    await writeEvents(testStore.store, events, { topic: TOPIC });
  });

  it('says the same of a passing event and of its row', async () => {
    const conditions = fc.sample(condition, { numRuns: 600, seed });
    const half = conditions.length / 2;
    const stored = [
      ...(await askStore(conditions.slice(0, half))),
      ...(await askStore(conditions.slice(half))),
    ];
    let selectiveCount = 0;
    for (const [index, each] of conditions.entries()) {
      const match = createMatch(compileWhere(each, { flag: 'x' }));
      const passing = parsed.flatMap((one, offset) => (match(one, ARRIVAL) ? [offset] : []));
      expect(stored[index], each).toEqual(passing);
      if (passing.length > 0 && passing.length < events.length) selectiveCount += 1;
    }
    // Conditions that find nothing, or all, would agree, too.
    expect(selectiveCount).toBeGreaterThan(350);
  });

  it('may be as long as the limit', async () => {
    const all = events.map((_, offset) => offset);
    for (const piece of ['😀', '漢', '\\', "'", '\t', '%']) {
      const room = 31_970;
      const value = piece.repeat(Math.floor(room / piece.length));
      expect(await askStore([`!(service in [r"""${value}"""])`])).toEqual([all]);
    }
    const numbers = Array.from({ length: 399 }, (_, index) => index + 1000);
    expect(await askStore([`double(attrs.zone) in [${numbers.join(', ')}] || !has(node)`])).toEqual(
      [all],
    );
  });
});
