import type { Buckets } from '../../engine/model/question/answer.js';
import type { SqlParams } from '../query/sql-params.js';

/** The start of the interval that a time (SQL, milliseconds) lies in. Boundaries are worked out here: zones and their jumps are ours. */
export function bucketSql({ startsMs }: Buckets, time: string, params: SqlParams): string {
  return `roundDown(${time}, ${params.add('Array(Int64)', startsMs)})`;
}
