import type { Random } from '../model/random.js';

/** For how long requests arrive at which rate; one that changes does so evenly. */
export interface RateSpan {
  readonly durationMs: number;
  readonly fromPerSecond: number;
  readonly toPerSecond: number;
}

interface PlacedSpan {
  readonly startMs: number;
  readonly durationMs: number;
  /** Arrivals before this span, and in it: parts of one count, too. */
  readonly countBefore: number;
  readonly count: number;
  readonly fromPerMs: number;
  readonly toPerMs: number;
}

/**
 * When requests are due: decided by the clock alone, whatever became of earlier ones. Arrival k lies somewhere in the k-th part
 * of the whole, so that there are exactly as many as the rates say, and none keeps step with what it measures.
 */
export class Arrivals {
  readonly endMs: number;
  /** How many there are in all. */
  readonly count: number;
  readonly #spans: readonly PlacedSpan[];
  readonly #random: Random;
  #nextIndex = 0;
  #spanIndex = 0;
  #nextMs: number | undefined;

  constructor(
    spans: readonly RateSpan[],
    { startMs, random }: { readonly startMs: number; readonly random: Random },
  ) {
    this.#spans = place(spans, startMs);
    this.#random = random;
    const last = this.#spans.at(-1);
    this.endMs = last === undefined ? startMs : last.startMs + last.durationMs;
    // A rate of 0.1 over 10 s is one request, not 0.9999…
    this.count = last === undefined ? 0 : Math.floor(last.countBefore + last.count + 1e-6);
    this.#nextMs = this.#make();
  }

  /** When the next one is due; undefined after the last. */
  get nextMs(): number | undefined {
    return this.#nextMs;
  }

  /** The moments of what is due by `nowMs` and was not taken yet, ascending, at most `countMax`. */
  takeUntil(nowMs: number, countMax: number): number[] {
    const taken: number[] = [];
    while (this.#nextMs !== undefined && this.#nextMs <= nowMs && taken.length < countMax) {
      taken.push(this.#nextMs);
      this.#nextMs = this.#make();
    }
    return taken;
  }

  /** How many the rates ask for until then. */
  countUntil(nowMs: number): number {
    let count = 0;
    for (const span of this.#spans) {
      const passedMs = Math.min(Math.max(0, nowMs - span.startMs), span.durationMs);
      const rateThen =
        span.fromPerMs + ((span.toPerMs - span.fromPerMs) * passedMs) / span.durationMs;
      count += ((span.fromPerMs + rateThen) / 2) * passedMs;
    }
    return count;
  }

  /** The rate at a moment; 0 outside of all spans. */
  perSecondAt(nowMs: number): number {
    const span = this.#spans.find(
      ({ startMs, durationMs }) => nowMs >= startMs && nowMs < startMs + durationMs,
    );
    if (span === undefined) return 0;
    const share = (nowMs - span.startMs) / span.durationMs;
    return 1000 * (span.fromPerMs + (span.toPerMs - span.fromPerMs) * share);
  }

  #make(): number | undefined {
    if (this.#nextIndex >= this.count) return undefined;
    const place = this.#nextIndex + this.#random.next();
    this.#nextIndex += 1;
    let span = this.#spans[this.#spanIndex];
    while (span !== undefined && place > span.countBefore + span.count) {
      const following = this.#spans[this.#spanIndex + 1];
      // The last part of one may lie behind the end by a rounding error.
      if (following === undefined) break;
      this.#spanIndex += 1;
      span = following;
    }
    return span === undefined ? undefined : momentOf(place - span.countBefore, span);
  }
}

function place(spans: readonly RateSpan[], firstMs: number): PlacedSpan[] {
  let startMs = firstMs;
  let countBefore = 0;
  return spans.map(({ durationMs, fromPerSecond, toPerSecond }) => {
    const fromPerMs = fromPerSecond / 1000;
    const toPerMs = toPerSecond / 1000;
    const count = ((fromPerMs + toPerMs) / 2) * durationMs;
    const placed = { startMs, durationMs, countBefore, count, fromPerMs, toPerMs };
    startMs += durationMs;
    countBefore += count;
    return placed;
  });
}

/** When `count` have arrived: the root of `fromPerMs * t + growth / 2 * t²`, in the form that has no difference of near numbers. */
function momentOf(count: number, { startMs, durationMs, fromPerMs, toPerMs }: PlacedSpan): number {
  if (count <= 0) return startMs;
  const growth = (toPerMs - fromPerMs) / durationMs;
  const root = Math.sqrt(Math.max(0, fromPerMs ** 2 + 2 * growth * count));
  return startMs + Math.min(durationMs, (2 * count) / (fromPerMs + root));
}
