import { mix32 } from './hash.js';

/** Quantiles of a lognormal with median 1, so that a latency costs one look instead of exp and two logarithms. */
const LOGNORMAL_STEPS = 4096;
const LOGNORMAL_SIGMA = 0.45;
const LOGNORMAL = Float64Array.from({ length: LOGNORMAL_STEPS }, (_, index) =>
  Math.exp(LOGNORMAL_SIGMA * normalQuantile((index + 0.5) / LOGNORMAL_STEPS)),
);

/**
 * Chance that can be begun anew at any point: every step of every visitor begins with a seed of its own, so what
 * happens to one is independent of who else is there, and of what other steps draw.
 */
export class Random {
  #state = 0;

  /** The same draws follow the same seed. */
  begin(seed: number): void {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). Mulberry32 (Tommy Ettinger, public domain). */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    const state = this.#state;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.unit() * limit);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** Of a Poisson process's gaps, with this mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit());
  }

  /** A latency: never negative, mostly near its median, now and then several times that. Whole. */
  around(median: number): number {
    const step = Math.floor(this.unit() * LOGNORMAL_STEPS);
    return Math.round(median * (LOGNORMAL[step] ?? 1));
  }

  /** A seed for what follows from here but happens later. */
  seed(): number {
    return mix32(this.#state ^ 0x51ed270b);
  }
}

/** Inverse of the normal distribution (Acklam's rational approximation, relative error below 1.2e-9). */
function normalQuantile(probability: number): number {
  if (probability > 0.5) return -normalQuantile(1 - probability);
  if (probability < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(probability));
    return (
      (((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q -
        2.549732539343734) *
        q +
        4.374664141464968) *
        q +
        2.938163982698783) /
      ((((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q +
        3.754408661907416) *
        q +
        1)
    );
  }
  const q = probability - 0.5;
  const r = q * q;
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r +
      138.357751867269) *
      r -
      30.66479806614716) *
      r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r +
      66.80131188771972) *
      r -
      13.28068155288572) *
      r +
      1)
  );
}
