import type { Filter } from './filter.js';
import type { Answer } from './question/answer.js';
import type { QuestionAsked } from './question/question-asked.js';

/** How many stored events share all of these; a field without a value is the empty text. */
export interface EventCount {
  readonly type: string;
  readonly service: string;
  readonly level: string;
  readonly status: string;
  readonly currency: string;
  readonly count: number;
  /** Sum of their amounts, an exact decimal text; `0` where none has one. */
  readonly amount: string;
}

/** One stored record's place and the time at which the queue took it. */
export interface QueueTimeSample {
  readonly partition: number;
  readonly offset: bigint;
  readonly queueTimeMs: number;
}

/** What an operator sees of one stretch of event time. */
export interface Observation {
  /** Where the stretch begins, since the epoch. */
  readonly atMs: number;
  readonly events: number;
  /** Of level error or fatal. */
  readonly errors: number;
  readonly paymentsFailed: number;
  /** 95 of 100 requests took at most so long; null where there was none. */
  readonly requestP95Ms: number | null;
}

/**
 * What a story asks of the store. Every answer is over all shards: one that does not answer rejects
 * with a retryable AtbdError, because a comparison without it would be worth nothing.
 */
export interface StoryStore {
  /** All events of the topic, counted by what the truth counts by. */
  countEvents(signal: AbortSignal): Promise<readonly EventCount[]>;

  /** Dead letters by reason. */
  countDeadLetters(signal: AbortSignal): Promise<ReadonlyMap<string, number>>;

  /** A question's answer as its command gives it; journeys are the shop's. */
  ask(asked: QuestionAsked, signal: AbortSignal): Promise<Answer>;

  /** Events that pass the filter. */
  countWhere(filter: Filter, signal: AbortSignal): Promise<number>;

  /** Per action, how many events each service has of it; an action without events is absent. */
  countByService(
    opIds: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>>;

  /** Per partition the last offset that the ledger has: all up to it can be seen by a question. */
  visibleEnds(signal: AbortSignal): Promise<ReadonlyMap<number, bigint>>;

  /** Place and queue time of at most `limit` stored records, evenly chosen. */
  sampleQueueTimes(limit: number, signal: AbortSignal): Promise<readonly QueueTimeSample[]>;

  /** The story as the store tells it, in stretches of `stepMs`; one without events is left out. */
  observe(
    range: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number },
    signal: AbortSignal,
  ): Promise<readonly Observation[]>;
}
