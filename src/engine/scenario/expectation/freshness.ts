import { z } from 'zod';
import { durationMs } from '../../time/time-schema.js';
import { within, type Expectation, type ExpectationContext, type Verdict } from './expectation.js';

/** Records can be seen soon after they were produced. */
export const freshness = z
  .strictObject({
    kind: z.literal('freshness'),
    p99: durationMs.describe('99 of 100 records were visible so soon after they were produced.'),
    within,
  })
  .describe('How soon a produced record is visible to a question; only with `clock: real`.')
  .transform(({ p99, within: withinMs }): Expectation => ({
    kind: 'freshness',
    title: `p99 from produced to visible is under ${p99 / 1000} s`,
    withinMs,
    check: (context) => checkFreshness(p99, context),
  }));

async function checkFreshness(p99MsMax: number, context: ExpectationContext): Promise<Verdict> {
  const measured = await context.freshness();
  const common = { expected: `p99 < ${p99MsMax} ms`, command: 'atbd status', details: [] };
  if (measured === null || measured.count === 0)
    return { ...common, isMet: false, seen: 'no record was seen' };
  const { count, p50Ms, p99Ms, maxMs } = measured;
  return {
    ...common,
    isMet: p99Ms < p99MsMax,
    seen: `p50 ${p50Ms} ms, p99 ${p99Ms} ms, max ${maxMs} ms of ${count} records`,
    figures: { freshnessP50Ms: p50Ms, freshnessP99Ms: p99Ms },
  };
}
