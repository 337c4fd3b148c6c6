import { AtbdError } from '../../../engine/model/error.js';
import type { Store } from '../../../store/clickhouse/store.js';
import { answerContext } from './context/answer-context.js';
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
  const before = flags['before-context'] ?? flags['context-lines'] ?? 0;
  const after = flags['after-context'] ?? flags['context-lines'] ?? 0;
  const hasContext = before + after > 0;
  if (hasContext) refuseOthers(flags);
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
  if (hasContext) return answerContext(store, { question, before, after, signal });
  return answerPage(store, question, signal);
}

/** Lines around events are of no use to whoever asks for no events. */
function refuseOthers(flags: SearchRequest['flags']): void {
  const others = (['histogram', 'facets', 'show-sql', 'explain'] as const).filter(
    (name) => flags[name] !== undefined && flags[name] !== false,
  );
  const [other] = others;
  if (other === undefined) return;
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot take -A, -B or -C with --${other}`,
    hint: 'Leave one of them out.',
  });
}
