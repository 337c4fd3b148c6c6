import { spreadOf } from '../anomaly/robust.js';
import { robustLine, type Point } from './robust-line.js';

/** Load, and the users who were there; null: not known, or of an interval that is not whole. */
export interface LoadPoint {
  readonly users: number;
  readonly load: number | null;
}

/** What of a load its users explain. */
export interface LoadVerdict {
  /** null: there are too few intervals to say. */
  readonly expected: number | null;
  /** null where the load or what was to be expected is not known. */
  readonly isSuspicious: boolean | null;
}

/** Fewer intervals make no line. */
export const POINTS_MIN = 8;

/** Deviations from the line that are still usual: of a normal distribution 1 in 700 is above. */
const DEVIATIONS_USUAL = 3;

/**
 * Judges each load by the line through all of them. A load is suspicious when it is above the line by more than three times what
 * loads usually are (their median absolute deviation, scaled), and by more than `least` as well: without a minimum a machine
 * that is always equally busy would stand out by a hair.
 */
export function judgeLoad(
  points: readonly LoadPoint[],
  least: (loads: readonly number[]) => number,
): LoadVerdict[] {
  const known = points.flatMap(({ users, load }) => (load === null ? [] : [{ x: users, y: load }]));
  if (known.length < POINTS_MIN) return points.map(() => ({ expected: null, isSuspicious: null }));
  const line = robustLine(known);
  const expectedOf = (users: number): number => line.intercept + line.slope * users;
  const excessOf = ({ x, y }: Point): number => y - expectedOf(x);
  const usual = DEVIATIONS_USUAL * spreadOf(known.map(excessOf)).deviation;
  const most = Math.max(usual, least(known.map(({ y }) => y)));
  return points.map(({ users, load }) => ({
    expected: expectedOf(users),
    isSuspicious: load === null ? null : load - expectedOf(users) > most,
  }));
}
