import type { Answer } from '../../../engine/model/question/answer.js';
import type { QueryOptions } from '../../../store/clickhouse/define-query.js';
import type { Store } from '../../../store/clickhouse/store.js';
import { anomalyAnswer } from './anomaly-answer.js';
import { readAnomalies, type AnomalySearch } from './read-anomalies.js';

/** Anomalies as `query anomalies` shows them. */
export async function askAnomalies(
  store: Store,
  search: AnomalySearch & { readonly limit: number },
  options: QueryOptions,
): Promise<Answer> {
  return anomalyAnswer(await readAnomalies(store, search, options), search);
}
