import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AtbdError } from '../model/error.js';
import { compileCondition } from './condition.js';

const variables = {
  trace: { p99: 'number', count: 'number' },
  rate: 'number',
  level: 'text',
  isLate: 'truth',
} as const;
const options = { flag: '--assert', variables };
const values = { trace: { p99: 150.5, count: 4 }, rate: 10, level: 'error', isLate: false };

function refusal(text: string): AtbdError {
  try {
    compileCondition(text, options).holds(values);
  } catch (error) {
    if (error instanceof AtbdError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe('compileCondition', () => {
  it.each([
    ['trace.p99 < 200', true],
    ['trace.p99 < 150.5', false],
    ['trace.p99 * 2.0 > 300 && rate == 10', true],
    ['level in ["error", "fatal"] && !isLate', true],
    ['level == "warn" || trace.count >= rate', false],
    ['trace["p99"] > 100', true],
    ['rate != 10 || 4 != trace.count', false],
    ['10 == rate && rate != 10.5', true],
    ['rate / 0.0 > 1', true],
  ])('%s is %s', (text, expected) => {
    expect(compileCondition(text, options).holds(values)).toBe(expected);
  });

  it('holds of no number that is not known', () => {
    const unknown = { ...values, rate: NaN };
    for (const text of ['rate < 5', 'rate >= 5', 'rate == rate']) {
      expect(compileCondition(text, options).holds(unknown), text).toBe(false);
    }
  });

  it.each([
    ['trace.p99 < 200', ['trace.p99']],
    [
      'rate > 1 && (trace["count"] < rate || level.startsWith("e"))',
      ['rate', 'trace.count', 'level'],
    ],
    ['[1.0, rate].exists(each, each > trace.p99)', ['rate', 'trace.p99']],
    ['true', []],
  ])('knows the names in %s', (text, names) => {
    expect(compileCondition(text, options).names).toEqual(names);
  });

  it.each([
    [
      'trace.p9 < 200',
      'unknown name trace.p9 at character 7',
      'Did you mean trace.p99? Known names: trace.p99, trace.count, rate, level, isLate.',
    ],
    ['rat < 200', 'unknown name rat at character 1', 'Did you mean rate? Known names:'],
    ['rate > 1 && nonsense', 'unknown name nonsense at character 13', 'Known names:'],
    ['rate <', 'unexpected token: EOF at character 7', 'Write a condition in CEL'],
    ['', 'unexpected token: EOF at character 1', 'Write a condition in CEL'],
    ['level == "warn', 'unterminated string at character 10', 'Write a condition in CEL'],
    [
      'rate * 2 > 3',
      'no such overload: double * int at character 1',
      'numbers to calculate with have a point (2.0)',
    ],
    [
      'level > 3',
      'no such overload: string > int at character 1',
      'Both sides must be of one kind',
    ],
    [
      'near(rate)',
      "found no matching overload for 'near(double)' at character 1",
      'Write a condition in CEL',
    ],
    ['1 / 0 == 1', 'division by zero at character 1', 'Write a condition in CEL'],
    [
      'level.matches("[")',
      'invalid regular expression: [ at character',
      'Write a condition in CEL',
    ],
  ])('refuses %j and says where', (text, what, hint) => {
    const error = refusal(text);
    expect(error.message).toContain(
      `cannot read --assert ${JSON.stringify(text)}: ${what}`.replace(/\\"/g, '"'),
    );
    expect(error.hint).toContain(hint);
    expect(error.exitCode).toBe(2);
  });

  it.each([
    ['trace', 'a group of values'],
    ['trace.p99', 'double'],
    ['level', 'string'],
  ])('refuses %j, which is no condition', (text, type) => {
    expect(refusal(text).message).toBe(
      `cannot use --assert "${text}": it is neither true nor false (its type is ${type})`,
    );
  });

  it.each([
    ['too long a text', `rate > ${'1'.repeat(10_000)}`],
    ['too deep a text', `${'('.repeat(200)}rate > 1${')'.repeat(200)}`],
    ['too many parts', Array.from({ length: 3_000 }, () => 'rate > 1').join('||')],
  ])('refuses %s', (_title, text) => {
    expect(refusal(text).code).toBe('USAGE_INVALID');
  });

  it('answers any text with a condition or a refusal', () => {
    const pieces = fc.constantFrom(
      'rate',
      'trace',
      '.p99',
      '<',
      '==',
      '1',
      '"',
      '(',
      ')',
      '[',
      '&&',
      '!',
      ' ',
      'é',
      '\\',
      '?',
      ':',
      '{',
    );
    const texts = fc.array(pieces).map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(texts, fc.string()), (text) => {
        try {
          compileCondition(text, options).holds(values);
        } catch (error) {
          expect(error).toBeInstanceOf(AtbdError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
