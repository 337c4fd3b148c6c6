import { describe, expect, it } from 'vitest';
import { AtbdError } from '../model/error.js';
import { createMatch } from './create-match.js';
import { parseFilter, type FilterInput } from './filter.js';
import type { ParsedEvent } from './read-field.js';

const EVENT: ParsedEvent = {
  ts: '2026-05-16T10:00:00Z',
  service: 'payment',
  level: 'error',
  module: 'payment.provider',
  file: '/app/src/provider/acme.ts',
  line: 42,
  message: 'Charge of order_17 failed: 502 Bad Gateway (Straße, req-ab12)',
  user_id: 'u-1',
  attempt: 2,
  amount: '12.50',
  region: 'eu',
  attrs: { retryable: true, 'http.status': 502, empty: '' },
};

function matches(input: FilterInput, event: ParsedEvent = EVENT): boolean {
  return createMatch(parseFilter(input))(event);
}

function refusal(input: FilterInput): string {
  try {
    parseFilter(input);
  } catch (error) {
    if (error instanceof AtbdError) return `${error.code}: ${error.message} | ${error.hint}`;
    throw error;
  }
  return 'accepted';
}

describe('a word', () => {
  it.each([
    ['failed', true],
    ['FAILED', true],
    ['fail', false],
    ['ailed', false],
    ['502', true],
    ['50', false],
    ['order', true],
    ['order_17', true],
    ['order_1', false],
    ['rder_17', false],
    ['bad gateway', true],
    ['bad  gateway', false],
    ['gateway bad', false],
    ['Straße', true],
    ['stra', false],
    ['req-ab12', true],
    ['req-ab1', false],
    ['failed:', true],
    ['(Straße', true],
  ])('%j is in the message: %s', (word, expected) => {
    expect(matches({ words: [word] })).toBe(expected);
  });

  it('is asked for together with the others, in any order', () => {
    expect(matches({ words: ['gateway', 'charge'] })).toBe(true);
    expect(matches({ words: ['gateway', 'refund'] })).toBe(false);
  });

  it('is found at its second place when the first is part of a longer one', () => {
    expect(matches({ words: ['pay'] }, { message: 'payment: pay' })).toBe(true);
  });
});

describe('a flag', () => {
  it.each<[FilterInput, boolean]>([
    [{}, true],
    [{ levels: ['error'] }, true],
    [{ levels: ['warn+'] }, true],
    [{ levels: ['WARNING+'] }, true],
    [{ levels: ['info,debug'] }, false],
    [{ levels: ['info', 'error'] }, true],
    [{ levels: ['fatal+'] }, false],
    [{ anyOf: { service: ['payment', 'order'] } }, true],
    [{ anyOf: { service: ['order'] } }, false],
    [{ anyOf: { service: ['payment'], user_id: ['u-2'] } }, false],
    [{ source: 'acme.ts' }, true],
    [{ source: 'cme.ts' }, false],
    [{ source: 'provider/acme.ts:42' }, true],
    [{ source: '/app/src/provider/acme.ts:42:7' }, true],
    [{ source: 'acme.ts:43' }, false],
    [{ conditions: ['attempt=2'] }, true],
    [{ conditions: ['attempt=2.0'] }, true],
    [{ conditions: ['attempt!=2'] }, false],
    [{ conditions: ['duration_ms!=2'] }, true],
    [{ conditions: ['amount=12.5'] }, true],
    [{ conditions: ['amount=1.25e1'] }, true],
    [{ conditions: ['amount=12.500000001'] }, false],
    [{ conditions: ['kind=LOG'] }, true],
    [{ conditions: ['duration_ms?'] }, false],
    [{ conditions: ['duration_ms='] }, true],
    [{ conditions: ['attempt?'] }, true],
    [{ conditions: ['retryable=true'] }, true],
    [{ conditions: ['http.status=502'] }, true],
    [{ conditions: ['attrs.http.status=502'] }, true],
    [{ conditions: ['http.status!=502'] }, false],
    [{ conditions: ['region=eu'] }, true],
    [{ conditions: ['empty?'] }, false],
    [{ conditions: ['nothing?'] }, false],
    [{ conditions: ['nothing!=x'] }, true],
    [{ conditions: ['message~=50[0-9]'] }, true],
    [{ conditions: ['message~=^Gateway'] }, false],
    [{ conditions: ['message~=(?i)^charge.*\\)$'] }, true],
    [{ conditions: ['level=ERROR'] }, true],
    [{ conditions: ['attrs.service=payment'] }, false],
  ])('%j: %s', (input, expected) => {
    expect(matches(input)).toBe(expected);
  });
});

it('finds a decimal that no double is', () => {
  const amount = '1234567890123456789012345678.123456789';
  expect(matches({ conditions: [`amount=${amount}`] }, { amount })).toBe(true);
  expect(matches({ conditions: [`amount=${amount.slice(0, -1)}`] }, { amount })).toBe(false);
});

describe('a mistake', () => {
  const condition =
    'Write it as key=value, key!=value, key~=regex, or key? (has a value), and quote it for the shell.';
  const regex =
    'The syntax is RE2: no backreferences, no lookahead or lookbehind; (?i) ignores case.';
  it.each<[FilterInput, string]>([
    [
      { levels: ['eror'] },
      'cannot read the level "eror" | Did you mean error? Levels are trace, debug, info, warn, error, fatal; warn+ means warn and above.',
    ],
    [
      { levels: [''] },
      'cannot read the level "" | Levels are trace, debug, info, warn, error, fatal; warn+ means warn and above.',
    ],
    [
      { source: ':42' },
      'cannot read the source ":42": it has no file | Write it as FILE or FILE:LINE, for example --source payment.js:42.',
    ],
    [{ conditions: ['status'] }, `cannot read the condition "status" | ${condition}`],
    [{ conditions: ['=x'] }, `cannot read the condition "=x" | ${condition}`],
    [{ conditions: ['amount>5'] }, `cannot read the condition "amount>5" | ${condition}`],
    [
      { conditions: ['attempt=two'] },
      'cannot compare attempt with "two": it is a number | Write a number, for example -f attempt=2.',
    ],
    [
      { conditions: ['amount=0.0000000001'] },
      'cannot compare amount with "0.0000000001": it has too many digits | An amount has at most 28 digits before the point and 9 after it.',
    ],
    [
      { conditions: ['attempt~=2'] },
      'cannot match attempt against an expression: it is a number | Compare it, for example -f attempt=2.',
    ],
    [{ conditions: ['ts=now'] }, 'cannot filter by ts | Use --from and --to, or --since.'],
    [{ conditions: ['message~=(a)\\1'] }, `cannot use the expression "(a)\\1" | ${regex}`],
    [{ conditions: ['message~=a(?=b)'] }, `cannot use the expression "a(?=b)" | ${regex}`],
    [{ conditions: ['message~=('] }, `cannot use the expression "(" | ${regex}`],
    [
      { words: ['[]'] },
      `cannot search for the word "[]": it has no letter or digit | For other characters use an expression, for example -f 'message~=\\[\\]'.`,
    ],
  ])('in %j is explained', (input, text) => {
    expect(refusal(input)).toBe(`USAGE_INVALID: ${text}`);
  });

  it('cannot bring control characters into the message', () => {
    expect(refusal({ levels: ['\u001b[31m'] })).toContain('cannot read the level "␛[31m"');
  });
});
