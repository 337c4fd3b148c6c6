import type { Clock } from '../../model/clock.js';
import { AtbdError } from '../../model/error.js';
import type { Expectation, ExpectationContext, Verdict } from './expectation.js';
import type { ExpectationResult } from '../result/story-result.js';

/** Pause between two looks. */
const POLL_MS = 250;

/** Asks until it holds or its time is over; at least once, however late it is. */
export async function checkExpectation(
  expectation: Expectation,
  context: ExpectationContext,
  { clock, loadEndMs }: { readonly clock: Clock; readonly loadEndMs: number },
): Promise<ExpectationResult> {
  const { kind, title, withinMs } = expectation;
  for (;;) {
    const { figures = {}, details, ...verdict } = await lookOnce(expectation, context);
    const tookMs = clock.nowMs() - loadEndMs;
    if (verdict.isMet || tookMs >= withinMs)
      return { kind, title, ...verdict, details: [...details], figures, tookMs };
    await clock.sleep(POLL_MS, context.signal);
  }
}

/** A store that does not answer now is an answer too: not yet. */
async function lookOnce(expectation: Expectation, context: ExpectationContext): Promise<Verdict> {
  try {
    return await expectation.check(context);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof AtbdError)) throw error;
    return {
      isMet: false,
      expected: expectation.title,
      seen: error.message,
      command: 'atbd status',
      details: [error.hint],
    };
  }
}
