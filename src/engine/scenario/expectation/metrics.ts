import { z } from 'zod';
import { compileCondition } from '../../expression/condition.js';
import { QUESTION_NAMES } from '../../model/question/question-asked.js';
import { assertionVariables, judgeAnswer } from '../../question/assertion.js';
import {
  firstDetails,
  within,
  type Expectation,
  type ExpectationContext,
  type Verdict,
} from './expectation.js';
import {
  askInStory,
  bySetting,
  questionSettings,
  titleOf,
  type StoryQuestion,
} from './question.js';

/** Users and anomalies are kinds of their own. */
const OF = QUESTION_NAMES.filter((name) => name !== 'users' && name !== 'anomalies');

const assert = z
  .string()
  .min(1)
  .describe('CEL over the columns of the answer, as --assert takes it; it must hold in every row.');

/** Figures as `atbd query` gives them, and a condition that holds for every row. */
export const metrics = z
  .strictObject({
    kind: z.literal('metrics'),
    of: z.enum(OF, { error: `must be one of ${OF.join(', ')}` }),
    by: bySetting.describe('Fields that split the answer; the condition must hold in every row.'),
    ...questionSettings,
    assert,
    within,
  })
  .describe('Figures of a question, such as transactions, and a condition on them.')
  .transform(({ kind, ...spec }) => expectAnswer(kind, spec));

/** Users at the same time as `atbd query users` gives them, and a condition that holds for every row. */
export const users = z
  .strictObject({ kind: z.literal('users'), ...questionSettings, assert, within })
  .describe('Users at the same time, viewing and buying, and a condition on them.')
  .transform(({ kind, ...spec }) => expectAnswer(kind, { ...spec, of: 'users', by: [] }));

interface AssertedQuestion extends StoryQuestion {
  readonly assert: string;
  readonly within: number;
}

function expectAnswer(kind: string, spec: AssertedQuestion): Expectation {
  return {
    kind,
    title: `${titleOf(spec)}: ${spec.assert}`,
    withinMs: spec.within,
    check: (context) => checkAnswer(spec, context),
  };
}

async function checkAnswer(spec: AssertedQuestion, context: ExpectationContext): Promise<Verdict> {
  const { answer, command } = await askInStory(spec, context);
  const variables = assertionVariables([...answer.facts, ...answer.columns]);
  const condition = compileCondition(spec.assert, { flag: 'assert', variables });
  const { isTrue, falseCount, examples } = judgeAnswer(condition, answer);
  const seen = examples.map((example) =>
    Object.entries(example)
      .map(([name, value]) => `${name} = ${String(value)}`)
      .join(', '),
  );
  return {
    isMet: isTrue,
    expected: spec.assert,
    seen: isTrue
      ? `true for ${answer.rows.length} rows`
      : `false for ${falseCount}: ${seen[0] ?? ''}`,
    command,
    details: firstDetails(seen),
  };
}
