import { z } from 'zod';
import {
  firstDetails,
  within,
  type Expectation,
  type ExpectationContext,
  type Verdict,
} from './expectation.js';
import { askInStory, questionSettings, type StoryQuestion } from './question.js';

/** Kinds of anomaly that accuse somebody; a series accuses nobody. */
const ACCUSING = ['multitude', 'refunds'];

const who = z.union([z.literal('guilty'), z.literal('nobody')], {
  error: 'must be guilty, or nobody',
});

/** Whom `atbd query anomalies` accuses. */
export const anomalies = z
  .strictObject({
    kind: z.literal('anomalies'),
    ...questionSettings,
    who: who.describe(
      'guilty: every user whom the simulation made misbehave, and no other. nobody: no user at all.',
    ),
    within,
  })
  .describe('The users whom `query anomalies` accuses of multitudes and of buying to be paid back.')
  .transform(({ kind, who: expected, ...spec }): Expectation => ({
    kind,
    title: `anomalies accuse ${expected === 'guilty' ? 'the guilty and nobody else' : 'nobody'}`,
    withinMs: spec.within,
    check: (context) => checkAccused({ ...spec, of: 'anomalies', by: [] }, expected, context),
  }));

/** An anomaly names a user as `user u-1`, and a session likewise. */
function userOf(who: string): string {
  return who.replace(/^user /u, '');
}

async function checkAccused(
  question: StoryQuestion,
  expected: z.output<typeof who>,
  context: ExpectationContext,
): Promise<Verdict> {
  const { answer, command } = await askInStory(question, context);
  const rows = answer.rows.filter(({ kind }) => ACCUSING.includes(kind as string));
  const accused = new Set(rows.map((row) => userOf(row['who'] as string)));
  const guilty = new Set(expected === 'guilty' ? context.truth.guilty : []);
  const missed = [...guilty].filter((user) => !accused.has(user)).toSorted();
  const innocent = [...accused].filter((user) => !guilty.has(user)).toSorted();
  return {
    isMet: missed.length === 0 && innocent.length === 0,
    expected: `${guilty.size} accused`,
    seen: `${accused.size} accused, ${innocent.length} of them wrongly, ${missed.length} missed`,
    command,
    details: firstDetails([
      ...missed.map((user) => `not accused: ${user}`),
      ...innocent.map((user) => `accused wrongly: ${user}`),
    ]),
    figures: { missed: missed.length, accusedWrongly: innocent.length },
  };
}
