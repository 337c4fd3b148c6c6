import type { Filter } from '../../engine/model/filter.js';
import type { AnswerRange } from '../../engine/model/question/answer.js';
import type { AsOf } from '../../engine/model/question/as-of.js';
import type { Journeys } from '../../engine/model/question/journeys.js';
import type { FieldName } from '../metric/rollup.js';
import { filterToSql } from '../query/filter-sql.js';
import type { SqlParams } from '../query/sql-params.js';
import { runsSql } from './run-sql.js';

const NS_PER_MS = 1_000_000n;

/** Which chains are asked for, and as of when. */
export interface ChainsAsked {
  readonly journeys: Journeys;
  /** Chains whose first attempt lies within. */
  readonly range: AnswerRange;
  /** Asked of the attempt that speaks for its chain. */
  readonly filter: Filter;
  /** Fields of that attempt. */
  readonly by: readonly FieldName[];
  readonly asOf: Pick<AsOf, 'asOfNs' | 'finalNs'>;
  /** Where reading ends (`findReadingEnd`). */
  readonly untilNs: bigint | null;
}

export function patienceNs({ spec }: Journeys): bigint {
  return BigInt(spec.attempts.patienceMs) * NS_PER_MS;
}

/** Elements of an attempt as `runsSql` keeps it; the first ones decide the order of attempts at one moment. */
export const ATTEMPT = {
  at: 1,
  number: 2,
  unnumbered: 3,
  opId: 4,
  status: 5,
  isOk: 6,
  isWanted: 7,
  amount: 8,
  currency: 9,
  userId: 10,
} as const;

const FIRST_BY = 11;

/** Stands for a number that is missing: such attempts come last, and are told apart by time and action. */
const NO_NUMBER = 4_294_967_295;

/**
 * One row for each chain that begins in the range: `order_id`, `began`, `ended`, `tries` (each attempt once), `outcome`,
 * `decided_by` (how many attempts it took), `recovery_ns`, `can_change` (not decided for good), and of the attempt that
 * speaks for it (the one that decided, else the last) `is_wanted`, `amount`, `currency`, `user_id`, `by0`, `by1`, ….
 *
 * A chain is all attempts of one order with no pause longer than patience, over any actions and shards. The same number sent
 * again is the same attempt, the first by time counts. The first sign of success or failure decides: an attempt that is ok, or
 * a fact about the order that lies within patience of its attempts. At one moment success counts.
 */
export function chainsSql(asked: ChainsAsked, params: SqlParams): string {
  const { journeys, by, asOf } = asked;
  const patience = params.add('Int64', String(patienceNs(journeys)));
  const asOfParam = params.add('Int64', String(asOf.asOfNs));
  const final = params.add('Int64', String(asOf.finalNs));
  const abandoned = journeys.spec.attempts.abandoned === 'failed' ? 'failed' : 'abandoned';
  const voice = (index: number): string => `tries[decided_by].${index}`;
  return `
  SELECT
    order_id, began, ended, tries, decided_by,
    multiIf(
      is_paid, if(decided_by = 1, 'ok_first', 'recovered'),
      is_failed, 'failed',
      is_young, 'open',
      '${abandoned}') AS outcome,
    if(ok_index > 0, tries[ok_index].${ATTEMPT.at}, greatest(paid_at, began)) - began AS recovery_ns,
    ended + ${patience} >= ${final} AND NOT (is_failed OR (is_paid AND ok_index > 0)) AS can_change,
    ${voice(ATTEMPT.isWanted)} AS is_wanted,
    ${voice(ATTEMPT.amount)} AS amount,
    ${voice(ATTEMPT.currency)} AS currency,
    ${[...by.map((_, index) => `${voice(FIRST_BY + index)} AS by${index}`), ''].join(', ')}
    ${voice(ATTEMPT.userId)} AS user_id
  FROM
  (
    SELECT *,
      ended + ${patience} >= ${asOfParam} AS is_young,
      multiIf(
        is_paid AND ok_index > 0, ok_index,
        is_paid, ${attemptsUntil('paid_at')},
        is_failed, ${attemptsUntil('failed_at')},
        length(tries)) AS decided_by
    FROM
    (
      SELECT *,
        ok_at > 0 AND (failed_at = 0 OR ok_at <= failed_at) AS is_paid,
        failed_at > 0 AND NOT is_paid AS is_failed
      FROM
      (
        SELECT *,
          ${earliest(['paid_at', `if(ok_index > 0, tries[ok_index].${ATTEMPT.at}, 0)`])} AS ok_at
        FROM
        (
          SELECT
            run_key AS order_id, began, ended,
            arrayFilter((attempt, times) -> times = 1, run, arrayEnumerateUniq(
              arrayMap(attempt -> attempt.${ATTEMPT.number}, run),
              arrayMap(attempt -> attempt.${ATTEMPT.unnumbered}, run))) AS tries,
            arrayFirstIndex(attempt -> attempt.${ATTEMPT.isOk}, tries) AS ok_index,
            ${firstOwn('facts_ok', patience)} AS paid_at,
            ${firstOwn('facts_failed', patience)} AS failed_at
          FROM (${attemptRunsSql(asked, params)})
        )
      )
    )
  )`;
}

/** The index of the last attempt up to a moment; a fact with a clock behind may lie before the first. */
function attemptsUntil(moment: string): string {
  return `greatest(1, arrayCount(attempt -> attempt.${ATTEMPT.at} <= ${moment}, tries))`;
}

/** The smaller one of two moments, where 0 is none. */
function earliest([a, b]: readonly [string, string]): string {
  return `multiIf(${a} = 0, ${b}, ${b} = 0, ${a}, least(${a}, ${b}))`;
}

/**
 * The first of an order's facts that is about this chain; 0 is none. A fact belongs to the chain before it as long as patience
 * lasts, else to the one that follows within patience: clocks differ.
 */
function firstOwn(facts: string, patience: string): string {
  const hasAttemptBefore = `arrayExists(entry -> entry.1 <= fact AND entry.1 >= fact - ${patience}, entries)`;
  return `arrayMin(arrayFilter(fact ->
              (fact >= began AND fact <= ended + ${patience})
              OR (fact < began AND fact >= began - ${patience} AND NOT ${hasAttemptBefore}),
            ${facts}))`;
}

function attemptRunsSql(asked: ChainsAsked, params: SqlParams): string {
  const { journeys, range, filter, by, untilNs } = asked;
  const isAttempt = `(${filterToSql(journeys.attempts, params)})`;
  const isOk = `(${filterToSql(journeys.settledOk, params)})`;
  const isFailed = `(${filterToSql(journeys.settledFailed, params)})`;
  const okStatuses = params.add('Array(String)', journeys.spec.attempts.okStatuses);
  const pauseNs = patienceNs(journeys);
  const facts = (condition: string): string =>
    `groupUniqArrayIf(toUnixTimestamp64Nano(ts), ${condition})`;
  return runsSql(
    {
      key: 'order_id',
      where: `order_id != '' AND (${isAttempt} OR ${isOk} OR ${isFailed})`,
      isEntry: isAttempt,
      fields: [
        `ifNull(attempt, ${NO_NUMBER})`,
        `if(attempt IS NULL, concat(toString(toUnixTimestamp64Nano(ts)), ' ', op_id), '')`,
        'op_id',
        'toString(status)',
        `status IN ${okStatuses}`,
        `toUInt8(${filterToSql(filter, params)})`,
        'amount',
        'toString(currency)',
        'user_id',
        ...by.map((field) => `toString(\`${field}\`)`),
      ],
      beside: { facts_ok: facts(isOk), facts_failed: facts(isFailed) },
      range,
      pauseNs,
      // A fact that lies a patience before a chain belongs to it only where no attempt lies a patience before the fact.
      backNs: 2n * pauseNs,
      untilNs,
    },
    params,
  );
}
