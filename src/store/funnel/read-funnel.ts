import type { Filter } from '../../engine/model/filter.js';
import type { Answer, AnswerRange, Buckets } from '../../engine/model/question/answer.js';
import { asOfFact, withProvisional, type AsOf } from '../../engine/model/question/as-of.js';
import type { Journeys } from '../../engine/model/question/journeys.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { bucketSql } from '../metric/bucket-sql.js';
import { intervalsOf } from '../metric/fill-buckets.js';
import { notesOf } from '../metric/read-figures.js';
import type { FieldName } from '../metric/rollup.js';
import { IS_SIGN } from '../presence/session-key.js';
import { readWidely } from '../presence/read-widely.js';
import { askRows, type Row } from '../query/ask-rows.js';
import { filterToSql } from '../query/filter-sql.js';
import { instantSql, SqlParams } from '../query/sql-params.js';
import { fillGroups, funnelColumns, rowsOfGroup, type Group } from './funnel-rows.js';
import { funnelSessionsSql, type SessionsAsked } from './funnel-sql.js';

/** A question for the way from step to step. */
export interface FunnelQuestion {
  readonly journeys: Journeys;
  /** Sessions whose first step lies within; what comes after it still counts. */
  readonly range: AnswerRange;
  /** Intervals of the first step; null: one total for the whole range. */
  readonly buckets: Buckets | null;
  /** Fields of the event of the first step. */
  readonly by: readonly FieldName[];
  /** Asked of the event of the first step. */
  readonly filter: Filter;
  readonly asOf: Pick<AsOf, 'asOfNs' | 'finalNs'>;
  /** Rows. */
  readonly limit: number;
}

/** How many sessions and users came to each step, how many were lost on the way, and how long it took. */
export async function readFunnel(
  store: Store,
  question: FunnelQuestion,
  options: QueryOptions,
): Promise<Answer> {
  const { journeys, range, buckets, by, limit, asOf } = question;
  const isFilled = buckets !== null && by.length === 0;
  const [found, notes] = await Promise.all([
    readWidely({ range, sessions: journeys.spec.sessions }, (read) =>
      askOnce(store, { ...question, read }, options),
    ),
    noteNobodys(store, question, options),
  ]);
  const groups = isFilled ? fillGroups(found.groups, question) : found.groups;
  const rows = groups.flatMap((group) => rowsOfGroup(group, question));
  const most = isFilled ? rows.length : limit;
  return {
    question: 'funnel',
    range,
    columns: funnelColumns(question),
    rows: rows
      .slice(0, most)
      .map((row) => withProvisional(row, { range, buckets, finalNs: asOf.finalNs })),
    intervalsNs: intervalsOf(buckets),
    facts: [asOfFact(asOf)],
    notes: [...notes, ...(found.isCut ? [CUT_NOTE] : []), ...notesOf(rows.length, most)],
    source: 'events',
    missingShards: found.missingShards,
  };
}

async function askOnce(
  store: Store,
  question: FunnelQuestion & SessionsAsked,
  options: QueryOptions,
) {
  const { rows, missingShards } = await askRows(store, funnelQuery(question), options);
  const cut = {
    isBefore: rows.some((row) => Number(row['cut_before']) === 1),
    isAfter: rows.some((row) => Number(row['cut_after']) === 1),
  };
  const groups = rows.map((row) => decodeGroup(row, question));
  return { cut, answer: { groups, isCut: cut.isBefore || cut.isAfter, missingShards } };
}

/** Groups that outgrow this go to disk instead of ending the question. */
const SPILL_BYTES = 1024 ** 3;

function funnelQuery(asked: FunnelQuestion & SessionsAsked) {
  const { journeys, buckets, by, limit, asOf } = asked;
  const params = new SqlParams();
  const sessions = funnelSessionsSql(asked, params);
  const steps = journeys.funnel.map((_, step) => step);
  const keys = [
    ...(buckets === null ? [] : [bucketSql(buckets, 'intDiv(at0, 1000000)', params)]),
    ...by.map((_, index) => `by${index}`),
  ];
  const keyNames = keys.map((_, index) => `k${index}`);
  const took = (level: number): string =>
    steps
      .map((step) => {
        const span = step === 0 ? '0' : `at${step} - at${step - 1}`;
        return `quantileExactLowIf(${level})(toInt64(${span}), at${step} > 0)`;
      })
      .join(', ');
  const open = params.add('Int64', String(asOf.finalNs - gapNs(journeys)));
  const cells = [
    ...keys.map((key, index) => `${key} AS ${keyNames[index] ?? ''}`),
    `[${steps.map((step) => `countIf(at${step} > 0)`).join(', ')}] AS sessions`,
    `[${steps.map((step) => `uniqExactIf(owner, at${step} > 0)`).join(', ')}] AS users`,
    `[${took(0.5)}] AS took50`,
    `[${took(0.95)}] AS took95`,
    `max(ended > ${open}) AS is_open`,
    'max(is_cut_before) AS cut_before',
    'max(is_cut_after) AS cut_after',
  ];
  // By time as clocks go; without it the largest first, and never in an order of chance.
  const order = buckets === null ? ['sessions[1] DESC', ...keyNames] : keyNames;
  // An answer over time without a split has a row for each interval, whatever the limit.
  const isFilled = buckets !== null && by.length === 0;
  const most = isFilled ? buckets.startsMs.length : Math.ceil(limit / steps.length) + 1;
  const sql = `
    SELECT ${cells.join(', ')}
    FROM (${sessions})
    ${keys.length === 0 ? '' : `GROUP BY ${keyNames.join(', ')}`}
    ORDER BY ${order.join(', ')}
    LIMIT ${params.add('UInt32', most)}`;
  const settings = {
    max_bytes_before_external_group_by: SPILL_BYTES,
    max_bytes_before_external_sort: SPILL_BYTES,
  };
  return { name: 'funnel', sql, params, settings };
}

const NS_PER_MS = 1_000_000n;

function gapNs({ spec }: Journeys): bigint {
  return BigInt(spec.sessions.gapMs) * NS_PER_MS;
}

function decodeGroup(row: Row, { buckets, by }: FunnelQuestion): Group {
  const first = buckets === null ? 0 : 1;
  const numbers = (name: string): number[] => (row[name] as unknown[]).map(Number);
  const moments = (name: string): bigint[] => (row[name] as string[]).map(BigInt);
  return {
    timeNs: buckets === null ? null : BigInt(row['k0'] as string) * NS_PER_MS,
    names: by.map((_, index) => row[`k${first + index}`] as string),
    sessions: numbers('sessions'),
    users: numbers('users'),
    took50: moments('took50'),
    took95: moments('took95'),
    isOpen: Number(row['is_open']) === 1,
  };
}

const CUT_NOTE =
  'A session is longer than a day before or after the time that was asked for; its steps are those that lie within.';

/** Steps of nobody are in no session: a number that leaves them out says so. */
async function noteNobodys(
  store: Store,
  { journeys, range, filter }: FunnelQuestion,
  options: QueryOptions,
): Promise<string[]> {
  const params = new SqlParams();
  const [first] = journeys.funnel;
  if (first === undefined) return [];
  const sql = `
    SELECT count() AS nobodys FROM events
    WHERE ts >= ${instantSql(range.fromNs, params)} AND ts < ${instantSql(range.toNs, params)}
      AND NOT (${IS_SIGN}) AND (${filterToSql(first.filter, params)}) AND (${filterToSql(filter, params)})
    LIMIT 1`;
  const { rows } = await askRows(store, { name: 'steps_of_nobody', sql, params }, options);
  const count = Number(rows[0]?.['nobodys'] ?? 0);
  if (count === 0) return [];
  const what = `of the step ${JSON.stringify(first.step)}`;
  return [
    count === 1
      ? `1 event ${what} has neither session_id nor user_id and is in no session.`
      : `${count} events ${what} have neither session_id nor user_id and are in no session.`,
  ];
}
