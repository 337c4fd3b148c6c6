import type { AnswerRange } from '../../engine/model/question/answer.js';
import type { AsOf } from '../../engine/model/question/as-of.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { filterToSql } from '../query/filter-sql.js';
import { SqlParams } from '../query/sql-params.js';
import { askRows } from '../query/ask-rows.js';
import { chainsSql, patienceNs, type ChainsAsked } from './chain-sql.js';
import { findReadingEnd } from './reading-end.js';

/** A question about chains of attempts. */
export interface ChainsQuestion extends Omit<ChainsAsked, 'untilNs'> {
  readonly asOf: AsOf;
  readonly limit: number;
}

/** The question with where its reading ends: all chains of the range are whole. */
export async function withReadingEnd<Q extends ChainsQuestion>(
  store: Store,
  question: Q,
  options: QueryOptions,
): Promise<Q & ChainsAsked> {
  const { range, asOf, journeys } = question;
  const pauseNs = patienceNs(journeys);
  const countUnended = async (untilNs: bigint): Promise<number> => {
    const params = new SqlParams();
    const chains = chainsSql({ ...question, untilNs }, params);
    const end = params.add('Int64', String(untilNs - pauseNs));
    const sql = `SELECT countIf(ended >= ${end}) AS unended FROM (${chains}) LIMIT 1`;
    const { rows } = await askRows(store, { name: 'unended_chains', sql, params }, options);
    return Number(rows[0]?.['unended'] ?? 0);
  };
  const { toNs } = range;
  const untilNs = await findReadingEnd({ toNs, pauseNs, newestNs: asOf.newestNs, countUnended });
  return { ...question, untilNs };
}

/** Attempts without an order belong to no chain: a number that leaves them out says so. */
export async function noteUnlinked(
  store: Store,
  { journeys, range, filter }: ChainsQuestion,
  options: QueryOptions,
): Promise<string[]> {
  const params = new SqlParams();
  const sql = `
    SELECT count() AS unlinked FROM events
    WHERE ${inRange(range, params)} AND order_id = ''
      AND (${filterToSql(journeys.attempts, params)}) AND (${filterToSql(filter, params)})
    LIMIT 1`;
  const { rows } = await askRows(store, { name: 'unlinked_attempts', sql, params }, options);
  const count = Number(rows[0]?.['unlinked'] ?? 0);
  if (count === 0) return [];
  return [
    count === 1
      ? '1 attempt has no order_id and is in no chain.'
      : `${count} attempts have no order_id and are in no chain.`,
  ];
}

function inRange({ fromNs, toNs }: AnswerRange, params: SqlParams): string {
  const instant = (ns: bigint): string =>
    `fromUnixTimestamp64Nano(${params.add('Int64', String(ns))}, 'UTC')`;
  return `ts >= ${instant(fromNs)} AND ts < ${instant(toNs)}`;
}
