import {
  RESULT_VERSION,
  type ExpectationResult,
  type RunAnswer,
  type StoryResult,
} from '../result/story-result.js';

/** An expectation that held, changed as the test wants it. */
export function expectationResult(changed: Partial<ExpectationResult> = {}): ExpectationResult {
  return {
    kind: 'logs',
    title: 'logs --level error: 3',
    isMet: true,
    expected: '3',
    seen: '3',
    command: 'atbd query logs --level error',
    details: [],
    figures: {},
    tookMs: 1_500,
    ...changed,
  };
}

/** What became of a short story in which something was broken. */
export function storyResult(changed: Partial<StoryResult> = {}): StoryResult {
  const fromMs = Date.UTC(2026, 2, 2);
  return {
    version: RESULT_VERSION,
    story: {
      name: 'short',
      title: 'A short story',
      description: 'Little happens.',
      seed: 7,
      clock: 'virtual',
      shards: 3,
      queue: 'embedded',
      eventsPerSecond: 10,
      users: 5,
    },
    verdict: 'passed',
    startedAt: '2026-11-23T10:00:00.000Z',
    tookMs: 4_321,
    load: {
      fromMs,
      toMs: fromMs + 60_000,
      sent: 600,
      duplicated: 1,
      late: 2,
      outOfOrder: 3,
      dead: 4,
      sendMs: 2_000,
      settleMs: 300,
    },
    faults: [{ kind: 'fault', words: 'provider down', fromMs: 10_000, toMs: 20_000 }],
    chaos: [
      { kind: 'kill-worker', words: 'worker killed', atMs: 30_000, beganMs: 500, endedMs: 900 },
    ],
    samples: [0, 1, 2].map((index) => ({
      wallMs: index * 1_000,
      storyMs: index * 30_000,
      sent: index * 300,
      stored: index === 1 ? null : index * 300,
    })),
    observations: {
      stepMs: 20_000,
      steps: [0, 1, 2].map((index) => ({
        atMs: fromMs + index * 20_000,
        events: 200,
        errors: index,
        paymentsFailed: 0,
        requestP95Ms: index === 0 ? null : 80,
      })),
    },
    expectations: [expectationResult()],
    logFolder: null,
    ...changed,
  };
}

/** An answer of these stories. */
export function runAnswer(...results: readonly StoryResult[]): RunAnswer {
  const hasFailed = results.some(({ verdict }) => verdict === 'failed');
  return { verdict: hasFailed ? 'failed' : 'passed', results: [...results] };
}
