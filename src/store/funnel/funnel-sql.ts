import type { Filter } from '../../engine/model/filter.js';
import type { AnswerRange } from '../../engine/model/question/answer.js';
import type { Journeys } from '../../engine/model/question/journeys.js';
import type { FieldName } from '../metric/rollup.js';
import { IS_SIGN, SIGN_KEY, SIGN_OWNER } from '../presence/session-key.js';
import { filterToSql } from '../query/filter-sql.js';
import { instantSql, type SqlParams } from '../query/sql-params.js';

const NS_PER_MS = 1_000_000n;

/** Which sessions are asked for. */
export interface SessionsAsked {
  readonly journeys: Journeys;
  /** Sessions whose first step lies within. */
  readonly range: AnswerRange;
  /** What is read: all of these sessions, and the pauses before and after. */
  readonly read: AnswerRange;
  /** Asked of the event of the first step. */
  readonly filter: Filter;
  /** Fields of that event. */
  readonly by: readonly FieldName[];
}

/**
 * One row for each session that takes the first step in the range: `owner` (a number that stands for its user), `at0`, `at1`, …
 * (when it took each step, nanoseconds; 0: it did not), `ended` (its last sign), `by0`, `by1`, …, `is_cut_before` and
 * `is_cut_after` (it may reach beyond what was read).
 *
 * A session takes the first step with the first event of it, and each other one with the first event of that step which is not
 * before the step before. The events of a session are brought together from all shards, and nothing depends on the order in which
 * they came. Each step is a SELECT of its own, because the server works out a name used twice in one SELECT twice.
 */
export function funnelSessionsSql(asked: SessionsAsked, params: SqlParams): string {
  const { journeys, range, read, by } = asked;
  const ns = (value: bigint): string => params.add('Int64', String(value));
  const gapNs = BigInt(journeys.spec.sessions.gapMs) * NS_PER_MS;
  const { withinMs } = journeys.spec.funnel;
  const within = withinMs === null ? null : ns(BigInt(withinMs) * NS_PER_MS);
  const later = journeys.funnel.slice(1).map((_, index) => index + 1);
  const entered = `
    SELECT
      owner, ended, entry.1 AS at0,
      ${by.map((_, index) => `entry.${FIRST_BY + index} AS by${index}, `).join('')}
      ${later.map((step) => `times${step}, `).join('')}
      began < ${ns(read.fromNs + gapNs)} AS is_cut_before,
      ended > ${ns(read.toNs - gapNs)} AS is_cut_after
    FROM (${wholeSessionsSql(asked, { gap: ns(gapNs), later, params })})
    WHERE has_entry AND at0 >= ${ns(range.fromNs)} AND at0 < ${ns(range.toNs)}
      AND entry.${FIRST_BY + by.length}`;
  return later.reduce((inner, step) => {
    const before = `at${step - 1}`;
    const isInTime = within === null ? '' : ` AND time - at0 <= ${within}`;
    return `
    SELECT *, arrayMin(arrayFilter(time -> ${before} > 0 AND time >= ${before}${isInTime}, times${step})) AS at${step}
    FROM (${inner})`;
  }, entered);
}

/** Where the fields of `by` begin in an entry, after its time and its action. */
const FIRST_BY = 3;

interface Parts {
  readonly gap: string;
  /** Steps after the first, from 1. */
  readonly later: readonly number[];
  readonly params: SqlParams;
}

/** One row for each session: its `began` and `ended`, `owner`, its first event of the first step, and all times of the others. */
function wholeSessionsSql(asked: SessionsAsked, { gap, later, params }: Parts): string {
  return `
      SELECT
        session[1].1 AS began, session[-1].2 AS ended,
        if(arrayMax(part -> part.3, session).2 = 0, sign_key, arrayMax(part -> part.3, session).2) AS owner,
        arrayExists(part -> part.4, session) AS has_entry,
        arrayFirst(part -> part.4, session).5 AS entry
        ${later.map((step) => `, arrayFlatten(arrayMap(part -> part.${5 + step}, session)) AS times${step}`).join('')}
      FROM
      (
        SELECT
          sign_key,
          arrayJoin(arraySplit((part, before) -> part.1 - before.2 >= ${gap},
            parts, arrayPushFront(arrayPopBack(parts), parts[1]))) AS session
        FROM
        (
          SELECT
            sign_key,
            arraySort(part -> part.1, groupArray((first_ns, last_ns, owner_seen, has_entry, entry
              ${later.map((step) => `, times${step}`).join('')}))) AS parts
          FROM (${slotsSql(asked, { gap, later, params })})
          GROUP BY sign_key
        )
      )`;
}

/**
 * What a session did in one slot of time, as long as the gap, so that a pause never lies within one. Shards send it half made: of
 * the first step one event a slot is enough, and only later ones keep each time.
 */
function slotsSql({ journeys, read, filter, by }: SessionsAsked, parts: Parts): string {
  const { gap, params } = parts;
  const time = 'toUnixTimestamp64Nano(ts)';
  const [first, ...others] = journeys.funnel.map((step) => filterToSql(step.filter, params));
  const entry = [
    time,
    'op_id',
    ...by.map((field) => `toString(\`${field}\`)`),
    `toUInt8(${filterToSql(filter, params)})`,
  ];
  return `
            SELECT
              ${SIGN_KEY} AS sign_key,
              intDiv(${time}, ${gap}) AS slot,
              min(${time}) AS first_ns, max(${time}) AS last_ns,
              maxIf((${time}, ${SIGN_OWNER}), user_id != '') AS owner_seen,
              max(${first ?? '0'}) AS has_entry,
              minIf((${entry.join(', ')}), ${first ?? '0'}) AS entry
              ${others.map((step, index) => `, groupUniqArrayIf(${time}, ${step}) AS times${index + 1}`).join('')}
            FROM events
            WHERE ts >= ${instantSql(read.fromNs, params)} AND ts < ${instantSql(read.toNs, params)}
              AND (${IS_SIGN})
            GROUP BY sign_key, slot`;
}
