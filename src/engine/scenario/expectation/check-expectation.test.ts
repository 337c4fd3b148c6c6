import { describe, expect, it } from 'vitest';
import { AtbdError } from '../../model/error.js';
import { checkExpectation } from './check-expectation.js';
import type { Expectation, ExpectationContext, Verdict } from './expectation.js';
import { JumpingClock } from '../../testing/jumping-clock.js';

/** The context is not looked at by what is asked here, but for its signal. */
function contextWith(signal: AbortSignal): ExpectationContext {
  return { signal } as ExpectationContext;
}

const CONTEXT = contextWith(new AbortController().signal);

/** Holds from the `met`-th look on; each look before says what it has seen. */
function holdsAtLook(met: number, more: Partial<Expectation> = {}) {
  let looks = 0;
  const verdict = (isMet: boolean): Verdict => ({
    isMet,
    expected: 'all',
    seen: `look ${looks}`,
    command: 'atbd verify',
    details: [],
  });
  const expectation: Expectation = {
    kind: 'ingest',
    title: 'all is there',
    withinMs: 1_000,
    check: () => {
      looks += 1;
      return Promise.resolve(verdict(looks >= met));
    },
    ...more,
  };
  return { expectation, looks: () => looks };
}

describe('an expectation', () => {
  it('is asked again until it holds', async () => {
    const { expectation, looks } = holdsAtLook(3);
    const clock = new JumpingClock(50_000);
    const result = await checkExpectation(expectation, CONTEXT, { clock, loadEndMs: 50_000 });
    expect(result).toMatchObject({ isMet: true, seen: 'look 3', tookMs: 500 });
    expect(looks()).toBe(3);
  });

  it('is given up when its time is over, with what was seen last', async () => {
    const { expectation } = holdsAtLook(100);
    const clock = new JumpingClock(50_000);
    const result = await checkExpectation(expectation, CONTEXT, { clock, loadEndMs: 50_000 });
    expect(result).toMatchObject({ isMet: false, seen: 'look 5', tookMs: 1_000 });
  });

  it('is asked once when its time was over before', async () => {
    const { expectation, looks } = holdsAtLook(1);
    const clock = new JumpingClock(90_000);
    const result = await checkExpectation(expectation, CONTEXT, { clock, loadEndMs: 50_000 });
    expect(result).toMatchObject({ isMet: true, tookMs: 40_000 });
    expect(looks()).toBe(1);
  });

  it('does not hold while the store does not answer, and says why', async () => {
    const error = new AtbdError({
      code: 'CLICKHOUSE_UNREACHABLE',
      message: 'cannot ask counts: shard 1 does not answer',
      hint: 'See whether the shards are up: atbd status',
    });
    const { expectation } = holdsAtLook(1, { check: () => Promise.reject(error) });
    const clock = new JumpingClock(0);
    const result = await checkExpectation(expectation, CONTEXT, { clock, loadEndMs: 0 });
    expect(result).toMatchObject({
      isMet: false,
      expected: 'all is there',
      seen: 'cannot ask counts: shard 1 does not answer',
      command: 'atbd status',
    });
  });

  it('does not hide a bug', async () => {
    const { expectation } = holdsAtLook(1, { check: () => Promise.reject(new Error('BUG')) });
    const options = { clock: new JumpingClock(0), loadEndMs: 0 };
    await expect(checkExpectation(expectation, CONTEXT, options)).rejects.toThrow('BUG');
  });

  it('ends at Ctrl-C, also while the store does not answer', async () => {
    const controller = new AbortController();
    const { expectation } = holdsAtLook(9, {
      check: () => {
        controller.abort(new Error('stopped'));
        return Promise.reject(
          new AtbdError({ code: 'CLICKHOUSE_UNREACHABLE', message: 'cannot', hint: '' }),
        );
      },
    });
    const options = { clock: new JumpingClock(0), loadEndMs: 0 };
    const context = contextWith(controller.signal);
    await expect(checkExpectation(expectation, context, options)).rejects.toThrow('stopped');
  });
});
