import type { Store } from '../../../store/clickhouse/store.js';
import { answerPage } from './answer-page.js';
import type { LogsQuestion } from './logs-question.js';
import { askFacets } from './summary/ask-facets.js';
import { askHistogram } from './summary/ask-histogram.js';
import { writeSummary } from './summary/write-summary.js';

export interface SearchRequest {
  readonly question: LogsQuestion;
  /** What is wanted of the events that the search finds; the events themselves where none of it is. */
  readonly flags: {
    readonly histogram: string | undefined;
    readonly facets: string | undefined;
  };
  readonly signal: AbortSignal;
}

/** Answers a search in the way that its flags ask for. */
export async function answerSearch(
  store: Store,
  { question, flags: { histogram, facets }, signal }: SearchRequest,
): Promise<void> {
  if (histogram !== undefined) {
    const ask = () => askHistogram(store, { every: histogram, question, signal });
    return writeSummary(store, { question, signal, ask });
  }
  if (facets !== undefined) {
    const ask = () => askFacets(store, { names: facets, question, signal });
    return writeSummary(store, { question, signal, ask });
  }
  return answerPage(store, question, signal);
}
