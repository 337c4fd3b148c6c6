import {
  TIME_COLUMN,
  type Answer,
  type AnswerColumn,
  type AnswerRow,
  type AnswerShape,
  type Buckets,
  type CellKind,
} from '../../engine/model/question/answer.js';
import {
  AS_OF_FACTS,
  asOfFact,
  PROVISIONAL_COLUMN,
  withProvisional,
} from '../../engine/model/question/as-of.js';
import type { ChainOutcome } from '../../engine/model/question/chain-outcome.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { decodeCell } from '../metric/decode-cell.js';
import { fillBuckets, intervalsOf } from '../metric/fill-buckets.js';
import { moneyText } from '../metric/metrics.js';
import { notesOf } from '../metric/read-figures.js';
import { bucketSql } from '../metric/bucket-sql.js';
import { SqlParams } from '../query/sql-params.js';
import { askRows, type Row } from '../query/ask-rows.js';
import { chainsSql, type ChainsAsked } from './chain-sql.js';
import { noteUnlinked, withReadingEnd, type ChainsQuestion } from './chains-asked.js';

/** A question about chains in figures, per interval or not. */
export interface RetriesQuestion extends ChainsQuestion {
  /** null: one total for the whole range. */
  readonly buckets: Buckets | null;
}

/** A figure of many chains: an aggregate over the rows of `chainsSql`. */
interface ChainMeasure {
  readonly column: AnswerColumn;
  readonly sql: string;
}

const MEASURES: readonly ChainMeasure[] = [
  {
    column: { name: 'chains', kind: 'count', summary: 'Orders that were tried to be paid.' },
    sql: 'count()',
  },
  outcomeCount('ok_first', 'Paid at the first attempt.'),
  outcomeCount('recovered', 'Paid at a later attempt.'),
  outcomeCount('failed', 'Failed for good.'),
  outcomeCount('abandoned', 'Not decided, and nobody tries any more.'),
  outcomeCount('open', 'Not decided yet.'),
  // Stands in every table, because an open chain is what one looks for here.
  { column: { ...PROVISIONAL_COLUMN, isMark: false }, sql: 'max(can_change)' },
  ofRecovered('recovery_p50', 'duration', {
    summary: 'Half of the recovered took at most so long.',
    sql: (which) => `quantileExactLowIf(0.5)(recovery_ns, ${which}) / 1e6`,
  }),
  outcomeMoney('lost_amounts', 'failed', 'Exact sums of the failed, by currency.'),
  outcomeMoney('recovered_amounts', 'recovered', 'Exact sums of the recovered, by currency.'),
  ofRecovered('recovery_p95', 'duration', {
    summary: '95 of 100 of the recovered took at most so long.',
    sql: (which) => `quantileExactLowIf(0.95)(recovery_ns, ${which}) / 1e6`,
  }),
  ofRecovered('tries_p50', 'number', {
    summary: 'Half of the recovered took at most so many attempts.',
    sql: (which) => `quantileExactLowIf(0.5)(decided_by, ${which})`,
  }),
  ofRecovered('tries_max', 'number', {
    summary: 'Most attempts that a recovered one took.',
    sql: (which) => `maxIf(decided_by, ${which})`,
  }),
];

/** What `readRetries` answers. */
export const RETRIES_SHAPE: AnswerShape = {
  columns: MEASURES.map(({ column }) => column),
  facts: AS_OF_FACTS,
};

/** Chains of attempts in figures, exact. Without `by`, intervals in which none began stand in the answer, too. */
export async function readRetries(
  store: Store,
  question: RetriesQuestion,
  options: QueryOptions,
): Promise<Answer> {
  const { range, buckets, by, limit, asOf } = question;
  const asked = await withReadingEnd(store, question, options);
  const [{ rows: found, missingShards }, notes] = await Promise.all([
    askRows(store, retriesQuery(asked), options),
    noteUnlinked(store, question, options),
  ]);
  const columns = columnsOf(question);
  const rows = found.slice(0, limit).map((row) => decodeRow(columns, row));
  const isFilled = buckets !== null && by.length === 0;
  const all = isFilled ? fillBuckets(rows, buckets, columns) : rows;
  return {
    question: 'retries',
    range,
    columns,
    rows: all.map((row) => withProvisional(row, { range, buckets, finalNs: asOf.finalNs })),
    intervalsNs: intervalsOf(buckets),
    facts: [asOfFact(asOf)],
    notes: [...notes, ...notesOf(found.length, limit)],
    source: 'events',
    missingShards,
  };
}

function retriesQuery(asked: RetriesQuestion & ChainsAsked) {
  const { buckets, by, limit } = asked;
  const params = new SqlParams();
  const chains = chainsSql(asked, params);
  const keys = [
    ...(buckets === null
      ? []
      : [`${bucketSql(buckets, 'intDiv(began, 1000000)', params)} * 1000000`]),
    ...by.map((_, index) => `by${index}`),
  ];
  const cells = [...keys, ...MEASURES.map(({ sql }) => sql)];
  const keyNames = keys.map((_, index) => `c${index}`);
  // By time as clocks go; without it the largest first, and never in an order of chance.
  const order = buckets === null ? [`c${keys.length} DESC`, ...keyNames] : keyNames;
  const sql = `
    SELECT ${cells.map((cell, index) => `${cell} AS c${index}`).join(', ')}
    FROM (${chains})
    WHERE is_wanted
    ${keys.length === 0 ? '' : `GROUP BY ${keyNames.join(', ')}`}
    ORDER BY ${order.join(', ')}
    LIMIT ${params.add('UInt32', limit + 1)}`;
  return { name: 'retries', sql, params };
}

function columnsOf({ buckets, by }: RetriesQuestion): AnswerColumn[] {
  return [
    ...(buckets === null ? [] : [TIME_COLUMN]),
    ...by.map((name): AnswerColumn => ({
      name,
      kind: 'text',
      summary: `The ${name} of the attempt that decided, else of the last one.`,
    })),
    ...RETRIES_SHAPE.columns,
  ];
}

function decodeRow(columns: readonly AnswerColumn[], row: Row): AnswerRow {
  return Object.fromEntries(
    columns.map(({ name, kind }, index) => [name, decodeCell(kind, row[`c${index}`])]),
  );
}

function outcomeCount(name: ChainOutcome, summary: string): ChainMeasure {
  return { column: { name, kind: 'count', summary }, sql: `countIf(outcome = '${name}')` };
}

function outcomeMoney(name: string, outcome: ChainOutcome, summary: string): ChainMeasure {
  const isCounted = `outcome = '${outcome}' AND amount IS NOT NULL`;
  const sums = `sumMapIf(map(currency, assumeNotNull(amount)), ${isCounted})`;
  return { column: { name, kind: 'money', isDetail: true, summary }, sql: moneyText(sums) };
}

/** Nothing is known of recoveries where there are none. */
function ofRecovered(
  name: string,
  kind: CellKind,
  { summary, sql }: { readonly summary: string; readonly sql: (which: string) => string },
): ChainMeasure {
  const which = `outcome = 'recovered'`;
  return {
    column: { name, kind, isDetail: true, summary },
    sql: `if(countIf(${which}) = 0, NULL, ${sql(which)})`,
  };
}
