import type { AnswerRange, AnswerSource } from '../../engine/model/question/answer.js';
import { SqlParams } from '../query/sql-params.js';
import { sessionSlots, type SignsOfLife } from './session-slots.js';

/** Who was there when: asked of the signs of life in a wider range. */
export interface PresenceQuestion extends SignsOfLife {
  readonly range: AnswerRange;
  /** Starts of the intervals, nanoseconds, ascending; the first one is where the range begins. */
  readonly startsNs: readonly bigint[];
  /** A moment of the range to look at closely; null: none. */
  readonly probeNs: bigint | null;
  /** A session with a sign at this moment or later may go on; null: none does. */
  readonly openSinceNs: bigint | null;
}

export interface PresenceQuery {
  readonly sql: string;
  readonly params: SqlParams;
  readonly source: AnswerSource;
}

/** Later than any moment. */
export const NEVER_NS = 2n ** 63n - 1n;

/**
 * One row for each interval. Signs become sessions (a pause of the gap parts them), the sessions of a user become marks of his
 * coming and going, and all marks in the order of time, added up, are how many are there at each moment. A mark without anybody stands
 * at the start of each interval and at the probe, so that what is there already counts, too.
 *
 * Each step is a SELECT of its own: the server works out a name used twice in one SELECT twice, and planning took longer than answering.
 */
export function buildPresence(question: PresenceQuestion): PresenceQuery {
  const params = new SqlParams();
  const slots = sessionSlots(question, params);
  const starts = params.add('Array(Int64)', question.startsNs);
  const marks = marksSql(usersSql(question, { slots: slots.sql, params }), {
    starts,
    to: params.add('Int64', String(question.range.toNs)),
  });
  const probe = params.add('Int64', String(question.probeNs ?? -1n));
  return {
    source: slots.source,
    params,
    sql: `
    SELECT
      interval_start,
      max(total) AS total_peak, argMax(at, (total, -at)) AS total_at,
      max(total - buying) AS viewing_peak, argMax(at, (total - buying, -at)) AS viewing_at,
      max(buying) AS buying_peak, argMax(at, (buying, -at)) AS buying_at,
      maxIf(total, at = interval_start) + sum(is_new_user) AS users,
      maxIf(sessions_there, at = interval_start) + sum(is_new_session) AS sessions,
      maxIf(total, at = ${probe}) AS probe_total,
      maxIf(buying, at = ${probe}) AS probe_buying,
      min(open_first) AS open_first_ns,
      max(is_cut_before) AS is_cut_before,
      max(is_cut_after) AS is_cut_after
    FROM
    (
      SELECT
        at, interval_start, is_new_user, is_new_session, open_first, is_cut_before, is_cut_after,
        sum(user_change) OVER moments AS total,
        sum(buying_change) OVER moments AS buying,
        sum(session_change) OVER moments AS sessions_there
      FROM
      (
        ${marks}
        UNION ALL
        SELECT
          mark.1 AS at, mark.2 AS interval_start,
          0 AS user_change, 0 AS buying_change, 0 AS session_change, 0 AS is_new_user, 0 AS is_new_session,
          ${NEVER_NS} AS open_first, 0 AS is_cut_before, 0 AS is_cut_after
        FROM (SELECT arrayJoin(arrayZip(${stillMarks(question, params)})) AS mark)
      )
      WINDOW moments AS (ORDER BY at)
    )
    GROUP BY interval_start
    ORDER BY interval_start
    LIMIT ${params.add('UInt32', question.startsNs.length)}`,
  };
}

/** Moments that are looked at though nobody comes or goes, and the starts of their intervals. */
function stillMarks({ startsNs, probeNs }: PresenceQuestion, params: SqlParams): string {
  const probes = probeNs === null ? [] : [probeNs];
  const intervals = probes.map((atNs) => startsNs.findLast((startNs) => startNs <= atNs) ?? atNs);
  const moments = params.add('Array(Int64)', [...startsNs, ...probes]);
  return `${moments}, ${params.add('Array(Int64)', [...startsNs, ...intervals])}`;
}

/** Users with the sessions that touch the range, each from its first sign to its end, cut to the range. */
function usersSql(
  question: PresenceQuestion,
  { slots, params }: { readonly slots: string; readonly params: SqlParams },
): string {
  const { range, read, sessions, openSinceNs } = question;
  const ns = (value: bigint): string => params.add('Int64', String(value));
  const from = ns(range.fromNs);
  const to = ns(range.toNs);
  const gap = ns(BigInt(sessions.gapMs) * NS_PER_MS);
  const linger = ns(BigInt(sessions.lingerMs) * NS_PER_MS);
  return `
          SELECT
            if(owner = 0, sign_key, owner) AS user_key,
            groupArray((greatest(first, ${from}), least(last + ${linger}, ${to}), is_buying)) AS stays,
            min(if(is_buying = 0 AND last >= ${ns(openSinceNs ?? NEVER_NS)}, first, ${NEVER_NS})) AS open_first,
            max(first < ${ns(read.fromNs + BigInt(sessions.gapMs) * NS_PER_MS)}) AS is_cut_before,
            max(last > ${ns(read.toNs - BigInt(sessions.gapMs) * NS_PER_MS)}) AS is_cut_after
          FROM
          (
            SELECT
              sign_key, session[1].1 AS first, session[-1].2 AS last,
              arrayMax(part -> part.3, session) AS is_buying, arrayMax(part -> part.4, session).2 AS owner
            FROM
            (
              SELECT
                sign_key,
                arrayJoin(arraySplit((part, before) -> part.1 - before.2 >= ${gap},
                  parts, arrayPushFront(arrayPopBack(parts), parts[1]))) AS session
              FROM
              (
                SELECT sign_key, arraySort(groupArray((first_ns, last_ns, is_buying, owner_seen))) AS parts
                FROM (${slots})
                GROUP BY sign_key
              )
            )
          )
          WHERE first < ${to} AND last > ${ns(range.fromNs - BigInt(sessions.lingerMs) * NS_PER_MS)}
          GROUP BY user_key`;
}

/** What a user's sessions change, in the order of time; where one begins as another ends, he stays. */
function marksSql(
  users: string,
  { starts, to }: { readonly starts: string; readonly to: string },
): string {
  return `
        SELECT
          at, roundDown(at, ${starts}) AS interval_start,
          (there > 0) - (there > step) AS user_change,
          (buying_there > 0) - (buying_there > step * buying) AS buying_change,
          step AS session_change,
          user_change > 0 AND at > interval_start AND at_before <= interval_start AS is_new_user,
          step > 0 AND at > interval_start AS is_new_session,
          open_first, is_cut_before, is_cut_after
        FROM
        (
          SELECT
            mark.1 AS at, -mark.2 AS step, mark.3 AS buying,
            there, buying_there, at_before, open_first, is_cut_before, is_cut_after
          FROM
          (
            SELECT
              open_first, is_cut_before, is_cut_after,
              arraySort(arrayConcat(
                arrayMap(stay -> (stay.1, toInt8(-1), stay.3), stays),
                arrayMap(stay -> (stay.2, toInt8(1), stay.3), stays))) AS marks
            FROM (${users})
          )
          ARRAY JOIN
            marks AS mark,
            arrayCumSum(mark -> -mark.2, marks) AS there,
            arrayCumSum(mark -> -mark.2 * mark.3, marks) AS buying_there,
            arrayPushFront(arrayPopBack(marks.1), 0) AS at_before
        )
        WHERE at < ${to}`;
}

const NS_PER_MS = 1_000_000n;
