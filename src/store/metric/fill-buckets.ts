import {
  TIME_COLUMN,
  type AnswerColumn,
  type AnswerRow,
  type Buckets,
  type Cell,
  type CellKind,
} from '../../engine/model/question/answer.js';

const NS_PER_MS = 1_000_000n;

/** Starts of the intervals, nanoseconds since the epoch. */
export function intervalsOf(buckets: Buckets | null): bigint[] {
  return buckets?.startsMs.map((ms) => BigInt(ms) * NS_PER_MS) ?? [];
}

/** A row for each interval, those without one in the answer, too: nothing is a number. */
export function fillBuckets(
  rows: readonly AnswerRow[],
  buckets: Buckets,
  columns: readonly AnswerColumn[],
): AnswerRow[] {
  const known = new Map(rows.map((row) => [row[TIME_COLUMN.name], row]));
  const empty = Object.fromEntries(columns.map(({ name, kind }) => [name, emptyCell(kind)]));
  return intervalsOf(buckets).map(
    (time) => known.get(time) ?? { ...empty, [TIME_COLUMN.name]: time },
  );
}

/** 0 of what is counted, and unknown of what is measured. */
function emptyCell(kind: CellKind): Cell {
  if (kind === 'count') return 0;
  return kind === 'money' ? {} : null;
}
