import { Environment } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AtbdError } from '../../model/error.js';
import { fieldsOf } from '../../model/filter.js';
import { BACKFILL_HEADER } from '../../model/limit.js';
import { createMatch } from '../create-match.js';
import type { ParsedEvent } from '../read-field.js';
import { compileWhere } from './compile-where.js';

const EVENT: ParsedEvent = {
  ts: '2026-05-16T10:00:00.000000001Z',
  service: 'payment',
  level: 'ERROR',
  kind: 'SPAN',
  type: 'request',
  message: 'Charge of order_17 failed: 50% "quoted" 😀 \\d',
  file: '/app/src/acme.ts',
  line: 42,
  duration_ms: 2000.5,
  attempt: 2,
  amount: '1234567890123456789012345678.123456789',
  attrs: {
    retryable: true,
    'http.status': 502,
    empty: '',
    nothing: null,
    'a key': 'x',
    text: 'two',
    nan: 'nan',
  },
  region: 'eu',
};

function holds(text: string, event: ParsedEvent = EVENT): boolean {
  return createMatch(compileWhere(text, { flag: '--where' }))(event);
}

function refusal(text: string): string {
  try {
    compileWhere(text, { flag: '--where' });
  } catch (error) {
    if (error instanceof AtbdError) return `${error.code}: ${error.message} | ${error.hint}`;
    throw error;
  }
  return 'accepted';
}

describe('a condition', () => {
  it.each([
    // Joined.
    ['true', true],
    ['false', false],
    ['!false && !(true && false)', true],
    ['!!true', true],
    ['!!!true', false],
    ['service == "order" || service == "payment" && attempt == 2', true],
    ['(service == "order" || service == "payment") && attempt == 3', false],
    // Texts.
    ['service == "payment"', true],
    ["'payment' == service", true],
    ['service == "Payment"', false],
    ['service != "payment"', false],
    ['service in ["order", "payment"]', true],
    ['service in []', false],
    ['!(service in ["order"])', true],
    ['service.startsWith("pay") && service.endsWith("ment") && message.contains("order_17")', true],
    ['service.startsWith("Pay")', false],
    ['message.contains("50% \\"quoted\\" 😀 \\\\d")', true],
    ["message.contains(r\"\\d\") && message.contains('''50% \"q''')", true],
    ['message.matches("^Charge.*failed")', true],
    ['message.matches("^charge")', false],
    ['message.matches("(?i)^charge") // as it stands there', true],
    ['user_id == "" && !has(user_id) && user_id != "u-1"', true],
    ['has(service)', true],
    // Stored in lower case, and so is what is asked.
    ['level == "error" && level == "Error" && kind == "Span"', true],
    ['level in ["WARN", "ERROR"]', true],
    // By severity.
    ['level >= "warn" && level > "warn" && level >= "error"', true],
    ['level > "error" || level < "error"', false],
    ['level <= "error" && "warning" < level && "FATAL" >= level', true],
    // Numbers.
    [
      'duration_ms > 2000 && duration_ms > 2000.0 && duration_ms > 2e3 && duration_ms > 0x7d0',
      true,
    ],
    ['duration_ms > 2000.5 || duration_ms < 2000.5', false],
    ['duration_ms >= 2000.5 && 2000.5 <= duration_ms && 2001 > duration_ms', true],
    ['duration_ms > -1 && duration_ms > -1.5 && attempt == 2u', true],
    ['attempt == 2 && attempt == 2.0 && attempt != 2.5', true],
    ['attempt in [1, 2.0]', true],
    ['attempt in [1, 3]', false],
    ['has(line) && !has(value)', true],
    // No number stands in no relation.
    ['value < 0 || value <= 0 || value == 0 || value >= 0 || value > 0', false],
    ['value != 0 && !(value < 0) && !(value >= 0)', true],
    // Exact decimals: a double would make no difference of these.
    ['amount == 1234567890123456789012345678.123456789', true],
    ['amount == "1234567890123456789012345678.123456789"', true],
    ['amount == 1234567890123456789012345678.123456788', false],
    ['amount > 1234567890123456789012345678.123456788', true],
    ['amount >= 1234567890123456789012345678.12345679', false],
    ['amount > 1e2 && amount > 100 && amount > "100" && 100 < amount', true],
    ['amount in ["19.99", 1234567890123456789012345678.1234567890]', true],
    // Keys of attrs.
    ['attrs.retryable == "true"', true],
    ['attrs["http.status"] == "502" && attrs.http.status == "502"', true],
    ['attrs["a key"] == "x" && has(attrs["a key"]) && "a key" in attrs', true],
    ['has(attrs.empty) || "missing" in attrs || attrs.missing == "x"', false],
    ['attrs.nothing == "null" && attrs.region == "eu"', true],
    ['attrs.service == "payment"', false],
    ['double(attrs["http.status"]) >= 500 && double(attrs.http.status) == 502', true],
    ['double(attrs.text) < 1 || double(attrs.nan) >= 0 || double(attrs.missing) == 0', false],
    ['double(attrs.text) != 1 && double(line) == 42', true],
    // To the nanosecond.
    ['ts > timestamp("2026-05-16T10:00:00Z")', true],
    ['ts == timestamp("2026-05-16T12:00:00.000000001+02:00")', true],
    ['ts < timestamp("2026-05-16T10:00:00.000000001Z")', false],
    ['timestamp("2026-05-16T10:00:00.000000002Z") > ts', true],
    ['ts in [timestamp("2026-05-16T10:00:00.000000001Z")]', true],
  ])('%s: %s', (text, expected) => {
    expect(holds(text)).toBe(expected);
  });

  it.each([
    ['service == "a" && (has(amount) || !(duration_ms > 2))', ['service', 'amount', 'duration_ms']],
    ['attrs.a == "x" || double(attrs.b) > 1 || "c" in attrs', ['attrs']],
    ['ts > timestamp("2026-05-16T10:00:00Z") && message.matches("x")', ['ts', 'message']],
    ['level >= "warn" && true', ['level']],
    ['true', []],
  ])('%s looks at %j', (text, fields) => {
    expect([...fieldsOf(compileWhere(text, { flag: '--where' }))]).toEqual(fields);
  });
});

describe('the time of an event', () => {
  const QUEUE_TIME_MS = Date.UTC(2026, 4, 16, 10);
  const arrival = { timestampMs: QUEUE_TIME_MS, headers: undefined };
  const isQueueTime = createMatch(
    compileWhere('ts == timestamp("2026-05-16T10:00:00Z")', { flag: '--where' }),
  );
  const isClamped = createMatch(compileWhere('has(attrs.ts)', { flag: '--where' }));

  it.each([
    ['2026-05-16T10:10:00Z', false],
    ['2026-05-16T10:10:00.000000001Z', true],
    ['2025-04-11T10:00:00Z', false],
    ['2025-04-11T09:59:59.999999999Z', true],
    ['yesterday', true],
    ['2026-02-30T10:00:00Z', true],
  ])('%s is left to the queue: %s', (ts, isLeft) => {
    expect(isQueueTime({ ts }, arrival)).toBe(isLeft);
    expect(isClamped({ ts }, arrival)).toBe(isLeft);
  });

  it('is the queue’s where there is none, and no time at all where nothing is known', () => {
    expect(isQueueTime({}, arrival)).toBe(true);
    expect(isClamped({}, arrival)).toBe(false);
    expect(isQueueTime({})).toBe(false);
  });

  it('is its own in a backfill, and where the queue has no time', () => {
    const ts = '2001-01-01T00:00:00Z';
    const isOwn = createMatch(compileWhere(`ts == timestamp("${ts}")`, { flag: '--where' }));
    expect(isOwn({ ts }, arrival)).toBe(false);
    expect(isOwn({ ts }, { ...arrival, headers: { [BACKFILL_HEADER]: '1' } })).toBe(true);
    expect(isOwn({ ts }, { ...arrival, timestampMs: 0 })).toBe(true);
  });
});

describe('a mistake', () => {
  const functions =
    'There are startsWith, endsWith, contains and matches of a text, has(FIELD), double(attrs.KEY) and timestamp("2026-05-16T14:30:00Z").';
  const arithmetic =
    'Compare a field with a value. A key with such a character is written attrs["user-agent"].';
  const moment =
    'Write it with its offset from UTC, to the nanosecond at most: timestamp("2026-05-16T14:30:00.123456789Z").';
  it.each([
    [
      'servce == "x"',
      'unknown name servce at character 1',
      'Did you mean service? Keys of attrs are written attrs.KEY: attrs.servce',
    ],
    [
      'has(x) && level == "a"',
      'unknown name x at character 5',
      /^Fields are ts, kind, .*, attrs\. Keys of attrs are written attrs\.KEY: attrs\.x$/,
    ],
    [
      'http.status == "x"',
      'unknown name http.status at character 1',
      / Keys of attrs are written attrs\.KEY: attrs\.http\.status$/,
    ],
    ['message == "😀😀" && x == 1', 'unknown name x at character 20', /attrs\.x$/],
    [
      'service.name == "x"',
      'only attrs has keys at character 1',
      'Ask for a key of attrs: attrs.KEY or attrs["some key"].',
    ],
    [
      'service["x"] == "x"',
      'only attrs has keys at character 1',
      'Ask for a key of attrs: attrs.KEY or attrs["some key"].',
    ],
    [
      'attrs == "x"',
      'attrs is a map at character 1',
      'Ask for a key of it: attrs.KEY or attrs["some key"].',
    ],
    [
      'attrs[1] == "x"',
      'a key of attrs is a text in quotes at character 7',
      'Write attrs["some key"].',
    ],
    [
      'service',
      'service is neither true nor false at character 1',
      'Compare it, or ask whether it has a value: has(service).',
    ],
    [
      'true && attrs["a b"]',
      'attrs["a b"] is neither true nor false at character 9',
      'Compare it, or ask whether it has a value: has(attrs["a b"]).',
    ],
    ['"x"', 'this is nothing to compare with at character 1', /^Compare a field with a number/],
    [
      'service == user_id',
      'service and user_id are both of the event at character 1',
      'Compare a field with a value: duration_ms > 2000.',
    ],
    [
      '1 == 1',
      'neither side is of the event at character 1',
      'Compare a field with a value: duration_ms > 2000.',
    ],
    [
      'service == 5',
      'service is a text at character 12',
      'Write its text in quotes: service == "5".',
    ],
    [
      'attrs.status >= 500',
      'attrs.status is a text at character 17',
      'Write its text in quotes: attrs.status == "500", or as a number double(attrs.status) >= 500.',
    ],
    [
      'attrs.done == true',
      'attrs.done is a text at character 15',
      'Write its text in quotes: attrs.done == "true".',
    ],
    [
      'service < "x"',
      'texts such as service have no order at character 11',
      'Use ==, in […], startsWith or matches. Levels have one: level >= "warn".',
    ],
    [
      'level >= "eror"',
      'unknown level "eror" at character 10',
      'Did you mean error? Levels are trace, debug, info, warn, error, fatal.',
    ],
    [
      'amount == null',
      'null is no value at character 11',
      'Ask whether there is one: has(amount).',
    ],
    [
      'duration_ms > "2000"',
      'duration_ms is a number at character 15',
      'Write duration_ms > 2000.',
    ],
    [
      'duration_ms == 9007199254740993',
      '9007199254740993 is too long for a number at character 16',
      'Numbers are doubles: whole ones are exact up to 9007199254740992.',
    ],
    [
      'amount > 0.0000000001',
      'amount is a decimal, and this is none that it can be at character 10',
      'Write amount > 19.99. An amount has at most 28 digits before the point and 9 after it.',
    ],
    [
      'amount == "much"',
      'amount is a decimal, and this is none that it can be at character 11',
      'Write amount == 19.99. An amount has at most 28 digits before the point and 9 after it.',
    ],
    [
      'ts > "2026-05-16T10:00:00Z"',
      'ts is a time at character 6',
      'Write ts > timestamp("2026-05-16T14:30:00Z"), or use --from, --to and --since.',
    ],
    ['ts > timestamp("2026-05-16")', 'this is no time that can be stored at character 16', moment],
    [
      'ts > timestamp("2026-05-16T10:00:00.1234567891Z")',
      'this is no time that can be stored at character 16',
      moment,
    ],
    [
      'ts > timestamp("2999-05-16T10:00:00Z")',
      'this is no time that can be stored at character 16',
      moment,
    ],
    [
      'has(ts)',
      'every event has a ts at character 5',
      'Compare it: ts > timestamp("2026-05-16T14:30:00Z").',
    ],
    ['duration_ms / 2 > 5', 'arithmetic cannot be asked of events at character 1', arithmetic],
    ['attrs.user-agent == "x"', 'arithmetic cannot be asked of events at character 1', arithmetic],
    ['duration_ms > -line', 'arithmetic cannot be asked of events at character 15', arithmetic],
    [
      'line > 1 ? true : false',
      'a choice cannot be asked of events at character 1',
      'Write a ? b : c as (a && b) || (!a && c).',
    ],
    [
      '(line > 1) == true',
      'a condition cannot be compared with anything at character 2',
      'Join conditions by && and ||: a == b as (a && b) || (!a && !b).',
    ],
    [
      'has(line) == false',
      'a condition cannot be compared with anything at character 1',
      'Join conditions by && and ||: a == b as (a && b) || (!a && !b).',
    ],
    [
      'size(message) > 5',
      'size() cannot be asked of events at character 1',
      'A length is asked by an expression: message.matches("^.{100,}$").',
    ],
    [
      'message.size() > 5',
      'size() cannot be asked of events at character 1',
      'A length is asked by an expression: message.matches("^.{100,}$").',
    ],
    [
      'message.lowerAscii() == "x"',
      'lowerAscii() cannot be asked of events at character 1',
      'Without regard to case: message.matches("(?i)timeout").',
    ],
    [
      'attrs.exists(k, k == "x")',
      'exists() cannot be asked of events at character 1',
      'Name the key of attrs, or list the values: service in ["order", "payment"].',
    ],
    ['near(service)', 'near() cannot be asked of events at character 1', functions],
    [
      'duration_ms > duration("2s")',
      'duration() cannot be asked of events at character 15',
      'Durations are numbers of milliseconds: duration_ms > 2000.',
    ],
    [
      'double(amount) > 5',
      'double() of amount cannot be asked of events at character 1',
      'Only a key of attrs is read as a number: double(attrs.KEY).',
    ],
    [
      'double("5") > 5',
      'this is not of the event at character 8',
      'Name a field, or a key of attrs: attrs.KEY.',
    ],
    [
      'line.startsWith("4")',
      'startsWith() is asked of texts, and line is none at character 1',
      'Compare it by ==, <, <=, > or >=.',
    ],
    [
      'message.contains(service)',
      'contains() takes one text in quotes at character 18',
      'Write message.contains("…").',
    ],
    [
      'message.contains()',
      'contains() takes one text in quotes at character 1',
      'Write message.contains("…").',
    ],
    [
      'message.matches("a(?=b)")',
      'this regular expression cannot be used at character 17',
      'The syntax is RE2: no backreferences, no lookahead or lookbehind; (?i) ignores case.',
    ],
    [
      '"timeout" in message',
      'this is no list of values at character 14',
      'A part of a text is asked by contains: message.contains("timeout").',
    ],
    [
      'service in "order"',
      'this is no list of values at character 12',
      'Write the values in brackets: service in ["order", "payment"].',
    ],
    [
      '"order" in ["order"]',
      'this is not of the event at character 1',
      'Name a field: service in ["order", "payment"].',
    ],
    [
      'service in ["order", user_id]',
      'user_id is no value at character 22',
      'A list has values only, texts in quotes.',
    ],
    [
      'service in ["order", 5]',
      'service is a text at character 22',
      'Write its text in quotes: service == "5".',
    ],
    [
      'service == b"x"',
      'bytes are nothing to compare with at character 12',
      'Write a text: "…" without the b.',
    ],
    [
      'service = "x"',
      'unexpected character: = at character 9',
      /^Write a condition in CEL, for example: duration_ms > 2000 && level >= "warn"\. Equality is ==; and, or, not are &&, \|\|, !; texts stand in quotes\.$/,
    ],
    ['service == "x', 'unterminated string at character 12', /^Write a condition in CEL/],
    ['', 'unexpected token: EOF at character 1', /^Write a condition in CEL/],
    ['\u001b[2J', 'unexpected character: ␛ at character 1', /^Write a condition in CEL/],
  ])('%j is explained', (text, what, hint) => {
    const [message = '', said = ''] = refusal(text).split(' | ');
    expect(message).toContain(
      `USAGE_INVALID: cannot read --where "${text.replace('\u001b', '␛')}": ${what}`,
    );
    expect(message.endsWith(what)).toBe(true);
    if (typeof hint === 'string') expect(said).toBe(hint);
    else expect(said).toMatch(hint);
  });

  it.each([
    [
      'a text that is too long',
      `service == "${'x'.repeat(32_000)}"`,
      'longer than 32000 characters',
    ],
    [
      'too many comparisons',
      `line in [${Array.from({ length: 401 }, (_, index) => index).join(',')}]`,
      'more than 400 comparisons (401) at character 1',
    ],
    [
      'too many parts',
      Array.from({ length: 3_000 }, () => 'line > 1').join('||'),
      'exceeded maxAstNodes (2000)',
    ],
    ['too many brackets', `${'('.repeat(200)}line > 1${')'.repeat(200)}`, 'exceeded maxDepth (50)'],
    ['too many signs', `${'!'.repeat(31_900)}true`, 'nested too deeply at character 1'],
  ])('refuses %s', (_title, text, what) => {
    expect(refusal(text)).toContain(what);
  });

  it('takes a pasted list of ids', () => {
    const ids = Array.from(
      { length: 750 },
      (_, index) => `0b5c2a6e-7b9c-4f33-9a0e-${index + 1e11}`,
    );
    const text = `order_id in ${JSON.stringify(ids)}`;
    expect(holds(text, { order_id: ids[749] })).toBe(true);
    expect(holds(text, { order_id: '0b5c2a6e-7b9c-4f33-9a0e-0' })).toBe(false);
  });
});

/** Events with every field that the conditions below ask for: the language has no missing ones. */
const TEXTS = ['', 'a', 'ab', 'B', 'Ä', '😀', '"', '\\', '%', "it's", 'line\nbreak'];
const whole = fc.record({
  service: fc.constantFrom(...TEXTS),
  message: fc.constantFrom(...TEXTS),
  duration_ms: fc.constantFrom(0, 1, 2.5, -3),
  line: fc.constantFrom(0, 1, 2),
  zone: fc.constantFrom(...TEXTS),
});
const textName = fc.constantFrom('service', 'message', 'attrs.zone', 'attrs["zone"]');
const numberName = fc.constantFrom('duration_ms', 'line');
const literal = fc.constantFrom(...TEXTS).map((text) => JSON.stringify(text));
const numeral = fc.constantFrom('0', '1', '2.5', '-3', '-3.0', '1e0');
const simple = fc.oneof(
  fc.tuple(textName, fc.constantFrom('==', '!='), literal).map((parts) => parts.join(' ')),
  fc.tuple(literal, fc.constantFrom('==', '!='), textName).map((parts) => parts.join(' ')),
  fc
    .tuple(textName, fc.array(literal, { maxLength: 3 }))
    .map(([name, all]) => `${name} in [${all.join(', ')}]`),
  fc
    .tuple(textName, fc.constantFrom('startsWith', 'endsWith', 'contains'), literal)
    .map(([name, method, text]) => `${name}.${method}(${text})`),
  fc
    .tuple(numberName, fc.constantFrom('==', '!=', '<', '<=', '>', '>='), numeral)
    .map((parts) => parts.join(' ')),
  fc
    .tuple(numeral, fc.constantFrom('<', '<=', '>', '>='), numberName)
    .map((parts) => parts.join(' ')),
  fc.constantFrom('true', 'false'),
);
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    simple,
    tie('condition').map((part) => `!(${part})`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `${a} && ${b}`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a} || ${b})`),
  ),
}));

/** The language's own reading, in which a number without a point is another kind. */
const evaluator = new Environment({ limits: { maxAstNodes: 5_000, maxDepth: 100 } })
  .registerOperator('double == int', (left: number, right: bigint) => left === Number(right))
  .registerVariable('service', 'string')
  .registerVariable('message', 'string')
  .registerVariable('duration_ms', 'double')
  .registerVariable('line', 'double')
  .registerVariable('attrs', 'map<string, string>');

describe('any text', () => {
  it('means what the language says, where it has the same words', () => {
    fc.assert(
      fc.property(condition, whole, (text, { zone, ...fields }) => {
        const expected: unknown = evaluator.evaluate(text, { ...fields, attrs: { zone } });
        expect(holds(text, { ...fields, attrs: { zone } })).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('is a filter or a refusal that says where', () => {
    const pieces = fc.constantFrom(
      ...[
        'service',
        'attrs',
        '.k',
        '["k"]',
        'ts',
        'amount',
        'line',
        'level',
        '<',
        '==',
        '!=',
        ' in ',
        '1',
        '2.5',
        '"',
      ],
      ...[
        '"a"',
        '(',
        ')',
        '[',
        ']',
        '&&',
        '||',
        '!',
        '-',
        ' ',
        'é',
        '\\',
        '?',
        ':',
        'has(',
        '.matches(',
        'timestamp(',
        ',',
      ],
    );
    const texts = fc.array(pieces, { maxLength: 12 }).map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(texts, fc.string()), (text) => {
        const said = refusal(text);
        if (said !== 'accepted')
          expect(said).toMatch(/^USAGE_INVALID: cannot read --where ".* at character \d+ \| ./su);
      }),
      { numRuns: 3000 },
    );
  });
});
