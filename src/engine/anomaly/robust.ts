/** The middle of values: half of them are at most so large. NaN of none. */
export function median(values: readonly number[]): number {
  return middleOf(values.toSorted((a, b) => a - b));
}

/** How far values lie from their middle, and where that is: neither is moved by what is far out, up to half of all. */
export interface Spread {
  readonly median: number;
  /** Median of the distances from the median, scaled so that it is the standard deviation of a normal distribution. */
  readonly deviation: number;
}

/** Of a normal distribution the standard deviation is so many times the median absolute deviation. */
export const NORMAL_SCALE = 1.4826;

/** The median and the median absolute deviation (Hampel 1974). */
export function spreadOf(values: readonly number[]): Spread {
  const middle = median(values);
  return {
    median: middle,
    deviation: NORMAL_SCALE * median(values.map((value) => Math.abs(value - middle))),
  };
}

function middleOf(sorted: readonly number[]): number {
  const half = sorted.length / 2;
  const upper = sorted[Math.floor(half)] ?? NaN;
  if (sorted.length % 2 === 1) return upper;
  return ((sorted[half - 1] ?? NaN) + upper) / 2;
}
