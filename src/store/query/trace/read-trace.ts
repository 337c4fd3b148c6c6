import { ALL_FIELDS, type StoredEvent } from '../../../engine/model/stored-event.js';
import type { Store } from '../../clickhouse/store.js';
import { selectColumns } from '../event-columns.js';
import { compareByKey, ORDER_KEY } from '../event-order.js';
import { SqlParams } from '../sql-params.js';
import { streamEvents, type EventQuery, type StreamOptions } from '../stream-events.js';
import { findTraceShards } from './trace-shards.js';

/** The events of an action or of several, oldest first, and how many there are in all. */
export interface TraceAnswer {
  readonly events: readonly StoredEvent[];
  readonly eventCount: number;
}

/** All events of these actions over all hot data, at most `limit`; the index on op_id says where to look. */
export async function readTrace(
  store: Store,
  { ids, limit }: { readonly ids: readonly string[]; readonly limit: number },
  options: StreamOptions,
): Promise<TraceAnswer> {
  const { shards, missingShards } = await findTraceShards(store, ids, options);
  const onMissing = (lost: readonly number[]): void =>
    options.onMissing?.([...new Set([...missingShards, ...lost])].sort((a, b) => a - b));
  if (missingShards.length > 0) onMissing([]);
  if (shards.length === 0) return { events: [], eventCount: 0 };
  const events: StoredEvent[] = [];
  // One more than wanted: only a cut answer is worth another question.
  const query = buildTraceQuery(ids, limit + 1);
  for await (const stored of streamEvents(store, query, { ...options, shards, onMissing }))
    events.push(stored);
  if (events.length <= limit) return { events, eventCount: events.length };
  const { countOfTrace } = await import('./trace-count.js');
  const { rows } = await countOfTrace(store, { ids }, options);
  return { events: events.slice(0, limit), eventCount: rows[0]?.eventCount ?? events.length };
}

function buildTraceQuery(ids: readonly string[], limit: number): EventQuery {
  const params = new SqlParams();
  const columns = selectColumns(ALL_FIELDS, params);
  return {
    name: 'trace',
    sql: `
    SELECT ${columns.sql}
    FROM events_local
    WHERE op_id IN ${params.add('Array(String)', ids)}
    ORDER BY ${ORDER_KEY.join(', ')}
    LIMIT ${params.add('UInt32', limit)}`,
    params,
    merge: { compare: compareByKey, limit },
    decode: (row) => columns.decode(row),
  };
}
