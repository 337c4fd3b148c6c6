import { build, type Histogram } from 'hdr-histogram-js';

/** How often, and what the first of them said. */
export interface ErrorTally {
  readonly count: number;
  readonly first: string;
}

/** A failure, told by its code. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Latencies of one kind of request, in milliseconds; null where nothing was measured. */
export interface MeasureSummary {
  /** Requests with a latency: answered, failed and unfinished ones. */
  readonly count: number;
  /** Requests that failed, and by which code. */
  readonly errors: number;
  readonly errorsByCode: Readonly<Record<string, ErrorTally>>;
  /** Requests without an answer when the run was over; they count with the time they had waited by then. */
  readonly unfinished: number;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** Values are kept to 0.1 %. */
const SIGNIFICANT_DIGITS = 3;

/** One kind's latencies in a histogram of fixed precision: memory does not grow with their number. */
export class Measure {
  // In microseconds, because it counts whole numbers.
  readonly #histogram: Histogram = build({
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
    bitBucketSize: 32,
    autoResize: true,
  });
  readonly #errorsByCode = new Map<string, ErrorTally>();
  #errorCount = 0;
  #unfinishedCount = 0;
  #maxMs = 0;

  record(latencyMs: number): void {
    const ms = Math.max(0, latencyMs);
    this.#maxMs = Math.max(this.#maxMs, ms);
    this.#histogram.recordValue(Math.round(ms * 1000));
  }

  countError({ code, message }: Failure, count = 1): void {
    const { count: before, first } = this.#errorsByCode.get(code) ?? { count: 0, first: message };
    this.#errorCount += count;
    this.#errorsByCode.set(code, { count: before + count, first });
  }

  countUnfinished(): void {
    this.#unfinishedCount += 1;
  }

  get errorCount(): number {
    return this.#errorCount;
  }

  /** In milliseconds; null when nothing was measured. */
  percentile(percent: number): number | null {
    if (this.#histogram.totalCount === 0) return null;
    const micros = this.#histogram.getValueAtPercentile(percent);
    // A bucket's upper end may lie above everything in it.
    return toMs(Math.min(micros, this.#maxMs * 1000));
  }

  summarise(): MeasureSummary {
    const count = this.#histogram.totalCount;
    return {
      count,
      errors: this.#errorCount,
      errorsByCode: Object.fromEntries(this.#errorsByCode),
      unfinished: this.#unfinishedCount,
      p50: this.percentile(50),
      p90: this.percentile(90),
      p99: this.percentile(99),
      max: count === 0 ? null : toMs(this.#maxMs * 1000),
    };
  }
}

/** Three decimals: what the histogram knows. */
function toMs(micros: number): number {
  return Math.round(micros) / 1000;
}
