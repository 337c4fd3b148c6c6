import { describe, expect, it } from 'vitest';
import { compileCondition } from '../expression/condition.js';
import type { Answer, AnswerRow } from '../model/question/answer.js';
import { assertionVariables, judgeAnswer } from './assertion.js';

const columns = [
  { name: 'time', kind: 'time', summary: '' },
  { name: 'service', kind: 'text', summary: '' },
  { name: 'failed', kind: 'count', summary: '' },
  { name: 'p99', kind: 'duration', summary: '' },
  { name: 'amounts', kind: 'money', summary: '' },
] as const;

function judge(text: string, rows: readonly AnswerRow[]) {
  const facts = [{ name: 'peak', kind: 'count', summary: '', value: 7 }] as const;
  const answer: Answer = {
    question: 'test',
    range: { fromNs: 0n, toNs: 1n },
    columns,
    rows,
    intervalsNs: [],
    facts,
    notes: [],
    source: 'events',
    missingShards: [],
  };
  const variables = assertionVariables([...facts, ...columns]);
  return judgeAnswer(compileCondition(text, { flag: '--assert', variables }), answer);
}

const rows = [
  { time: 0n, service: 'cart', failed: 0, p99: 12.5, amounts: {} },
  { time: 0n, service: 'payment', failed: 3, p99: null, amounts: {} },
];

describe('an assertion', () => {
  it.each([
    ['failed < 4', true],
    ['failed < 3', false],
    ['service != "refund" && rows == 2', true],
    ['peak >= 7', true],
    ['peak > 7', false],
    // What is not known makes a comparison false.
    ['p99 < 1000', false],
  ])('%s is %s', (text, isTrue) => {
    expect(judge(text, rows).isTrue).toBe(isTrue);
  });

  it('says for which rows it is false, and what it saw there', () => {
    expect(judge('failed == 0 || service == "cart"', rows)).toMatchObject({
      falseCount: 1,
      examples: [{ failed: 3, service: 'payment' }],
    });
  });

  it('compares nothing with an answer of no rows, but their number', () => {
    expect(judge('failed < 4', []).isTrue).toBe(false);
    expect(judge('rows == 0', []).isTrue).toBe(true);
  });

  it.each(['time', 'amounts'])('knows no %s, which is no single figure', (name) => {
    expect(() => judge(`${name} == 0`, rows)).toThrow(`unknown name ${name}`);
  });
});
