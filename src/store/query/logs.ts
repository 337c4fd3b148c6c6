import type { StoredEvent } from '../../engine/model/stored-event.js';
import type { Store } from '../clickhouse/store.js';
import { readLedgerCut } from './ledger-cut.js';
import type { LogCursor } from './log-cursor.js';
import { buildLogQuery, type LogQuestion } from './log-query.js';
import { streamEvents, type StreamOptions } from './stream-events.js';

/** One page of logs: its events as they come, and where the next page starts. */
export interface LogPage {
  readonly events: AsyncIterable<StoredEvent>;
  /** Asked for after the last event; null when there is no further page. */
  readCursor(): Promise<LogCursor | null>;
}

/** Asks for a page of logs. Nothing is read before the first event is asked for; memory is bounded at any limit. */
export function readLogs(store: Store, question: LogQuestion, options: StreamOptions): LogPage {
  const { limit, range, after } = question;
  let last: StoredEvent | undefined;
  let hasMore = false;
  async function* takePage(): AsyncIterable<StoredEvent> {
    let count = 0;
    // One more than the page: whether there is a next one.
    const query = buildLogQuery({ ...question, limit: limit + 1 });
    for await (const stored of streamEvents(store, query, options)) {
      count += 1;
      hasMore = count > limit;
      if (hasMore) return;
      last = stored;
      yield stored;
    }
  }
  return {
    events: takePage(),
    async readCursor() {
      if (last === undefined || !hasMore) return null;
      const { tsNs, position } = last;
      const cut = after?.cut ?? (await readLedgerCut(store, options));
      return { last: { tsNs, position }, range, cut };
    },
  };
}
