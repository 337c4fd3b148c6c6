import { z } from 'zod';
import type { AnswerRow } from '../../model/question/answer.js';
import type { ChainTotals } from '../load/story-load.js';
import { within, type Expectation, type ExpectationContext, type Verdict } from './expectation.js';
import { askInStory } from './question.js';
import { whereSchema } from './where.js';

/** How orders got paid, as `query retries` tells it, is what the simulation decided. */
export const retries = z
  .strictObject({ kind: z.literal('retries'), within })
  .describe(
    'Orders by how they got paid: at once, by retries, not at all, not decided; equal to the truth.',
  )
  .transform(({ within: withinMs }): Expectation => ({
    kind: 'retries',
    title: 'orders paid at once, recovered, failed and open equal the truth',
    withinMs,
    check: checkRetries,
  }));

async function checkRetries(context: ExpectationContext): Promise<Verdict> {
  const everything = { by: [], where: whereSchema.parse({}), from: 0 };
  const { answer, command } = await askInStory({ ...everything, of: 'retries' }, context);
  const { chains } = context.truth;
  const expected = chains === null ? 'a load that knows its orders' : wordsFor(chains);
  const seen = wordsFor(chainsOf(answer.rows[0] ?? {}));
  return { isMet: seen === expected, expected, seen, command, details: [] };
}

/** Nobody tries any more, or not yet again: the simulation tells these two not apart. */
function chainsOf(row: AnswerRow): ChainTotals {
  const count = (name: string): number => Number(row[name] ?? 0);
  return {
    ok_first: count('ok_first'),
    recovered: count('recovered'),
    failed: count('failed'),
    open: count('open') + count('abandoned'),
  };
}

function wordsFor({ ok_first: atOnce, recovered, failed, open }: ChainTotals): string {
  return `${atOnce} at once, ${recovered} recovered, ${failed} failed, ${open} open`;
}
