import { expect, it } from 'vitest';
import { findWorse } from './compare-results.js';
import { expectationResult, runAnswer, storyResult } from '../testing/story-result.js';

const base = storyResult();
const withSettle = (settleMs: number | null) => storyResult({ load: { ...base.load, settleMs } });
const withFreshness = (freshnessP99Ms: number) =>
  storyResult({ expectations: [expectationResult({ figures: { freshnessP99Ms } })] });
const broken = storyResult({
  verdict: 'failed',
  expectations: [expectationResult({ isMet: false, seen: '2' })],
});

it.each([
  ['the same', [base], [base], []],
  ['a little slower', [withSettle(1_000)], [withSettle(1_200)], []],
  ['slower by a moment', [withSettle(10)], [withSettle(90)], []],
  [
    'much slower',
    [withSettle(1_000)],
    [withSettle(1_300)],
    ['short: settleMs 1000 → 1300 (+30 %)'],
  ],
  ['faster', [withSettle(1_300)], [withSettle(1_000)], []],
  ['slow in one of two rounds', [withSettle(1_000)], [withSettle(9_000), withSettle(1_000)], []],
  [
    'less fresh',
    [withFreshness(500)],
    [withFreshness(2_000)],
    ['short: freshnessP99Ms 500 → 2000 (+300 %)'],
  ],
  [
    'an expectation that held',
    [base],
    [base, broken],
    ['short: "logs --level error: 3" held, and now does not: 2'],
  ],
  ['an expectation that never held', [broken], [broken], []],
  ['a story that is new', [storyResult({ story: { ...base.story, name: 'other' } })], [broken], []],
])('names what got worse: %s', (_what, before, now, worse) => {
  expect(findWorse(runAnswer(...now), runAnswer(...before))).toEqual(worse);
});
