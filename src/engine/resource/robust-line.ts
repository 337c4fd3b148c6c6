import { median } from '../anomaly/robust.js';

/** A pair of numbers that may belong together. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** y = intercept + slope · x. */
export interface Line {
  readonly slope: number;
  readonly intercept: number;
}

/** Pairs of points that are looked at; more change nothing that is seen, and 10,000 points have fifty million. */
const PAIRS_MAX = 50_000;

/**
 * A line that never falls, through points of which up to 29 of 100 may lie anywhere: its slope is the median of the slopes of pairs
 * (Theil 1950, Sen 1968), and half of the points lie above it. Level where x tells nothing; NaN without points.
 */
export function robustLine(points: readonly Point[]): Line {
  const slopes = pairSlopes(points);
  const slope = slopes.length === 0 ? 0 : Math.max(0, median(slopes));
  return { slope, intercept: median(points.map(({ x, y }) => y - slope * x)) };
}

/** Of all pairs, or of so many that lie evenly among them. */
function pairSlopes(points: readonly Point[]): number[] {
  const pairCount = (points.length * (points.length - 1)) / 2;
  const step = Math.max(1, Math.ceil(pairCount / PAIRS_MAX));
  const slopes: number[] = [];
  let pair = 0;
  for (const [at, one] of points.entries()) {
    for (let other = at + 1; other < points.length; other += 1) {
      pair += 1;
      const two = points[other];
      if (pair % step !== 0 || two === undefined || two.x === one.x) continue;
      slopes.push((two.y - one.y) / (two.x - one.x));
    }
  }
  return slopes;
}

/** Pearson's coefficient, -1 to 1; null where it is not defined: less than three points, or one of the two never changes. */
export function correlation(points: readonly Point[]): number | null {
  if (points.length < 3) return null;
  const mean = (pick: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const x = mean((point) => point.x);
  const y = mean((point) => point.y);
  const product = mean((point) => (point.x - x) * (point.y - y));
  const spread = Math.sqrt(
    mean((point) => (point.x - x) ** 2) * mean((point) => (point.y - y) ** 2),
  );
  return spread === 0 ? null : product / spread;
}
