import type { Clock } from '../model/clock.js';
import type { Arrivals } from './arrivals.js';
import type { Failure, Measure } from './measure.js';

/** One request on its way. */
export interface LoadRequest {
  /** What its latency is counted as. */
  readonly kind: string;
  /** Resolves with the answer; rejects when it fails, and as soon as the signal is aborted. */
  answer(signal: AbortSignal): Promise<void>;
}

export interface LaneOptions {
  readonly arrivals: Arrivals;
  readonly clock: Clock;
  /** Requests that wait for an answer at once. What arrives meanwhile waits for its turn, and the waiting counts. */
  readonly inFlightMax: number;
  /** How many arrivals one request may stand for; 1 unless it carries many records. */
  readonly batchMax: number;
  /** The shortest wait between two looks at the clock: gathers a batch. */
  readonly tickMs: number;
  /** Prepares the request for so many arrivals. */
  readonly createRequest: (arrivalCount: number) => LoadRequest;
  readonly measureOf: (kind: string) => Measure;
  readonly toFailure: (error: unknown) => Failure;
}

/** How the arrivals of a lane fared. `planned` = done + failed + unfinished once the run is over. */
export interface LaneSummary {
  readonly planned: number;
  readonly done: number;
  readonly failed: number;
  readonly unfinished: number;
  /** Sent later than planned by more than LATE_MS: the generator or a full lane held them up. Their latency has that time in it. */
  readonly late: number;
  /** The longest such wait, in milliseconds. */
  readonly lateMax: number;
  /** A second, as planned and as answered. */
  readonly rateWanted: number;
  readonly rate: number;
}

/** Below this a dispatch is in time: timers and batches are no more exact. */
const LATE_MS = 20;

interface InFlight {
  readonly kind: string;
  readonly scheduledMs: readonly number[];
}

/**
 * Sends requests when they are due and measures each from that moment, not from the moment it could be sent: an open model. A server that
 * stalls therefore shows in the latency of everything that arrived meanwhile (no coordinated omission).
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #startMs: number;
  readonly #inFlight = new Set<InFlight>();
  #wake: () => void = () => undefined;
  #doneCount = 0;
  #failedCount = 0;
  #unfinishedCount = 0;
  #lateCount = 0;
  #lateMsMax = 0;
  #lastAnswerMs: number;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#startMs = options.clock.nowMs();
    this.#lastAnswerMs = this.#startMs;
  }

  /** Resolves when everything was answered, or at abort; then what is due without an answer is written off as unfinished. */
  async run(signal: AbortSignal): Promise<void> {
    const { arrivals, clock, inFlightMax, batchMax, tickMs } = this.#options;
    const onAbort = (): void => {
      this.#wake();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    while (!signal.aborted && arrivals.nextMs !== undefined) {
      const nowMs = clock.nowMs();
      const waitMs = arrivals.nextMs - nowMs;
      if (waitMs > 0) {
        await clock.sleep(Math.max(waitMs, tickMs), signal).catch(() => undefined);
      } else if (this.#inFlight.size >= inFlightMax) await this.#untilAnswer(signal);
      else this.#dispatch(arrivals.takeUntil(nowMs, batchMax), { nowMs, signal });
    }
    while (!signal.aborted && this.#inFlight.size > 0) await this.#untilAnswer(signal);
    signal.removeEventListener('abort', onAbort);
    this.#writeOff(clock.nowMs());
  }

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  /** May be asked for at any time. */
  summarise(): LaneSummary {
    const { arrivals, clock } = this.#options;
    const nowMs = Math.min(clock.nowMs(), Math.max(arrivals.endMs, this.#lastAnswerMs));
    const plannedSeconds = (Math.min(nowMs, arrivals.endMs) - this.#startMs) / 1000;
    const seconds = (nowMs - this.#startMs) / 1000;
    const planned = nowMs >= arrivals.endMs ? arrivals.count : arrivals.countUntil(nowMs);
    return {
      planned: Math.round(planned),
      done: this.#doneCount,
      failed: this.#failedCount,
      unfinished: this.#unfinishedCount,
      late: this.#lateCount,
      lateMax: Math.round(this.#lateMsMax * 1000) / 1000,
      rateWanted: perSecond(planned, plannedSeconds),
      rate: perSecond(this.#doneCount, seconds),
    };
  }

  #dispatch(
    scheduledMs: readonly number[],
    { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
  ): void {
    for (const dueMs of scheduledMs) {
      const lateMs = nowMs - dueMs;
      if (lateMs <= LATE_MS) break;
      this.#lateCount += 1;
      this.#lateMsMax = Math.max(this.#lateMsMax, lateMs);
    }
    const request = this.#options.createRequest(scheduledMs.length);
    const entry = { kind: request.kind, scheduledMs };
    this.#inFlight.add(entry);
    request.answer(signal).then(
      () => {
        this.#settle(entry, undefined);
      },
      (error: unknown) => {
        // Cut short by us: it is still in flight, and is written off with the others.
        if (!signal.aborted) this.#settle(entry, { error });
      },
    );
  }

  #settle(entry: InFlight, failure: { readonly error: unknown } | undefined): void {
    // Written off meanwhile.
    if (!this.#inFlight.delete(entry)) return;
    const { clock, measureOf, toFailure } = this.#options;
    const nowMs = clock.nowMs();
    const measure = measureOf(entry.kind);
    for (const dueMs of entry.scheduledMs) measure.record(nowMs - dueMs);
    const count = entry.scheduledMs.length;
    if (failure === undefined) this.#doneCount += count;
    else {
      this.#failedCount += count;
      measure.countError(toFailure(failure.error), count);
    }
    this.#lastAnswerMs = nowMs;
    this.#wake();
  }

  async #untilAnswer(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Unanswered, or due and never sent: leaving them out would hide just the worst. */
  #writeOff(nowMs: number): void {
    const { arrivals, batchMax, createRequest } = this.#options;
    for (const { kind, scheduledMs } of this.#inFlight) this.#giveUp(kind, scheduledMs, nowMs);
    this.#inFlight.clear();
    for (;;) {
      const overdue = arrivals.takeUntil(nowMs, batchMax);
      if (overdue.length === 0) return;
      this.#giveUp(createRequest(overdue.length).kind, overdue, nowMs);
    }
  }

  #giveUp(kind: string, scheduledMs: readonly number[], nowMs: number): void {
    const measure = this.#options.measureOf(kind);
    for (const dueMs of scheduledMs) {
      measure.record(nowMs - dueMs);
      measure.countUnfinished();
    }
    this.#unfinishedCount += scheduledMs.length;
    this.#lastAnswerMs = nowMs;
  }
}

function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? Math.round((count / seconds) * 100) / 100 : 0;
}
