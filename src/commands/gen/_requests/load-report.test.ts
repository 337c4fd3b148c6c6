import { describe, expect, it } from 'vitest';
import { compileCondition } from '../../../engine/expression/condition.js';
import type { LaneSummary } from '../../../engine/load/lane.js';
import type { MeasureSummary } from '../../../engine/load/measure.js';
import { describeMoment } from './load-progress.js';
import { ASSERT_VARIABLES, judge, type Figures } from './load-report.js';
import { renderLoad } from './render-load.js';

const lane = (change: Partial<LaneSummary> = {}): LaneSummary => ({
  ...{ planned: 0, done: 0, failed: 0, unfinished: 0, late: 0, lateMax: 0, rateWanted: 0, rate: 0 },
  ...change,
});
const unmeasured: MeasureSummary = {
  ...{ count: 0, errors: 0, errorsByCode: {}, unfinished: 0 },
  ...{ p50: null, p90: null, p99: null, max: null },
};
const measured = (change: Partial<MeasureSummary> = {}): MeasureSummary => ({
  ...unmeasured,
  ...{ count: 1_000, p50: 1.234, p90: 56.7, p99: 150.5, max: 1_234.5 },
  ...change,
});

const figures: Figures = {
  isComplete: true,
  seconds: 30.2,
  events: lane({ planned: 300_000, done: 300_000, rateWanted: 10_000, rate: 9_987.4 }),
  selects: lane({
    planned: 600,
    done: 598,
    failed: 2,
    late: 31,
    lateMax: 412.7,
    rateWanted: 20,
    rate: 19.9,
  }),
  probes: lane(),
  produce: measured(),
  trace: measured({ errors: 2, errorsByCode: { TIMEOUT: { count: 2, first: 'slow\u001b[31m' } } }),
  logs: unmeasured,
  tail: unmeasured,
  figures: unmeasured,
  freshness: unmeasured,
};

const judged = (text: string, change: Partial<Figures> = {}) =>
  judge([compileCondition(text, { flag: '--assert', variables: ASSERT_VARIABLES })], {
    ...figures,
    ...change,
  })[0];

describe('judge', () => {
  it.each([
    ['trace.p99 < 200', true, { 'trace.p99': 150.5 }],
    ['trace.p99 < 150 || selects.failed == 0', false, { 'trace.p99': 150.5, 'selects.failed': 2 }],
    [
      'events.rate > events.rateWanted * 0.99',
      true,
      { 'events.rate': 9_987.4, 'events.rateWanted': 10_000 },
    ],
    ['trace.errors + selects.late < 50.0', true, { 'trace.errors': 2, 'selects.late': 31 }],
  ])('%s is %s', (text, isTrue, seen) => {
    expect(judged(text)).toEqual({ text, isTrue, seen });
  });

  it('holds nothing of what was not measured', () => {
    for (const text of ['freshness.p99 < 2000', 'freshness.p99 >= 2000']) {
      expect(judged(text)).toEqual({ text, isTrue: false, seen: { 'freshness.p99': null } });
    }
  });

  it('does not judge a run that was cut short', () => {
    expect(judged('trace.p99 < 200', { isComplete: false })?.isTrue).toBeNull();
  });
});

describe('renderLoad', () => {
  it('shows rates, latencies, failures and judgements, and leaves out what was not asked', () => {
    const asserts = [judged('trace.p99 < 200')!, judged('logs.p99 < 9')!];
    expect(renderLoad({ ...figures, asserts }, undefined)).toMatchInlineSnapshot(`
      "         wanted/s  reached/s  planned     done  failed  unfinished                    late
      events     10,000      9,987  300,000  300,000       0           0                       0
      selects      20.0       19.9      600      598       2           0  31 (by 413 ms at most)

      latency                            p50    p90     p99       max  count  errors
      produce (on disk in the queue)  1.2 ms  57 ms  151 ms  1,235 ms  1,000       0
      trace of a recent id            1.2 ms  57 ms  151 ms  1,235 ms  1,000       2

      trace failed 2 times with TIMEOUT; first: slow␛[31m

      assert trace.p99 < 200: true (seen: trace.p99 = 150.5)
      assert logs.p99 < 9: FALSE (seen: logs.p99 = not measured)
      "
    `);
  });
});

describe('describeMoment', () => {
  const before: Figures = {
    ...figures,
    seconds: 29.2,
    events: lane({ planned: 290_000, done: 290_100 }),
    selects: lane({ planned: 580, done: 579 }),
  };

  it('gives the rates since the look before', () => {
    expect(describeMoment(figures, before, 60)).toBe(
      '30 of 60 s · 9,900 events/s of 10,000 · 19 selects/s of 20 · trace p99 151 ms · 2 failed · 31 late',
    );
  });

  it('says when only answers are awaited', () => {
    expect(describeMoment(figures, before, 30)).toMatch(/^waiting for the last answers · /);
  });
});
