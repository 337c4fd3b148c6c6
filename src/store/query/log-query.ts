import type { Filter } from '../../engine/model/filter.js';
import type { SelectedField } from '../../engine/model/stored-event.js';
import { selectColumns } from './event-columns.js';
import { compareByKey, ORDER_KEY } from './event-order.js';
import { filterToSql } from './filter-sql.js';
import type { LedgerCut, LogCursor, LogRange } from './log-cursor.js';
import { instantSql, SqlParams } from './sql-params.js';
import type { EventQuery } from './stream-events.js';

/** A question for logs. */
export interface LogQuestion {
  readonly filter: Filter;
  readonly range: LogRange;
  readonly fields: readonly SelectedField[];
  /** Oldest first; newest first otherwise. */
  readonly isAscending: boolean;
  readonly limit: number;
  /** Where the page before ended; null for page one. */
  readonly after: Pick<LogCursor, 'last' | 'cut'> | null;
}

/** Puts the question into SQL. */
export function buildLogQuery(question: LogQuestion): EventQuery {
  const { fields, isAscending, limit } = question;
  const params = new SqlParams();
  const columns = selectColumns(fields, params);
  const conditions = logConditions(question, params);
  const order = ORDER_KEY.map((column) => `${column} ${isAscending ? 'ASC' : 'DESC'}`);
  return {
    name: 'logs',
    sql: `
    SELECT ${columns.sql}
    FROM events_local
    WHERE ${conditions.map((condition) => `(${condition})`).join('\n      AND ')}
    ORDER BY ${order.join(', ')}
    LIMIT ${params.add('UInt32', limit)}`,
    params,
    stopsEarly: true,
    merge: { limit, compare: isAscending ? compareByKey : (a, b) => compareByKey(b, a) },
    decode: (row) => columns.decode(row),
  };
}

/** What must hold of an event on the page. */
export function logConditions(
  { filter, range, isAscending, after }: LogQuestion,
  params: SqlParams,
): string[] {
  const conditions = rangeToSql(range, params);
  if (after !== null) {
    conditions.push(
      ...afterToSql(after.last, { isAscending, params }),
      cutToSql(after.cut, params),
    );
  }
  // Last, so that the cheap conditions on the key stand first.
  conditions.push(filterToSql(filter, params));
  return conditions;
}

/** The conditions on the time of an event, and on when it was stored. */
export function rangeToSql(
  { fromNs, toNs, arrivedSinceNs }: LogRange,
  params: SqlParams,
): string[] {
  const conditions: string[] = [];
  if (fromNs !== null) conditions.push(`ts >= ${instantSql(fromNs, params)}`);
  if (toNs !== null) conditions.push(`ts < ${instantSql(toNs, params)}`);
  if (arrivedSinceNs !== null) {
    conditions.push(`ingested_at >= ${instantSql(arrivedSinceNs, params)}`);
  }
  return conditions;
}

/** The plain bound beside the tuple: the tuple alone does not narrow what is read. */
function afterToSql(
  { tsNs, position }: LogCursor['last'],
  { isAscending, params }: { readonly isAscending: boolean; readonly params: SqlParams },
): string[] {
  const sign = isAscending ? '>' : '<';
  const ts = instantSql(tsNs, params);
  const key = [
    ts,
    params.add('String', position.topic),
    params.add('UInt32', position.epoch),
    params.add('UInt32', position.partition),
    params.add('UInt64', String(position.offset)),
    params.add('UInt32', position.item),
  ];
  return [`ts ${sign}= ${ts}`, `(${ORDER_KEY.join(', ')}) ${sign} (${key.join(', ')})`];
}

/** Only what was in the ledger when page one was read. */
function cutToSql(cut: LedgerCut, params: SqlParams): string {
  if (cut.length === 0) return '0';
  const parts = cut.map(({ topic, epoch, lastByPartition }) => {
    const partitions = params.add('Array(UInt32)', [...lastByPartition.keys()]);
    const lasts = params.add('Array(UInt64)', [...lastByPartition.values()]);
    // One more than the last, so that 0 can say that a partition is not in the cut.
    const end = `transform(partition, ${partitions}, arrayMap(last -> last + 1, ${lasts}), toUInt64(0))`;
    return `topic = ${params.add('String', topic)} AND epoch = ${params.add('UInt32', epoch)} AND offset < ${end}`;
  });
  return parts.map((part) => `(${part})`).join(' OR ');
}
