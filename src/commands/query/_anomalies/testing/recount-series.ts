import { createMatch } from '../../../../engine/filter/create-match.js';
import type { Event } from '../../../../engine/model/event.js';
import type { Filter } from '../../../../engine/model/filter.js';
import type { Buckets } from '../../../../engine/model/question/answer.js';
import type { Journeys } from '../../../../engine/model/question/journeys.js';
import type { OracleEvent } from '../../_question/testing/shop-cases.js';

/** A figure over time as the words of docs/anomalies.md have it. */
export interface RecountedSeries {
  readonly what: string;
  readonly who: string;
  readonly kind: 'count' | 'measure';
  /** By interval: of counts one number; of measures what was measured, ascending. */
  readonly values: readonly (number | readonly number[])[];
}

interface Sample {
  readonly what: string;
  readonly who: string;
  readonly ms: number | null;
}

const NS_PER_MS = 1_000_000n;

/** Of fewer requests no p95 is told. */
const MEASURED_MIN = 100;

/** Walks once over the events; the figures of any time are told from what it saw. */
export class SeriesRecount {
  readonly #everyMs: number;
  readonly #kinds = new Map<string, Pick<RecountedSeries, 'what' | 'who' | 'kind'>>();
  /** By series and start of the interval. */
  readonly #counts = new Map<string, Map<number, number>>();
  readonly #measured = new Map<string, Map<number, number[]>>();

  constructor(
    events: readonly OracleEvent[],
    { everyMs, journeys, filter }: { everyMs: number; journeys: Journeys; filter: Filter },
  ) {
    this.#everyMs = everyMs;
    const isWanted = createMatch(filter);
    const isAttempt = createMatch(journeys.attempts);
    const { okStatuses } = journeys.spec.attempts;
    for (const { event, tsNs } of events) {
      if (!isWanted(event)) continue;
      const startMs = Math.floor(Number(tsNs / NS_PER_MS) / everyMs) * everyMs;
      for (const sample of samplesOf(event, isAttempt(event), okStatuses))
        this.#add(sample, startMs);
    }
    for (const byStart of this.#measured.values())
      for (const durations of byStart.values()) durations.sort((a, b) => a - b);
  }

  #add({ what, who, ms }: Sample, startMs: number): void {
    if (who === '') return;
    const key = `${what}\0${who}`;
    this.#kinds.set(key, { what, who, kind: ms === null ? 'count' : 'measure' });
    if (ms === null) {
      const counts = this.#counts.get(key) ?? new Map<number, number>();
      counts.set(startMs, (counts.get(startMs) ?? 0) + 1);
      this.#counts.set(key, counts);
      return;
    }
    const measured = this.#measured.get(key) ?? new Map<number, number[]>();
    const durations = measured.get(startMs) ?? [];
    durations.push(ms);
    measured.set(startMs, durations);
    this.#measured.set(key, measured);
  }

  /** Series that have any value in these intervals, which are as wide as those of the recount. */
  in({ startsMs, everyMs }: Buckets): RecountedSeries[] {
    if (everyMs !== this.#everyMs) throw new Error(`the recount is of ${this.#everyMs} ms`);
    return [...this.#kinds].flatMap(([key, named]) => {
      const values = startsMs.map((startMs) => this.#valueAt(key, startMs));
      const isThere = values.some((value) =>
        typeof value === 'number' ? value > 0 : value.length > 0,
      );
      return isThere ? [{ ...named, values }] : [];
    });
  }

  #valueAt(key: string, startMs: number): number | readonly number[] {
    if (this.#kinds.get(key)?.kind === 'count') return this.#counts.get(key)?.get(startMs) ?? 0;
    const durations = this.#measured.get(key)?.get(startMs) ?? [];
    return durations.length < MEASURED_MIN ? [] : durations;
  }
}

function samplesOf(event: Event, isAttempt: boolean, okStatuses: readonly string[]): Sample[] {
  const {
    service = '',
    provider = '',
    type = '',
    kind,
    level,
    status = '',
    operation = '',
  } = event;
  const counted = (what: string, who: string, holds: boolean): Sample[] =>
    holds ? [{ what, who, ms: null }] : [];
  const isRequest = kind === 'span';
  const isMeasured = isRequest && event.duration_ms !== undefined;
  const p95 = operation === '' ? 'p95 of requests (ms)' : `p95 of ${operation} requests (ms)`;
  return [
    ...counted('events', service, true),
    ...counted('errors', service, level === 'error' || level === 'fatal'),
    ...counted('failed requests', service, isRequest && status !== 'ok' && status !== ''),
    ...counted('attempts', provider, isAttempt),
    ...counted('failed attempts', provider, isAttempt && !okStatuses.includes(status)),
    ...counted('facts', type, kind === 'record'),
    ...(isMeasured ? [{ what: p95, who: service, ms: event.duration_ms ?? NaN }] : []),
  ];
}
