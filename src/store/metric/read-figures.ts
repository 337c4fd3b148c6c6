import { TIME_COLUMN, type Answer, type AnswerColumn } from '../../engine/model/question/answer.js';
import { defineQuery, type QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import type { SqlParams } from '../query/sql-params.js';
import { fillBuckets, intervalsOf } from './fill-buckets.js';
import {
  overEvents,
  overRollup,
  rollupFor,
  type FiguresQuery,
  type FiguresQuestion,
} from './figures-query.js';
import { measureColumn } from './metric.js';
import { rollupCompleteFrom } from './rollup-state.js';

/** Asks for the figures of a metric. Without `by`, intervals in which nothing happened stand in the answer, too. */
export async function readFigures(
  store: Store,
  question: FiguresQuestion,
  options: QueryOptions,
): Promise<Answer> {
  const { metric, range, buckets, by } = question;
  const isFilled = buckets !== null && by.length === 0;
  // A row that is cut off would read as an interval in which nothing happened.
  const limit = isFilled ? Math.max(question.limit, buckets.startsMs.length) : question.limit;
  // One more than wanted: whether the answer was cut.
  const { query, found, missingShards } = await ask(
    store,
    { ...question, limit: limit + 1 },
    options,
  );
  const rows = found.slice(0, limit).map((row) => query.decode(row));
  const columns = columnsOf(question);
  return {
    question: metric.name,
    range,
    columns,
    rows: isFilled ? fillBuckets(rows, buckets, columns) : rows,
    intervalsNs: intervalsOf(buckets),
    facts: [],
    notes: notesOf(found.length, limit),
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
  return [
    ...(buckets === null ? [] : [TIME_COLUMN]),
    ...by.map((name): AnswerColumn => ({ name, kind: 'text', summary: `The event's ${name}.` })),
    ...metric.measures.map(measureColumn),
  ];
}

/** That the answer was cut, where it was. */
export function notesOf(foundCount: number, limit: number): string[] {
  return foundCount > limit ? [`Only the first ${limit} rows are shown (--limit).`] : [];
}
