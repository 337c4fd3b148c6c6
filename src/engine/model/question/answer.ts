/** What a cell means: decides how it is written for a person, and what an assertion may do with it. */
export type CellKind =
  /** A moment; nanoseconds since the epoch as a bigint. */
  | 'time'
  | 'text'
  /** Whole number of things. */
  | 'count'
  | 'number'
  /** 0 to 1. */
  | 'share'
  /** Milliseconds. */
  | 'duration'
  | 'bytes'
  /** Exact decimal text. */
  | 'decimal'
  /** Exact decimal texts by currency. */
  | 'money'
  | 'truth'
  /** Texts, in an order of their own. */
  | 'list';

export type Money = Readonly<Record<string, string>>;

/** null: not known, or nothing to measure. */
export type Cell = string | number | boolean | bigint | Money | readonly string[] | null;

export interface AnswerColumn {
  readonly name: string;
  readonly kind: CellKind;
  /** One sentence for `describe` and the docs. */
  readonly summary: string;
  /** A level and no amount, such as users at the same time: of several intervals the largest counts, never their sum. */
  readonly isLevel?: boolean;
  /** Left out of a table where the terminal is too narrow for it. */
  readonly isDetail?: boolean;
  /** Left out of a table where it is true of no row. */
  readonly isMark?: boolean;
}

/** The interval, in an answer by time. */
export const TIME_COLUMN: AnswerColumn = {
  name: 'time',
  kind: 'time',
  summary: 'Start of the interval.',
};

export type AnswerRow = Readonly<Record<string, Cell>>;

/** A single figure that stands beside the rows, such as a peak and its moment. */
export interface AnswerFact extends AnswerColumn {
  readonly value: Cell;
}

/** All that answers of a question may hold, in their order; what they are split by stands before the columns. */
export interface AnswerShape {
  readonly columns: readonly AnswerColumn[];
  readonly facts: readonly AnswerColumn[];
}

/** The facts with what was found, null for what was not. */
export function factsWith(
  facts: readonly AnswerColumn[],
  values: Readonly<Record<string, Cell>>,
): AnswerFact[] {
  return facts.map((fact) => ({ ...fact, value: values[fact.name] ?? null }));
}

/** Where the numbers were read: roll-ups are chosen only where they give the same answer. */
export type AnswerSource = 'rollups' | 'events';

/** What every question about figures answers. Rows stand in an order that does not depend on how events arrived. */
export interface Answer {
  /** The command's name, such as `transactions`. */
  readonly question: string;
  /** Event time, `[from, to)`. */
  readonly range: AnswerRange;
  readonly columns: readonly AnswerColumn[];
  readonly rows: readonly AnswerRow[];
  /** Starts of all intervals of an answer over time, those without a row too; empty for one without intervals. */
  readonly intervalsNs: readonly bigint[];
  readonly facts: readonly AnswerFact[];
  /** What a reader must know to read it right, a sentence each. */
  readonly notes: readonly string[];
  readonly source: AnswerSource;
  /** Shards (index from 0) that did not answer: empty means a whole answer. */
  readonly missingShards: readonly number[];
}

export interface AnswerRange {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

const NS_PER_MINUTE = 60_000_000_000n;

/** Whether a range begins and ends on whole minutes: roll-ups know nothing finer. */
export function isWholeMinutes({ fromNs, toNs }: AnswerRange): boolean {
  return fromNs % NS_PER_MINUTE === 0n && toNs % NS_PER_MINUTE === 0n;
}

/** Intervals of event time, one after the other; the first and the last may reach beyond the range that is asked for. */
export interface Buckets {
  /** Starts, ascending, milliseconds since the epoch; whole minutes. */
  readonly startsMs: readonly number[];
  /** Where the last one ends. */
  readonly endMs: number;
  readonly everyMs: number;
}
