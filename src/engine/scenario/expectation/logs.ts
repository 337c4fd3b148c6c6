import { z } from 'zod';
import { parseFilter } from '../../filter/filter.js';
import type { StoryTruth } from '../load/story-load.js';
import {
  countOrTruth,
  rangeFlags,
  within,
  type Expectation,
  type ExpectationContext,
  type Verdict,
} from './expectation.js';
import { whereFlags, whereInput, whereSchema, type Where } from './where.js';

const rangeSchema = z
  .strictObject({ min: z.int().min(0).optional(), max: z.int().min(0).optional() })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'needs min or max');

/** How many logs a filter finds: as many as the truth says, a number, or a range. */
export const logs = z
  .strictObject({
    kind: z.literal('logs'),
    where: whereSchema,
    count: z.union([countOrTruth, rangeSchema], {
      error: 'must be truth, a number, or min and max',
    }),
    within,
  })
  .describe('The number of events that a filter finds.')
  .refine(({ where, count }) => count !== 'truth' || truthKey(where) !== undefined, {
    path: ['count'],
    message:
      'cannot be truth here: the truth counts by one of type, service or level, and by type with fields: [status=…]. Give min and max.',
  })
  .transform(({ where, count, within: withinMs }): Expectation => ({
    kind: 'logs',
    title: `logs ${whereFlags(where)}: ${wordsFor(count)}`,
    withinMs,
    check: (context) => checkLogs(where, count, context),
  }));

type Count = number | 'truth' | z.output<typeof rangeSchema>;

async function checkLogs(
  where: Where,
  count: Count,
  context: ExpectationContext,
): Promise<Verdict> {
  const seen = await context.store.countWhere(parseFilter(whereInput(where)), context.signal);
  const { min = 0, max = Infinity } =
    typeof count === 'object'
      ? count
      : exactly(count === 'truth' ? truthCount(where, context.truth) : count);
  return {
    isMet: seen >= min && seen <= max,
    expected:
      min === max ? String(min) : wordsFor({ min, max: max === Infinity ? undefined : max }),
    seen: String(seen),
    command: `atbd query logs ${whereFlags(where)} ${rangeFlags(context.range)}`,
    details: [],
  };
}

function exactly(count: number): { readonly min: number; readonly max: number } {
  return { min: count, max: count };
}

function wordsFor(count: Count): string {
  if (count === 'truth') return 'as many as the truth says';
  if (typeof count === 'number') return String(count);
  const { min, max } = count;
  if (min === undefined || min === 0) return `at most ${String(max)}`;
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}

/** What of the truth the filter asks for; undefined when the truth does not count that. */
function truthKey(
  where: Where,
):
  | { readonly by: 'byType' | 'byService' | 'byLevel' | 'byTypeAndStatus'; readonly key: string }
  | undefined {
  const { words, source, fields, type, service, level } = where;
  if (words !== undefined || source !== undefined) return undefined;
  const given = [type, service, level].filter((value) => value !== undefined);
  if (given.length !== 1 || given[0]?.includes(',') === true) return undefined;
  const status = /^status=(?<status>[\w-]+)$/u.exec(fields[0] ?? '')?.groups?.['status'];
  if (type !== undefined && fields.length === 1 && status !== undefined)
    return { by: 'byTypeAndStatus', key: `${type} ${status}` };
  if (fields.length > 0) return undefined;
  if (type !== undefined) return { by: 'byType', key: type };
  if (service !== undefined) return { by: 'byService', key: service };
  return level === undefined || level.endsWith('+') ? undefined : { by: 'byLevel', key: level };
}

function truthCount(where: Where, { sent }: StoryTruth): number {
  const asked = truthKey(where);
  if (asked === undefined) throw new Error('BUG: the schema lets only pass what the truth counts');
  return sent[asked.by].get(asked.key) ?? 0;
}
