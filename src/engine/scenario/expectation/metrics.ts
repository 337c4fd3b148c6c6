import { z } from 'zod';
import { compileCondition } from '../../expression/condition.js';
import { parseFilter } from '../../filter/filter.js';
import { AtbdError } from '../../model/error.js';
import { FIGURE_NAMES } from '../../model/question/figures.js';
import { assertionVariables, judgeAnswer } from '../../question/assertion.js';
import { parseDimensions } from '../../question/dimension.js';
import { durationMs } from '../../time/time-schema.js';
import {
  firstDetails,
  rangeFlags,
  within,
  type Expectation,
  type ExpectationContext,
  type Verdict,
} from './expectation.js';
import { whereFlags, whereInput, whereSchema } from './where.js';

const by = z
  .array(z.string())
  .default([])
  .transform((names, context) => {
    try {
      return names.length === 0 ? [] : parseDimensions(names.join(','));
    } catch (error) {
      if (!(error instanceof AtbdError)) throw error;
      context.addIssue({ code: 'custom', message: `${error.message}. ${error.hint}` });
      return z.NEVER;
    }
  });

const schema = z.strictObject({
  kind: z.literal('metrics'),
  of: z.enum(FIGURE_NAMES, { error: `must be one of ${FIGURE_NAMES.join(', ')}` }),
  by: by.describe('Fields that split the answer; the condition must hold in every row.'),
  where: whereSchema.prefault({}),
  from: durationMs.prefault('0s').describe('Story time; 0s when left out.'),
  to: durationMs.optional().describe('Story time; the end of the load when left out.'),
  assert: z.string().min(1).describe('CEL over the columns of the answer, as --assert takes it.'),
  within,
});

/** Figures as `atbd query` gives them, and a condition that holds for every row. */
export const metrics = schema
  .describe('Figures of a question, such as transactions, and a condition on them.')
  .transform((spec): Expectation => {
    const split = spec.by.length === 0 ? '' : ` by ${spec.by.join(', ')}`;
    return {
      kind: 'metrics',
      title: `${spec.of}${split}: ${spec.assert}`,
      withinMs: spec.within,
      check: (context) => checkMetrics(spec, context),
    };
  });

async function checkMetrics(
  spec: z.output<typeof schema>,
  context: ExpectationContext,
): Promise<Verdict> {
  const { fromMs, toMs } = context.range;
  const range = {
    fromMs: fromMs + spec.from,
    toMs: spec.to === undefined ? toMs : fromMs + spec.to,
  };
  const filter = parseFilter(whereInput(spec.where));
  const answer = await context.store.readFigures(
    { of: spec.of, by: spec.by, filter, range },
    context.signal,
  );
  const variables = assertionVariables(answer.columns);
  const condition = compileCondition(spec.assert, { flag: 'assert', variables });
  const { isTrue, falseCount, examples } = judgeAnswer(condition, answer);
  const seen = examples.map((example) =>
    Object.entries(example)
      .map(([name, value]) => `${name} = ${String(value)}`)
      .join(', '),
  );
  const flags = [
    ...(spec.by.length === 0 ? [] : [`--by ${spec.by.join(',')}`]),
    whereFlags(spec.where),
    rangeFlags(range),
  ].filter((flag) => flag !== '');
  return {
    isMet: isTrue,
    expected: spec.assert,
    seen: isTrue
      ? `true for ${answer.rows.length} rows`
      : `false for ${falseCount}: ${seen[0] ?? ''}`,
    command: `atbd query ${spec.of} ${flags.join(' ')}`,
    details: firstDetails(seen),
  };
}
