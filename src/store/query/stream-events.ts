import type { StoredEvent } from '../../engine/model/stored-event.js';
import { defineQuery, type QueryOptions } from '../clickhouse/define-query.js';
import type { MergeOptions } from '../clickhouse/merge-rows.js';
import type { Store } from '../clickhouse/store.js';
import type { EventRow } from './event-columns.js';
import type { SqlParams } from './sql-params.js';

/** SQL with its values, and the way back from a row to an event. */
export interface EventQuery {
  /** Becomes log_comment. */
  readonly name: string;
  readonly sql: string;
  readonly params: SqlParams;
  /** See `QueryDefinition`. */
  readonly stopsEarly?: boolean;
  /** Of the rows as they come from each shard's `events_local`; left out where the text asks for `events`. */
  readonly merge?: MergeOptions<EventRow>;
  decode(row: EventRow): StoredEvent;
}

/** How events are read. */
export interface StreamOptions extends QueryOptions {
  /** Called before the first event when shards do not answer. */
  readonly onMissing?: (shards: readonly number[]) => void;
}

/** Asks a question that was put together from parts; events come as the shards send them. */
export async function* streamEvents(
  store: Store,
  query: EventQuery,
  options: StreamOptions,
): AsyncIterable<StoredEvent> {
  const named = defineQuery({
    name: query.name,
    params: { parse: (values) => values as SqlParams['values'] },
    row: { parse: checkRow },
    sql: query.sql,
    stopsEarly: query.stopsEarly ?? false,
    ...(query.merge && { merge: query.merge }),
  });
  for await (const row of named.stream(store, query.params.values, options))
    yield query.decode(row);
}

/** The columns are our own choice; `decode` reads them by their place. */
function checkRow(row: unknown): EventRow {
  if (typeof row === 'object' && row !== null && 'c0' in row) return row;
  throw new Error('BUG: a row without its first column');
}
