import type { Answer } from '../../../engine/model/question/answer.js';
import {
  assertionVariables,
  judgeAnswer,
  type AssertionVerdict,
} from '../../../engine/question/assertion.js';
import { AtbdError } from '../../../engine/model/error.js';
import { quoteValue, visibleText } from '../../../engine/model/visible-text.js';

/** Judges each `--assert`; rejects with ASSERTION_FAILED that says what was seen, or USAGE_INVALID for what is no condition. */
export async function checkAssertions(texts: readonly string[], answer: Answer): Promise<void> {
  const { compileCondition } = await import('../../../engine/expression/condition.js');
  const variables = assertionVariables([...answer.facts, ...answer.columns]);
  const conditions = texts.map((text) => compileCondition(text, { flag: '--assert', variables }));
  const failed = conditions
    .map((condition) => judgeAnswer(condition, answer))
    .filter(({ isTrue }) => !isTrue);
  if (failed.length === 0) return;
  throw new AtbdError({
    code: 'ASSERTION_FAILED',
    message: failed.map((verdict) => describe(verdict, answer.rows.length)).join('\n'),
    hint: 'The answer above is complete; the assertion is about its columns.',
  });
}

function describe({ text, falseCount, examples }: AssertionVerdict, rowCount: number): string {
  const where = rowCount > 1 ? ` in ${falseCount} of ${rowCount} rows` : '';
  const seen = examples.map((example) => {
    const parts = Object.entries(example).map(
      ([name, value]) => `${name} = ${visibleText(String(value))}`,
    );
    return `\n  ${parts.join(', ')}`;
  });
  return `${quoteValue(text)} is false${where}:${seen.join('')}`;
}
