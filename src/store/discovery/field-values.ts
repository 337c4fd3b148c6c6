import type { FieldRef } from '../../engine/model/filter.js';
import { factsWith, type Answer, type AnswerShape } from '../../engine/model/question/answer.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { SqlParams } from '../query/sql-params.js';
import { askRows } from '../query/ask-rows.js';
import { fieldLabel, fieldText } from './field-text.js';
import { matchingSql, type MatchingEvents } from './matching-events.js';

/** What `readFieldValues` answers. */
export const VALUES_SHAPE: AnswerShape = {
  columns: [
    { name: 'value', kind: 'text', summary: 'The value as text.' },
    { name: 'events', kind: 'count', summary: 'Events that have it.' },
    { name: 'share', kind: 'share', summary: 'Of all events that were asked about.' },
  ],
  facts: [
    { name: 'field', kind: 'text', summary: 'Whose values these are.' },
    { name: 'total', kind: 'count', summary: 'Events that were asked about.' },
    { name: 'without', kind: 'count', summary: 'Those that have no value.' },
    { name: 'distinct', kind: 'count', summary: 'Different values.' },
  ],
};

function notesOf(found: {
  readonly total: number;
  readonly distinct: number;
  readonly shown: number;
}): string[] {
  const { total, distinct, shown } = found;
  if (total > 0 && distinct === 0) return [`None of ${total} events has a value.`];
  if (shown === distinct) return [];
  return [`Only the ${shown} most frequent of ${distinct} values are shown (--limit).`];
}

export interface ValuesQuestion extends MatchingEvents {
  readonly field: FieldRef;
  readonly limit: number;
}

/** The values of a field, the most frequent first, counted exactly; and how many events have none. */
export async function readFieldValues(
  store: Store,
  { field, limit, ...events }: ValuesQuestion,
  options: QueryOptions,
): Promise<Answer> {
  const params = new SqlParams();
  const text = fieldText(field, params);
  const where = matchingSql(events, params);
  // The group without a value comes first, so that it is known whatever the limit.
  const sql = `
    SELECT
      ${text} AS k0,
      count() AS events,
      sum(count()) OVER () AS total,
      countIf(k0 != '') OVER () AS distinct
    FROM events
    WHERE ${where}
    GROUP BY k0
    ORDER BY k0 = '' DESC, events DESC, k0
    LIMIT ${params.add('UInt32', limit + 1)}`;
  const { rows, missingShards } = await askRows(store, { name: 'values', sql, params }, options);
  const total = Number(rows[0]?.['total'] ?? 0);
  const distinct = Number(rows[0]?.['distinct'] ?? 0);
  const without = rows[0]?.['k0'] === '' ? Number(rows[0]['events']) : 0;
  const valued = rows.filter((row) => row['k0'] !== '').slice(0, limit);
  return {
    question: 'values',
    range: events.range,
    columns: VALUES_SHAPE.columns,
    rows: valued.map((row) => ({
      value: row['k0'] as string,
      events: Number(row['events']),
      share: Number(row['events']) / total,
    })),
    intervalsNs: [],
    facts: factsWith(VALUES_SHAPE.facts, { field: fieldLabel(field), total, without, distinct }),
    notes: notesOf({ total, distinct, shown: valued.length }),
    source: 'events',
    missingShards,
  };
}
