import type { AnswerRange } from '../../engine/model/question/answer.js';
import type { SqlParams } from '../query/sql-params.js';

/** Events of one key, such as an order, cut into runs: a pause ends one. */
export interface Runs {
  /** What is one for all events of a run, as SQL. */
  readonly key: string;
  /** Conditions on the events that are read, entries or not. */
  readonly where: string;
  /** The events that make a run, as SQL. */
  readonly isEntry: string;
  /** What is kept of an entry after its time, as SQL: a tuple's elements from the second on. Entries alike in all of it are one. */
  readonly fields: readonly string[];
  /** More aggregates over the key's events, by name. */
  readonly beside: Readonly<Record<string, string>>;
  /** Runs that begin within. */
  readonly range: AnswerRange;
  /** The longest pause within a run. */
  readonly pauseNs: bigint;
  /** How far before the range is read: at least a pause, so that a run's true beginning is seen. */
  readonly backNs: bigint;
  /** Where reading ends, itself not included; null: with the last event. */
  readonly untilNs: bigint | null;
}

/**
 * One row for each run: `run_key`, `run` (its entries in the order of time, then of their fields), `began`, `ended` (nanoseconds
 * of the first and the last), `entries` (those of the whole key) and what is kept beside. The events of a key are brought
 * together from all shards, and nothing depends on the order in which they came.
 */
export function runsSql(runs: Runs, params: SqlParams): string {
  const { key, isEntry, fields, beside, range } = runs;
  const from = params.add('Int64', String(range.fromNs));
  const to = params.add('Int64', String(range.toNs));
  const time = 'toUnixTimestamp64Nano(ts)';
  const kept = [
    `arraySort(groupUniqArrayIf((${[time, ...fields].join(', ')}), ${isEntry})) AS entries`,
    ...Object.entries(beside).map(([name, sql]) => `${sql} AS ${name}`),
  ];
  const pause = params.add('Int64', String(runs.pauseNs));
  return `
    SELECT run_key, run, entries, ${[...Object.keys(beside), ''].join(', ')}
      run[1].1 AS began, run[-1].1 AS ended
    FROM
    (
      SELECT ${key} AS run_key, ${kept.join(', ')}
      FROM events
      WHERE ${conditions(runs, params).join(' AND ')}
      GROUP BY run_key
      HAVING arrayExists(entry -> entry.1 >= ${from} AND entry.1 < ${to}, entries)
    )
    ARRAY JOIN arraySplit(
      (entry, pause) -> pause > ${pause},
      entries,
      arrayDifference(arrayMap(entry -> entry.1, entries))) AS run
    WHERE began >= ${from} AND began < ${to}`;
}

function conditions({ where, range, backNs, untilNs }: Runs, params: SqlParams): string[] {
  const instant = (ns: bigint): string =>
    `fromUnixTimestamp64Nano(${params.add('Int64', String(ns))}, 'UTC')`;
  return [
    `ts >= ${instant(range.fromNs - backNs)}`,
    ...(untilNs === null ? [] : [`ts < ${instant(untilNs)}`]),
    `(${where})`,
  ];
}
