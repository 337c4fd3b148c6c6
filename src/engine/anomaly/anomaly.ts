/** Something that is not as it usually is. */
export interface Anomaly {
  readonly kind: 'multitude' | 'refunds' | 'series';
  /** What is out of the ordinary, such as `buy actions in 5 minutes` or `errors`. */
  readonly what: string;
  /** Whose: a user, a session, a service, a provider; empty: everybody's. */
  readonly who: string;
  /** Event time, [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
  readonly seen: number;
  /** What would have been usual. */
  readonly expected: number;
  /** How far from usual, in robust standard deviations; negative: too little. */
  readonly score: number;
}

/** The farthest from usual first; ties in an order that does not depend on how they were found. */
export function byScore(a: Anomaly, b: Anomaly): number {
  const keyOf = ({ kind, what, who, fromMs }: Anomaly): string =>
    [kind, what, who, String(fromMs).padStart(16, '0')].join('\0');
  return Math.abs(b.score) - Math.abs(a.score) || (keyOf(a) < keyOf(b) ? -1 : 1);
}
