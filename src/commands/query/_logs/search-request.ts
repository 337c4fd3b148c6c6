import type { LogsQuestion } from './logs-question.js';

/** A search, and in which way it is to be answered. */
export interface SearchRequest {
  readonly question: LogsQuestion;
  /** What is wanted of the events that the search finds; the events themselves where none of it is. */
  readonly flags: {
    readonly histogram: string | undefined;
    readonly facets: string | undefined;
    readonly 'show-sql': boolean;
    readonly explain: boolean;
    readonly 'before-context': number | undefined;
    readonly 'after-context': number | undefined;
    readonly 'context-lines': number | undefined;
  };
  readonly signal: AbortSignal;
}
