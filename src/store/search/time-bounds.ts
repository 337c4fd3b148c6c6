import type { AnswerRange } from '../../engine/model/question/answer.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { askRows } from '../query/ask-rows.js';
import { SqlParams } from '../query/sql-params.js';
import { linesSql, type MatchingLines } from './matching-lines.js';

/** From the first event of a search to just after its last; null when it finds none. For a search whose range is open. */
export async function readTimeBounds(
  store: Store,
  lines: MatchingLines,
  options: QueryOptions,
): Promise<AnswerRange | null> {
  const params = new SqlParams();
  const sql = `
    SELECT
      toString(count()) AS n,
      toString(toUnixTimestamp64Nano(min(ts))) AS first,
      toString(toUnixTimestamp64Nano(max(ts))) AS last
    FROM events
    WHERE ${linesSql(lines, params)}
    LIMIT 1`;
  const { rows } = await askRows(store, { name: 'time_bounds', sql, params }, options);
  const [row] = rows;
  if (row === undefined || row['n'] === '0') return null;
  return { fromNs: BigInt(row['first'] as string), toNs: BigInt(row['last'] as string) + 1n };
}
