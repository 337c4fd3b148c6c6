import type { LetterField, LetterFilter } from '../../engine/model/dead-letter.js';
import { LETTER_FIELDS } from '../../engine/model/dead-letter.js';
import type { FieldRef, Filter } from '../../engine/model/filter.js';
import { instantSql, type SqlParams } from '../query/sql-params.js';

/** Bytes in which a producer's name is looked for. */
const PRODUCER_BYTES_MAX = 65_536;

/** Queue time; when it was stored where the queue had no time that is one. */
export const LETTER_TIME_SQL =
  'if(toUnixTimestamp64Milli(queue_time) > 0, queue_time, ingested_at)';

/** The place of a letter, as all tables of letters are ordered. */
export const LETTER_KEY_SQL = 'topic, epoch, partition, offset';

/** Whether it is in the queue again; asked on its own shard, which knows of all. */
export const IS_REPLAYED_SQL = `(${LETTER_KEY_SQL}) IN (SELECT ${LETTER_KEY_SQL} FROM replayed_letters)`;

/** A letter whose drop was noted and not done is dropped. */
const IS_THERE_SQL = `(${LETTER_KEY_SQL}) NOT IN (SELECT ${LETTER_KEY_SQL} FROM dropped_letters_local)`;

/** What stands for each field that a condition can ask of. A producer is looked for in bytes that are no JSON, too. */
const FIELD_SQL: Readonly<Record<LetterField, string>> = {
  reason: 'reason',
  topic: 'topic',
  partition: 'partition',
  offset: 'offset',
  key: 'key',
  producer: `extract(substring(raw, 1, ${PRODUCER_BYTES_MAX}), '"service"\\\\s*:\\\\s*"([^"\\\\\\\\]{1,200})"')`,
  size: 'length(raw)',
};

export const PRODUCER_SQL = FIELD_SQL.producer;

/** What must hold of a row of `dead_letters_local` that the filter means. */
export function letterConditions(filter: LetterFilter, params: SqlParams): string[] {
  const { reasons, topics, fromNs, toNs, where, state } = filter;
  const conditions = [IS_THERE_SQL];
  if (topics.length > 0) conditions.push(`topic IN ${params.add('Array(String)', topics)}`);
  if (reasons.length > 0) conditions.push(`reason IN ${params.add('Array(String)', reasons)}`);
  if (fromNs !== null) conditions.push(`${LETTER_TIME_SQL} >= ${instantSql(fromNs, params)}`);
  if (toNs !== null) conditions.push(`${LETTER_TIME_SQL} < ${instantSql(toNs, params)}`);
  if (state !== null)
    conditions.push(state === 'replayed' ? IS_REPLAYED_SQL : `NOT ${IS_REPLAYED_SQL}`);
  conditions.push(whereToSql(where, params));
  return conditions.map((condition) => `(${condition})`);
}

/** The condition on a letter that the filter's keys, all of them names of `LETTER_FIELDS`, say. */
function whereToSql(filter: Filter, params: SqlParams): string {
  switch (filter.kind) {
    case 'all':
      return joined(filter.parts, 'AND', '1', params);
    case 'any':
      return joined(filter.parts, 'OR', '0', params);
    case 'not':
      return `NOT (${whereToSql(filter.part, params)})`;
    case 'text':
      return `${sqlOf(filter.field)} IN ${params.add('Array(String)', filter.values)}`;
    case 'part': {
      const pair = `(${sqlOf(filter.field)}, ${params.add('String', filter.text)})`;
      if (filter.place === 'anywhere') return `position${pair} > 0`;
      return `${filter.place === 'start' ? 'startsWith' : 'endsWith'}${pair}`;
    }
    case 'number':
      // The server compares whole numbers with a double exactly. No number is NULL, which must not spread into NOT.
      return `ifNull(${numberSql(filter.field)} ${filter.relation} ${params.add('Float64', filter.value)}, 0)`;
    case 'regex':
      return `match(${sqlOf(filter.field)}, ${params.add('String', filter.pattern)})`;
    case 'exists':
      return `toString(${sqlOf(filter.field)}) != ''`;
    case 'word':
    case 'decimal':
    case 'time':
    case 'source':
      throw new Error(`BUG: a dead letter has no ${filter.kind}`);
  }
}

function joined(
  parts: readonly Filter[],
  by: 'AND' | 'OR',
  empty: string,
  params: SqlParams,
): string {
  if (parts.length === 0) return empty;
  return parts.map((part) => `(${whereToSql(part, params)})`).join(` ${by} `);
}

/** A text is read as a number where it is asked as one. */
function numberSql(field: FieldRef): string {
  const sql = sqlOf(field);
  const isText = LETTER_FIELDS[nameOf(field)] === 'text';
  return isText ? `toFloat64OrNull(${sql})` : sql;
}

function sqlOf(field: FieldRef): string {
  return FIELD_SQL[nameOf(field)];
}

function nameOf(field: FieldRef): LetterField {
  if (field.kind === 'attr' && Object.hasOwn(FIELD_SQL, field.key)) return field.key as LetterField;
  throw new Error('BUG: a condition on a dead letter asks for a field that it has not');
}
