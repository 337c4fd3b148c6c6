import type { Store } from '../../../store/clickhouse/store.js';
import type { StatementParts } from '../../../store/search/readable-sql.js';
import { sanitizeJson } from '../../_cli/sanitize.js';
import { showAnswer } from '../../_cli/pager.js';
import { pageQuestion } from './answer-page.js';
import { formatOfFigures } from './logs-question.js';
import type { SearchRequest } from './search-request.js';
import { toFacets } from './summary/ask-facets.js';
import { toHistogram } from './summary/ask-histogram.js';

/** Writes what would be asked, as a statement that a client takes as it is. Nothing of it is asked. */
export async function showStatement(store: Store, request: SearchRequest): Promise<void> {
  const { readableSql } = await import('../../../store/search/readable-sql.js');
  const sql = readableSql(await statementOf(store, request), store.database);
  const isJson = request.question.format === 'json' || request.question.format === 'ndjson';
  await showAnswer(isJson ? `${sanitizeJson({ sql })}\n` : sql);
}

async function statementOf(
  store: Store,
  { question, flags: { histogram, facets }, signal }: SearchRequest,
): Promise<StatementParts> {
  if (histogram !== undefined) {
    formatOfFigures(question.format);
    const { histogramQuery } = await import('../../../store/search/histogram.js');
    return histogramQuery(await toHistogram(store, { every: histogram, question, signal }));
  }
  if (facets !== undefined) {
    formatOfFigures(question.format);
    const { facetsQuery } = await import('../../../store/search/facets.js');
    return facetsQuery(toFacets(facets, question));
  }
  const { logStatement } = await import('../../../store/search/log-statement.js');
  return logStatement((await pageQuestion(question)).asked);
}
