import { z } from 'zod';
import { parseFilter } from '../../filter/filter.js';
import { AtbdError } from '../../model/error.js';
import type { Answer } from '../../model/question/answer.js';
import type { QuestionName } from '../../model/question/question-asked.js';
import { parseEvery } from '../../question/buckets.js';
import { parseDimensions, type Dimension } from '../../question/dimension.js';
import { formatDuration } from '../../time/format.js';
import { durationMs } from '../../time/time-schema.js';
import { rangeFlags, type ExpectationContext } from './expectation.js';
import { whereFlags, whereInput, whereSchema, type Where } from './where.js';

/** Reads a setting as its flag is read: what the flag refuses is an issue of the setting. */
function readAs<T>(read: (text: string) => T) {
  return (text: string, context: z.RefinementCtx): T => {
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof AtbdError)) throw error;
      context.addIssue({ code: 'custom', message: `${error.message}. ${error.hint}` });
      return z.NEVER;
    }
  };
}

/** What every expectation of a question's answer says of the question. */
export const questionSettings = {
  where: whereSchema.prefault({}),
  from: durationMs.prefault('0s').describe('Story time; 0s when left out.'),
  to: durationMs.optional().describe('Story time; the end of the load when left out.'),
  every: z
    .string()
    .transform(readAs((text) => ({ text, ms: parseEvery(text) })))
    .optional()
    .describe('Width of intervals, as --every takes it; the default of the command when left out.'),
};

/** Fields that split an answer. */
export const bySetting = z
  .array(z.string())
  .default([])
  .transform((names, context) =>
    names.length === 0 ? [] : readAs(parseDimensions)(names.join(','), context),
  );

/** A question of a story; times are milliseconds of story time. */
export interface StoryQuestion {
  readonly of: QuestionName;
  readonly by: readonly Dimension[];
  readonly where: Where;
  readonly from: number;
  readonly to?: number | undefined;
  /** Width of intervals. */
  readonly every?: { readonly text: string; readonly ms: number } | undefined;
}

/** `latency by provider --service payment, 30m00s to 45m00s`: enough to tell it from the same question of another time. */
export function titleOf({ of, by, where, from, to }: StoryQuestion): string {
  const split = by.length === 0 ? '' : ` by ${by.join(', ')}`;
  const filter = whereFlags(where);
  const at = (ms: number): string => formatDuration(BigInt(ms) * NS_PER_MS);
  const time = [
    ...(from === 0 ? [] : [`from ${at(from)}`]),
    ...(to === undefined ? [] : [`to ${at(to)}`]),
  ].join(' ');
  return `${of}${split}${filter === '' ? '' : ` ${filter}`}${time === '' ? '' : `, ${time}`}`;
}

const NS_PER_MS = 1_000_000n;

/** The answer, and the command that shows it to a person. */
export async function askInStory(
  { of, by, where, from, to, every }: StoryQuestion,
  { range: story, store, signal }: ExpectationContext,
): Promise<{ readonly answer: Answer; readonly command: string }> {
  const range = {
    fromMs: story.fromMs + from,
    toMs: to === undefined ? story.toMs : story.fromMs + to,
  };
  const filter = parseFilter(whereInput(where));
  const answer = await store.ask({ of, by, everyMs: every?.ms ?? null, filter, range }, signal);
  const flags = [
    ...(by.length === 0 ? [] : [`--by ${by.join(',')}`]),
    ...(every === undefined ? [] : [`--every ${every.text}`]),
    whereFlags(where),
    rangeFlags(range),
  ].filter((flag) => flag !== '');
  return { answer, command: `atbd query ${of} ${flags.join(' ')}` };
}
