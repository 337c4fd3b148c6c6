import { EVENT_FIELDS, type EventField } from '../../engine/model/event.js';
import {
  factsWith,
  type Answer,
  type AnswerRow,
  type AnswerShape,
} from '../../engine/model/question/answer.js';
import { formatRfc3339 } from '../../engine/model/timestamp.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { SqlParams } from '../query/sql-params.js';
import { askRows, type BuiltQuery, type Row } from '../query/ask-rows.js';
import { matchingSql, type MatchingEvents } from './matching-events.js';

/** What `readFields` answers. */
export const FIELDS_SHAPE: AnswerShape = {
  columns: [
    { name: 'field', kind: 'text', summary: 'As filters, --fields and --by name it.' },
    { name: 'type', kind: 'text', summary: 'string, integer, number, decimal or time.' },
    { name: 'events', kind: 'count', summary: 'Events that have a value.' },
    { name: 'share', kind: 'share', summary: 'Of all events that were asked about.' },
    {
      name: 'distinct',
      kind: 'count',
      summary: 'Different values: exact up to 32,000, within 1 % beyond.',
    },
    {
      name: 'example',
      kind: 'text',
      summary: 'The smallest value, of texts the first in alphabetical order.',
    },
  ],
  facts: [{ name: 'total', kind: 'count', summary: 'Events that were asked about.' }],
};

/** More characters of a value do not help to recognise it. */
const EXAMPLE_CHARACTERS_MAX = 100;

export interface FieldsQuestion extends MatchingEvents {
  /** What the name begins with; of a key of attrs also without `attrs.`. */
  readonly prefix: string;
  readonly limit: number;
}

/** The event's fields and the keys of attrs that have a value: in how many events, how many values, and one of them. */
export async function readFields(
  store: Store,
  question: FieldsQuestion,
  options: QueryOptions,
): Promise<Answer> {
  const names = fieldNames(question.prefix);
  const [columns, keys] = await Promise.all([
    askRows(store, columnsQuery(question, names), options),
    askRows(store, keysQuery(question), options),
  ]);
  const [summary = {}] = columns.rows;
  const total = Number(summary['total'] ?? 0);
  const rows = [
    ...names.map((name, index) => columnRow(name, summary, { index, total })),
    ...keys.rows.map((row) => keyRow(row, total)),
  ].filter(({ events }) => events !== 0);
  const { limit } = question;
  return {
    question: 'fields',
    range: question.range,
    columns: FIELDS_SHAPE.columns,
    rows: rows.slice(0, limit),
    intervalsNs: [],
    facts: factsWith(FIELDS_SHAPE.facts, { total }),
    notes: rows.length > limit ? [`Only the first ${limit} fields are shown (--limit).`] : [],
    source: 'events',
    missingShards: [...new Set([...columns.missingShards, ...keys.missingShards])].sort(),
  };
}

type ColumnName = Exclude<EventField, 'attrs'>;

function fieldNames(prefix: string): ColumnName[] {
  const names = Object.keys(EVENT_FIELDS) as EventField[];
  return names.filter(
    (name): name is ColumnName => name !== 'attrs' && name.startsWith(prefix.toLowerCase()),
  );
}

/** All columns at once: each is read a single time, on all shards at the same time. */
function columnsQuery(question: FieldsQuestion, names: readonly ColumnName[]): BuiltQuery {
  const params = new SqlParams();
  const figures = names.flatMap((name, index) => {
    const isThere = isThereSql(name);
    return [
      `countIf(${isThere}) AS n${index}`,
      `uniqCombined64If(20)(\`${name}\`, ${isThere}) AS d${index}`,
      `${exampleSql(name, isThere)} AS e${index}`,
    ];
  });
  return {
    name: 'fields',
    sql: `
    SELECT ${['count() AS total', ...figures].join(', ')}
    FROM events
    WHERE ${matchingSql(question, params)}
    LIMIT 1`,
    params,
  };
}

function isThereSql(name: ColumnName): string {
  if (name === 'ts') return '1';
  return EVENT_FIELDS[name] === 'string' ? `\`${name}\` != ''` : `\`${name}\` IS NOT NULL`;
}

/** Only the smallest is made a text, not each. */
function exampleSql(name: ColumnName, isThere: string): string {
  if (name === 'ts') return 'toString(toUnixTimestamp64Nano(min(ts)))';
  const text = `ifNull(toString(minIf(\`${name}\`, ${isThere})), '')`;
  return `substringUTF8(${text}, 1, ${EXAMPLE_CHARACTERS_MAX})`;
}

function columnRow(
  name: ColumnName,
  summary: Row,
  { index, total }: { readonly index: number; readonly total: number },
): AnswerRow {
  const events = Number(summary[`n${index}`] ?? 0);
  const example = (summary[`e${index}`] as string | undefined) ?? '';
  return {
    field: name,
    type: EVENT_FIELDS[name],
    events,
    share: events / total,
    distinct: Number(summary[`d${index}`] ?? 0),
    example: name === 'ts' ? formatRfc3339(BigInt(example)) : example,
  };
}

const ATTRS_PREFIX = 'attrs.';

function keysQuery(question: FieldsQuestion): BuiltQuery {
  const { prefix, limit } = question;
  const params = new SqlParams();
  const key = prefix.startsWith(ATTRS_PREFIX) ? prefix.slice(ATTRS_PREFIX.length) : prefix;
  // Nothing but the keys is asked for by `attrs.`, and by a part of it.
  const wanted = ATTRS_PREFIX.startsWith(prefix) ? '' : key;
  return {
    name: 'attrs_keys',
    sql: `
    WITH attrs[key] AS value
    SELECT
      key AS k0,
      count() AS n,
      uniqCombined64(20)(value) AS d,
      substringUTF8(toString(min(value)), 1, ${EXAMPLE_CHARACTERS_MAX}) AS e
    FROM events
    ARRAY JOIN arrayDistinct(mapKeys(attrs)) AS key
    WHERE ${matchingSql(question, params)} AND value != '' AND startsWith(key, ${params.add('String', wanted)})
    GROUP BY k0
    ORDER BY n DESC, k0
    LIMIT ${params.add('UInt32', limit + 1)}`,
    params,
  };
}

function keyRow(row: Row, total: number): AnswerRow {
  const events = Number(row['n']);
  return {
    field: `${ATTRS_PREFIX}${row['k0'] as string}`,
    type: 'string',
    events,
    share: events / total,
    distinct: Number(row['d']),
    example: row['e'] as string,
  };
}
