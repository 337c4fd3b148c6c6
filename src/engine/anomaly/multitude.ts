import type { Anomaly } from './anomaly.js';
import { groupBy } from './group-by.js';
import { NORMAL_SCALE } from './robust.js';

/** How many actions of one operation somebody began within one window of time. */
export interface OperationCount {
  readonly operation: string;
  /** `user u-1` or `session s-1`. */
  readonly who: string;
  readonly windowMs: number;
  readonly actions: number;
}

/** How often each number of actions was seen: over everybody and all windows, none left out. */
export interface CountFrequency {
  readonly operation: string;
  readonly actions: number;
  readonly windows: number;
}

/** Fewer actions are no multitude, however rare they are. */
const ACTIONS_MIN = 12;

/**
 * Counts are skewed: most people do a thing once, some ten times. Their logarithms are not, so distances are measured there.
 * Four deviations of them are a factor of 7 at least (the smallest deviation that is taken for real is half an e).
 */
const SCORE_MIN = 4;
const LOG_DEVIATION_MIN = 0.5;

/** Those who did one thing far oftener than everybody else does: one anomaly for each run of windows. */
export function findMultitudes(
  largest: readonly OperationCount[],
  frequencies: readonly CountFrequency[],
  { windowMs }: { readonly windowMs: number },
): Anomaly[] {
  const usual = usualCounts(frequencies);
  const found = largest.flatMap((count) => {
    const logs = usual.get(count.operation);
    if (logs === undefined || count.actions < ACTIONS_MIN) return [];
    const deviation = Math.max(LOG_DEVIATION_MIN, logs.deviation);
    const score = (Math.log(count.actions) - logs.median) / deviation;
    if (score < SCORE_MIN) return [];
    return [
      {
        kind: 'multitude' as const,
        what: `${count.operation} actions`,
        who: count.who,
        fromMs: count.windowMs,
        toMs: count.windowMs + windowMs,
        seen: count.actions,
        expected: Math.exp(logs.median),
        score,
      },
    ];
  });
  return mergeAdjacent(found);
}

interface LogSpread {
  readonly median: number;
  readonly deviation: number;
}

function usualCounts(frequencies: readonly CountFrequency[]): Map<string, LogSpread> {
  const byOperation = groupBy(frequencies, ({ operation }) => operation);
  return new Map(
    [...byOperation].map(([operation, counts]) => {
      const weighted = counts.map(({ actions, windows }) => ({
        value: Math.log(actions),
        weight: windows,
      }));
      const middle = weightedMedian(weighted);
      const distances = weighted.map(({ value, weight }) => ({
        value: Math.abs(value - middle),
        weight,
      }));
      return [operation, { median: middle, deviation: NORMAL_SCALE * weightedMedian(distances) }];
    }),
  );
}

interface Weighted {
  readonly value: number;
  readonly weight: number;
}

/** The smallest value up to which half of all weight lies. */
function weightedMedian(items: readonly Weighted[]): number {
  const sorted = items.toSorted((a, b) => a.value - b.value);
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let sum = 0;
  for (const { value, weight } of sorted) {
    sum += weight;
    if (sum >= half) return value;
  }
  return NaN;
}

/** Windows that follow each other are one story: its sum, and the score of its worst window. */
export function mergeAdjacent(found: readonly Anomaly[]): Anomaly[] {
  const merged: Anomaly[] = [];
  const inOrder = found.toSorted(
    (a, b) => compareText(`${a.what}\0${a.who}`, `${b.what}\0${b.who}`) || a.fromMs - b.fromMs,
  );
  for (const next of inOrder) {
    const last = merged.at(-1);
    const isSame =
      last?.what === next.what &&
      last.who === next.who &&
      last.toMs === next.fromMs &&
      Math.sign(last.score) === Math.sign(next.score);
    if (!isSame) {
      merged.push(next);
      continue;
    }
    merged[merged.length - 1] = {
      ...last,
      toMs: next.toMs,
      seen: last.seen + next.seen,
      expected: last.expected + next.expected,
      score: Math.abs(next.score) > Math.abs(last.score) ? next.score : last.score,
    };
  }
  return merged;
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
