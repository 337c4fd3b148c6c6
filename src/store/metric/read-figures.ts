import type {
  Answer,
  AnswerColumn,
  AnswerRow,
  Buckets,
} from '../../engine/model/question/answer.js';
import { defineQuery, type QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import type { SqlParams } from '../query/sql-params.js';
import {
  overEvents,
  overRollup,
  rollupFor,
  TIME_COLUMN,
  type FiguresQuery,
  type FiguresQuestion,
} from './figures-query.js';
import { rollupCompleteFrom } from './rollup-state.js';
import { measureColumn, type Metric } from './metric.js';

/** Asks for the figures of a metric. Without `by`, intervals in which nothing happened stand in the answer, too. */
export async function readFigures(
  store: Store,
  question: FiguresQuestion,
  options: QueryOptions,
): Promise<Answer> {
  const { metric, range, buckets, by, limit } = question;
  // One more than wanted: whether the answer was cut.
  const { query, found, missingShards } = await ask(
    store,
    { ...question, limit: limit + 1 },
    options,
  );
  const rows = found.slice(0, limit).map((row) => query.decode(row));
  const isFilled = buckets !== null && by.length === 0;
  return {
    question: metric.name,
    range,
    columns: columnsOf(question),
    rows: isFilled ? withEmptyBuckets(rows, buckets, metric) : rows,
    intervalsNs: buckets?.startsMs.map((ms) => BigInt(ms) * NS_PER_MS) ?? [],
    facts: [],
    notes: found.length > limit ? [`Only the first ${limit} rows are shown (--limit).`] : [],
    source: query.source,
    missingShards,
  };
}

type Found = Readonly<Record<string, unknown>>;

interface Asked {
  readonly query: FiguresQuery;
  readonly found: readonly Found[];
  readonly missingShards: readonly number[];
}

/** Reads the roll-up where it answers exactly. Whether it is complete is asked at the same time: it nearly always is. */
async function ask(store: Store, question: FiguresQuestion, options: QueryOptions): Promise<Asked> {
  const rollup = rollupFor(question);
  if (rollup === null) return run(store, overEvents(question), options);
  const [answer, completeFrom] = await Promise.all([
    run(store, overRollup(question, rollup), options),
    rollupCompleteFrom(store, rollup, options),
  ]);
  const isComplete = completeFrom !== null && completeFrom <= question.range.fromNs;
  return isComplete ? answer : run(store, overEvents(question), options);
}

async function run(store: Store, query: FiguresQuery, options: QueryOptions): Promise<Asked> {
  const named = defineQuery({
    name: query.name,
    params: { parse: (values) => values as SqlParams['values'] },
    row: { parse: (row) => row as Found },
    sql: query.sql,
  });
  const { rows, missingShards } = await named(store, query.params.values, options);
  return { query, found: rows, missingShards };
}

function columnsOf({ metric, buckets, by }: FiguresQuestion): AnswerColumn[] {
  const time: AnswerColumn = { name: TIME_COLUMN, kind: 'time', summary: 'Start of the interval.' };
  return [
    ...(buckets === null ? [] : [time]),
    ...by.map((name): AnswerColumn => ({ name, kind: 'text', summary: `The event's ${name}.` })),
    ...metric.measures.map(measureColumn),
  ];
}

const NS_PER_MS = 1_000_000n;

/** Nothing is a number, too: 0 of what is counted, and unknown for what is measured. */
function withEmptyBuckets(
  rows: readonly AnswerRow[],
  { startsMs }: Buckets,
  metric: Metric,
): AnswerRow[] {
  const known = new Map(rows.map((row) => [row[TIME_COLUMN], row]));
  return startsMs.map((ms) => {
    const time = BigInt(ms) * NS_PER_MS;
    return known.get(time) ?? { [TIME_COLUMN]: time, ...emptyMeasures(metric) };
  });
}

function emptyMeasures({ measures }: Metric): AnswerRow {
  return Object.fromEntries(
    measures.map(({ name, kind }) => [name, kind === 'count' ? 0 : kind === 'money' ? {} : null]),
  );
}
