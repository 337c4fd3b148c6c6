import type { Filter } from '../../engine/model/filter.js';
import { filterToSql } from '../query/filter-sql.js';
import type { LogRange } from '../query/log-cursor.js';
import { rangeToSql } from '../query/log-query.js';
import type { SqlParams } from '../query/sql-params.js';

/** All that a search for logs finds, on whatever page. */
export interface MatchingLines {
  readonly filter: Filter;
  readonly range: LogRange;
}

/** The condition on a row of `events`. */
export function linesSql({ filter, range }: MatchingLines, params: SqlParams): string {
  const conditions = [...rangeToSql(range, params), filterToSql(filter, params)];
  return conditions.map((condition) => `(${condition})`).join(' AND ');
}
