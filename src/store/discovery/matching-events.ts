import type { Filter } from '../../engine/model/filter.js';
import type { AnswerRange } from '../../engine/model/question/answer.js';
import { filterToSql } from '../query/filter-sql.js';
import { instantSql, type SqlParams } from '../query/sql-params.js';

/** The events that a question is about. */
export interface MatchingEvents {
  readonly range: AnswerRange;
  readonly filter: Filter;
}

/** The condition on a row of `events`. */
export function matchingSql({ range, filter }: MatchingEvents, params: SqlParams): string {
  const conditions = [
    `ts >= ${instantSql(range.fromNs, params)}`,
    `ts < ${instantSql(range.toNs, params)}`,
    filterToSql(filter, params),
  ];
  return conditions.map((condition) => `(${condition})`).join(' AND ');
}
