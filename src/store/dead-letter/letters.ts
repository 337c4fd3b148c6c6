import type {
  DeadLetter,
  LetterFilter,
  LetterPlace,
  LetterSummary,
} from '../../engine/model/dead-letter.js';
import { defineQuery, type QueryAnswer, type QueryOptions } from '../clickhouse/define-query.js';
import { bigint, number, rowOf, text, truth } from '../clickhouse/row-check.js';
import type { Store } from '../clickhouse/store.js';
import { SqlParams } from '../query/sql-params.js';
import {
  IS_REPLAYED_SQL,
  LETTER_KEY_SQL,
  LETTER_TIME_SQL,
  letterConditions,
  PRODUCER_SQL,
} from './letter-sql.js';

/** First bytes that a list knows of a letter: what the widest terminal shows in a line. */
export const SAMPLE_BYTES = 400;

/** Where a page of letters ended: newest first, so the next one is older. */
export type LetterCursor = LetterPlace & { readonly timeMs: number };

const SUMMARY_COLUMNS = `
      topic, epoch, partition, offset, ${IS_REPLAYED_SQL} AS isReplayed, reason,
      toUnixTimestamp64Milli(${LETTER_TIME_SQL}) AS timeMs, base64Encode(key) AS keyBytes,
      base64Encode(${PRODUCER_SQL}) AS producer, length(raw) AS size, base64Encode(substring(raw, 1, ${SAMPLE_BYTES})) AS sample`;

const summaryColumns = {
  topic: text,
  epoch: number,
  partition: number,
  offset: bigint,
  isReplayed: truth,
  reason: text,
  timeMs: number,
  keyBytes: text,
  producer: text,
  size: number,
  sample: text,
};
const summaryRow = rowOf(summaryColumns);
const letterRow = rowOf({ ...summaryColumns, rawBytes: text, storedAtMs: number });
type SummaryRow = ReturnType<typeof summaryRow.parse>;
type LetterRow = ReturnType<typeof letterRow.parse>;

/** One page of letters. */
export interface LettersAsked {
  readonly filter: LetterFilter;
  readonly limit: number;
  readonly after: LetterCursor | null;
}

/** The letters of a filter, newest first. */
export async function readLetters(
  store: Store,
  { filter, limit, after }: LettersAsked,
  options: QueryOptions,
): Promise<QueryAnswer<LetterSummary>> {
  const params = new SqlParams();
  const conditions = letterConditions(filter, params);
  if (after !== null) conditions.push(beforeSql(after, params));
  const ask = defineQuery({
    name: 'letters',
    params: { parse: (values) => values as SqlParams['values'] },
    row: summaryRow,
    sql: `
    SELECT ${SUMMARY_COLUMNS}
    FROM dead_letters_local
    WHERE ${conditions.join(' AND ')}
    ORDER BY timeMs DESC, topic DESC, epoch DESC, partition DESC, offset DESC
    LIMIT ${params.add('UInt32', limit)}`,
    merge: { limit, compare: newestFirst },
  });
  const { rows, missingShards } = await ask(store, params.values, options);
  return { rows: rows.map(toSummary), missingShards };
}

/** Letters with their bytes, in the order of their places. `epoch` null: of every life of the topic. */
export async function readLettersAt(
  store: Store,
  {
    topic,
    epoch,
    partition,
    offset,
  }: Omit<LetterPlace, 'epoch'> & { readonly epoch: number | null },
  options: QueryOptions,
): Promise<QueryAnswer<DeadLetter>> {
  const params = new SqlParams();
  const conditions = [
    `topic = ${params.add('String', topic)}`,
    ...(epoch === null ? [] : [`epoch = ${params.add('UInt32', epoch)}`]),
    `partition = ${params.add('UInt32', partition)}`,
    `offset = ${params.add('UInt64', String(offset))}`,
    `(${LETTER_KEY_SQL}) NOT IN (SELECT ${LETTER_KEY_SQL} FROM dropped_letters_local)`,
  ];
  const { rows, missingShards } = await askWhole(
    store,
    { conditions, params, limit: EPOCHS_MAX },
    options,
  );
  return { rows: rows.map(toLetter), missingShards };
}

/** Far more lives than a topic ever has. */
const EPOCHS_MAX = 1_000;

/** The next letters of a filter with their bytes, in the order of their places; null begins at the first. */
export async function readWholeLetters(
  store: Store,
  {
    filter,
    limit,
    after,
  }: { readonly filter: LetterFilter; readonly limit: number; readonly after: LetterPlace | null },
  options: QueryOptions,
): Promise<QueryAnswer<DeadLetter>> {
  const params = new SqlParams();
  const conditions = letterConditions(filter, params);
  if (after !== null) {
    // The plain bound beside the tuple: the tuple alone does not narrow what is read.
    const topic = params.add('String', after.topic);
    const rest = [
      params.add('UInt32', after.epoch),
      params.add('UInt32', after.partition),
      params.add('UInt64', String(after.offset)),
    ];
    conditions.push(`topic >= ${topic}`, `(${LETTER_KEY_SQL}) > (${topic}, ${rest.join(', ')})`);
  }
  const { rows, missingShards } = await askWhole(store, { conditions, params, limit }, options);
  return { rows: rows.map(toLetter), missingShards };
}

function askWhole(
  store: Store,
  {
    conditions,
    params,
    limit,
  }: { readonly conditions: readonly string[]; readonly params: SqlParams; readonly limit: number },
  options: QueryOptions,
): Promise<QueryAnswer<LetterRow>> {
  const ask = defineQuery({
    name: 'whole_letters',
    params: { parse: (values) => values as SqlParams['values'] },
    row: letterRow,
    sql: `
    SELECT ${SUMMARY_COLUMNS}, base64Encode(raw) AS rawBytes, toUnixTimestamp64Milli(ingested_at) AS storedAtMs
    FROM dead_letters_local
    WHERE ${conditions.join(' AND ')}
    ORDER BY ${LETTER_KEY_SQL}
    LIMIT ${params.add('UInt32', limit)}`,
    merge: { limit, compare: byPlace },
  });
  return ask(store, params.values, options);
}

function beforeSql(after: LetterCursor, params: SqlParams): string {
  const key = [
    params.add('Int64', String(after.timeMs)),
    params.add('String', after.topic),
    params.add('UInt32', after.epoch),
    params.add('UInt32', after.partition),
    params.add('UInt64', String(after.offset)),
  ];
  return `(timeMs, topic, epoch, partition, offset) < (${key.join(', ')})`;
}

function toSummary(row: SummaryRow): LetterSummary {
  const { isReplayed, keyBytes, producer, sample, ...rest } = row;
  return {
    ...rest,
    state: isReplayed ? 'replayed' : 'waiting',
    key: Buffer.from(keyBytes, 'base64'),
    producer: Buffer.from(producer, 'base64').toString('utf8'),
    sample: Buffer.from(sample, 'base64'),
  };
}

function toLetter({ rawBytes, storedAtMs, ...row }: LetterRow): DeadLetter {
  return { ...toSummary(row), raw: Buffer.from(rawBytes, 'base64'), storedAtMs };
}

function newestFirst(a: SummaryRow, b: SummaryRow): number {
  return b.timeMs - a.timeMs || byPlace(b, a);
}

function byPlace(a: LetterPlace, b: LetterPlace): number {
  const byOffset = a.offset < b.offset ? -1 : Number(a.offset > b.offset);
  return (
    Buffer.compare(Buffer.from(a.topic), Buffer.from(b.topic)) ||
    a.epoch - b.epoch ||
    a.partition - b.partition ||
    byOffset
  );
}
