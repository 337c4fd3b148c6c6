import type { Store } from '../../../store/clickhouse/store.js';
import { answerPage } from './answer-page.js';
import type { SearchRequest } from './search-request.js';
import { explainSearch } from './explain-search.js';
import { showStatement } from './show-statement.js';
import { askFacets } from './summary/ask-facets.js';
import { askHistogram } from './summary/ask-histogram.js';
import { writeSummary } from './summary/write-summary.js';

/** Answers a search in the way that its flags ask for. */
export async function answerSearch(store: Store, request: SearchRequest): Promise<void> {
  const { question, flags, signal } = request;
  const { histogram, facets } = flags;
  if (flags['show-sql']) return showStatement(store, request);
  if (flags.explain) return explainSearch(store, request);
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
