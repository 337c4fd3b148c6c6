import { groupBy } from './group-by.js';
import type { Anomaly } from './anomaly.js';
import { mergeAdjacent } from './multitude.js';
import { spreadOf } from './robust.js';

/** A figure over time: `values[i]` belongs to `startsMs[i]`, the history first. */
export interface Series {
  /** What is counted, such as `errors`. */
  readonly what: string;
  /** Whose, such as `payment`; empty: everybody's. */
  readonly who: string;
  /** `count`: of things that happen by chance; `measure`: of anything else, such as milliseconds. */
  readonly kind: 'count' | 'measure';
  /** null: nothing was measured. */
  readonly values: readonly (number | null)[];
}

export interface SeasonOptions {
  /** Starts of the intervals, ascending, evenly spaced. */
  readonly startsMs: readonly number[];
  readonly everyMs: number;
  /** Intervals from here on are judged; those before are history. */
  readonly judgedFromMs: number;
  /** Milliseconds that local clocks are ahead of UTC at a moment: seasons follow people's days. */
  readonly offsetMsAt: (utcMs: number) => number;
}

export interface SeasonVerdict {
  readonly anomalies: readonly Anomaly[];
  /** Series that have too little history for any of the intervals in which they were measured. */
  readonly warmingUp: number;
}

const HOUR_MS = 3_600_000;
const HOURS_A_DAY = 24;
const HOURS_A_WEEK = 7 * HOURS_A_DAY;

/** Earlier days or weeks that must have been seen before anything is called unusual. */
const SEASONS_MIN = 3;

/** A normal series passes this once in a hundred million intervals. */
const SCORE_MIN = 6;

/** What happens by chance is never steadier than its root (Poisson), and nothing is steadier than a tenth. */
const RELATIVE_DEVIATION_MIN = 0.1;

/** Fewer things more or less are nobody's business. */
const COUNT_DIFFERENCE_MIN = 10;

/** Slow troubles show in wider intervals: these many of the narrow ones together. */
const WIDE_FACTOR = 4;

/**
 * Intervals whose figure leaves what is usual at this time: median and median absolute deviation of the same hour of
 * earlier weeks, or of earlier days while there are too few weeks. Without three earlier days it is not judged. Counts are
 * judged in wider intervals, too, where the narrow ones said nothing: few things over a long time.
 */
export function findUnusual(series: readonly Series[], options: SeasonOptions): SeasonVerdict {
  const narrow = judgeAll(series, options);
  const wide = widen(series, options);
  const slow = judgeAll(wide.series, wide.options).anomalies.filter(
    (anomaly) => !narrow.anomalies.some((other) => isSameTrouble(anomaly, other)),
  );
  return { anomalies: [...narrow.anomalies, ...slow], warmingUp: narrow.warmingUp };
}

function isSameTrouble(a: Anomaly, b: Anomaly): boolean {
  return a.what === b.what && a.who === b.who && a.fromMs < b.toMs && b.fromMs < a.toMs;
}

function judgeAll(series: readonly Series[], options: SeasonOptions): SeasonVerdict {
  const firstSigns = new Map<string, number>();
  for (const { who, values } of series) {
    const first = values.findIndex((value) => value !== null && value !== 0);
    if (first !== -1) firstSigns.set(who, Math.min(first, firstSigns.get(who) ?? first));
  }
  const verdicts = series.map((one) => judgeSeries(one, options, firstSigns.get(one.who) ?? -1));
  return {
    anomalies: verdicts.flatMap(({ anomalies }) => anomalies),
    warmingUp: verdicts.filter(({ isWarmingUp }) => isWarmingUp).length,
  };
}

/** Sums of neighbours, for counts; an interval that is not whole is left out. */
function widen(
  series: readonly Series[],
  options: SeasonOptions,
): { readonly series: readonly Series[]; readonly options: SeasonOptions } {
  const { startsMs, offsetMsAt } = options;
  const everyMs = WIDE_FACTOR * options.everyMs;
  const wide = groupBy([...startsMs.keys()], (index) => {
    const ms = startsMs[index] ?? 0;
    return Math.floor((ms + offsetMsAt(ms)) / everyMs);
  });
  const groups = [...wide.values()].filter(({ length }) => length === WIDE_FACTOR);
  return {
    series: series
      .filter(({ kind }) => kind === 'count')
      .map((one) => ({
        ...one,
        values: groups.map((group) =>
          group.reduce((sum, index) => sum + (one.values[index] ?? 0), 0),
        ),
      })),
    options: { ...options, everyMs, startsMs: groups.map(([first = 0]) => startsMs[first] ?? 0) },
  };
}

function judgeSeries(
  series: Series,
  options: SeasonOptions,
  first: number,
): { readonly anomalies: readonly Anomaly[]; readonly isWarmingUp: boolean } {
  const { startsMs, everyMs, judgedFromMs } = options;
  const history = new SeasonHistory(series, options, first);
  const found: Anomaly[] = [];
  let measured = 0;
  let judged = 0;
  for (const [index, startMs] of startsMs.entries()) {
    const value = series.values[index] ?? null;
    if (startMs < judgedFromMs || value === null) continue;
    measured += 1;
    const usual = history.usualBefore(index);
    if (usual !== null) {
      judged += 1;
      const score = scoreOf(series.kind, value, usual);
      if (Math.abs(score) >= SCORE_MIN) {
        const { what, who } = series;
        const at = { fromMs: startMs, toMs: startMs + everyMs };
        found.push({
          kind: 'series',
          what,
          who,
          ...at,
          seen: value,
          expected: usual.median,
          score,
        });
      }
    }
  }
  return { anomalies: mergeAdjacent(found), isWarmingUp: measured > 0 && judged === 0 };
}

function scoreOf(
  kind: Series['kind'],
  value: number,
  usual: { readonly median: number; readonly deviation: number },
): number {
  const difference = value - usual.median;
  if (kind === 'count' && Math.abs(difference) < COUNT_DIFFERENCE_MIN) return 0;
  const floor = kind === 'count' ? Math.sqrt(Math.max(1, usual.median)) : 0;
  const deviation = Math.max(
    usual.deviation,
    floor,
    RELATIVE_DEVIATION_MIN * Math.abs(usual.median),
  );
  if (deviation === 0) return 0;
  if (kind === 'count' && difference < 0) return dropScore(value, usual.median, deviation);
  return difference / deviation;
}

/**
 * A count cannot fall below nothing: by its plain difference one that varies by a fifth would never be far enough, and a service
 * that falls silent would pass for usual. Roots of counts spread evenly down to zero: half of what is usual is nearly as far as
 * by the difference, nothing at all twice as far.
 */
function dropScore(value: number, middle: number, deviation: number): number {
  return (2 * Math.sqrt(middle) * (Math.sqrt(value) - Math.sqrt(middle))) / deviation;
}

/** Indexes of a series' history by hour of week and hour of day. */
class SeasonHistory {
  readonly #series: Series;
  readonly #hours: readonly number[];
  readonly #historyEnd: number;
  readonly #byHourOfWeek: ReadonlyMap<number, readonly number[]>;
  readonly #byHourOfDay: ReadonlyMap<number, readonly number[]>;

  constructor(
    series: Series,
    { startsMs, judgedFromMs, offsetMsAt }: SeasonOptions,
    first: number,
  ) {
    this.#series = series;
    this.#hours = startsMs.map((ms) => Math.floor((ms + offsetMsAt(ms)) / HOUR_MS));
    const end = startsMs.findIndex((ms) => ms >= judgedFromMs);
    this.#historyEnd = end === -1 ? startsMs.length : end;
    const known = startsMs
      .map((_, index) => index)
      // Before its first sign of any kind a service was not there: that is no history of nothing happening.
      .filter((index) => first !== -1 && index >= first && index < this.#historyEnd);
    this.#byHourOfWeek = groupBy(known, (index) => this.#hour(index) % HOURS_A_WEEK);
    this.#byHourOfDay = groupBy(known, (index) => this.#hour(index) % HOURS_A_DAY);
  }

  /** null: warming up. */
  usualBefore(index: number): { readonly median: number; readonly deviation: number } | null {
    const hour = this.#hour(index);
    return (
      this.#spread(this.#byHourOfWeek.get(hour % HOURS_A_WEEK)) ??
      this.#spread(this.#byHourOfDay.get(hour % HOURS_A_DAY))
    );
  }

  #spread(indexes: readonly number[] = []) {
    const seasons = new Set(indexes.map((index) => Math.floor(this.#hour(index) / HOURS_A_DAY)));
    if (seasons.size < SEASONS_MIN) return null;
    const values = indexes.flatMap((index) => {
      const value = this.#series.values[index] ?? (this.#series.kind === 'count' ? 0 : null);
      return value === null ? [] : [value];
    });
    return values.length < SEASONS_MIN ? null : spreadOf(values);
  }

  #hour(index: number): number {
    return this.#hours[index] ?? 0;
  }
}
