import type { AnswerRange } from '../../engine/model/question/answer.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { SqlParams } from '../query/sql-params.js';
import { askRows } from '../query/ask-rows.js';
import { matchingSql, type MatchingEvents } from './matching-events.js';

/** The end of the range that holds the newest `count` events (and those of the same moment); null: the range has no more. */
export async function newestEvents(
  store: Store,
  { count, ...events }: MatchingEvents & { readonly count: number },
  options: QueryOptions,
): Promise<AnswerRange | null> {
  const params = new SqlParams();
  const sql = `
    SELECT toString(toUnixTimestamp64Nano(ts)) AS k0
    FROM events
    WHERE ${matchingSql(events, params)}
    ORDER BY ts DESC
    LIMIT 1 OFFSET ${params.add('UInt32', count - 1)}`;
  const query = { name: 'newest_events', sql, params, stopsEarly: true };
  const { rows } = await askRows(store, query, options);
  const [first] = rows;
  if (first === undefined) return null;
  return { fromNs: BigInt(first['k0'] as string), toNs: events.range.toNs };
}
