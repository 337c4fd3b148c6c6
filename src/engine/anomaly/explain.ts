/** How often a value stands in events that went wrong, and in all that could have. */
export interface ValueCounts {
  /** A field, or `source` for file:line. */
  readonly field: string;
  readonly value: string;
  readonly bad: number;
  readonly all: number;
}

/** Of one field: events that have a value in it. */
export interface FieldTotals {
  readonly field: string;
  readonly bad: number;
  readonly all: number;
}

export interface Explanation {
  readonly field: string;
  readonly value: string;
  readonly bad: number;
  /** Share of what went wrong that has this value (support). */
  readonly share: number;
  /** How many times oftener what has this value goes wrong than what has another one. */
  readonly lift: number;
}

/** A value that is in hardly anything that went wrong explains nothing. */
const SHARE_MIN = 0.05;
const BAD_MIN = 3;

/** What goes wrong not even twice as often as the rest explains nothing either. */
const LIFT_MIN = 2;

/** What is over-represented in what went wrong, the strongest first: by share times the logarithm of the lift. */
export function explain(
  values: readonly ValueCounts[],
  totals: readonly FieldTotals[],
): Explanation[] {
  const byField = new Map(totals.map((total) => [total.field, total]));
  const weight = ({ share, lift }: Explanation): number => share * Math.log2(lift);
  return values
    .flatMap(({ field, value, bad, all }): Explanation[] => {
      const total = byField.get(field);
      if (total === undefined || total.bad === 0 || all === 0) return [];
      const share = bad / total.bad;
      const lift = bad / all / rateOfRest({ bad, all }, total);
      const isTelling = bad >= BAD_MIN && share >= SHARE_MIN && lift >= LIFT_MIN;
      return isTelling ? [{ field, value, bad, share, lift }] : [];
    })
    .toSorted(
      (a, b) =>
        weight(b) - weight(a) || (`${a.field}\0${a.value}` < `${b.field}\0${b.value}` ? -1 : 1),
    );
}

interface Counts {
  readonly bad: number;
  readonly all: number;
}

/**
 * How often things with other values go wrong. Not how often all do: what fails is tried again, so that a provider that is down
 * makes up most of all attempts and would hide itself. One wrong thing more is counted, so that a rest in which nothing goes wrong
 * can be compared with, and a value that is everywhere explains nothing.
 */
function rateOfRest(own: Counts, total: Counts): number {
  return (total.bad - own.bad + 1) / (total.all - own.all + 1);
}
