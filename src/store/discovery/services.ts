import type {
  Answer,
  AnswerColumn,
  AnswerRow,
  AnswerShape,
} from '../../engine/model/question/answer.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { SqlParams } from '../query/sql-params.js';
import { askRows, type Row } from '../query/ask-rows.js';
import { matchingSql, type MatchingEvents } from './matching-events.js';

/** Operations that are named; a service that has more puts ids into the name. */
const OPERATIONS_MAX = 20;

const COLUMNS: readonly AnswerColumn[] = [
  { name: 'service', kind: 'text', summary: 'Its name; empty for events that name none.' },
  { name: 'events', kind: 'count', summary: 'Events of any kind.' },
  { name: 'errors', kind: 'count', summary: 'Those of level error or fatal.' },
  { name: 'error_share', kind: 'share', summary: 'Errors of events.' },
  { name: 'instances', kind: 'count', summary: 'Different hosts, pods and containers together.' },
  { name: 'hosts', kind: 'count', summary: 'Different hosts.' },
  { name: 'first', kind: 'time', summary: 'Time of its first event in the range.' },
  { name: 'last', kind: 'time', summary: 'Time of its last event in the range.' },
  {
    name: 'operations',
    kind: 'list',
    summary: `The first ${OPERATIONS_MAX} of its operations by name.`,
  },
];

/** What `readServices` answers. */
export const SERVICES_SHAPE: AnswerShape = { columns: COLUMNS, facts: [] };

/** Who wrote events: how many, how many of them errors, from where, when first and last. Most events first. */
export async function readServices(
  store: Store,
  { range, filter, limit }: MatchingEvents & { readonly limit: number },
  options: QueryOptions,
): Promise<Answer> {
  const params = new SqlParams();
  const where = matchingSql({ range, filter }, params);
  const sql = `
    SELECT
      service AS k0,
      count() AS events,
      countIf(level IN ('error', 'fatal')) AS errors,
      uniqExactIf((host, pod, container), (host, pod, container) != ('', '', '')) AS instances,
      uniqExactIf(host, host != '') AS hosts,
      toUnixTimestamp64Nano(min(ts)) AS first,
      toUnixTimestamp64Nano(max(ts)) AS last,
      arraySlice(arraySort(groupUniqArrayIf(operation, operation != '')), 1, ${OPERATIONS_MAX}) AS operations
    FROM events
    WHERE ${where}
    GROUP BY k0
    ORDER BY events DESC, k0
    LIMIT ${params.add('UInt32', limit + 1)}`;
  const { rows, missingShards } = await askRows(store, { name: 'services', sql, params }, options);
  return {
    question: 'services',
    range,
    columns: COLUMNS,
    rows: rows.slice(0, limit).map(toAnswerRow),
    intervalsNs: [],
    facts: [],
    notes: rows.length > limit ? [`Only the first ${limit} services are shown (--limit).`] : [],
    source: 'events',
    missingShards,
  };
}

function toAnswerRow(row: Row): AnswerRow {
  const events = Number(row['events']);
  const errors = Number(row['errors']);
  return {
    service: row['k0'] as string,
    events,
    errors,
    error_share: errors / events,
    instances: Number(row['instances']),
    hosts: Number(row['hosts']),
    first: BigInt(row['first'] as string),
    last: BigInt(row['last'] as string),
    operations: row['operations'] as string[],
  };
}
