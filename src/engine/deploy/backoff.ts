/** Waits between attempts: doubling from first to longest. */
export interface BackoffSpec {
  readonly firstMs: number;
  readonly longestMs: number;
  /** A part that was ready for this long has recovered: its next failure counts as the first. */
  readonly stableMs: number;
}

/** Quick for a hiccup, calm for a part that cannot start at all. */
export const DEFAULT_BACKOFF: BackoffSpec = { firstMs: 250, longestMs: 30_000, stableMs: 60_000 };

/** How long to wait after so many failures in a row (1 is the first). */
export function backoffMs(spec: BackoffSpec, failuresInRow: number): number {
  return Math.min(spec.longestMs, spec.firstMs * 2 ** Math.max(0, failuresInRow - 1));
}
