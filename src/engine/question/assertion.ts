import type { Condition } from '../expression/condition.js';
import type { VariableGroup, VariableType } from '../expression/variable.js';
import type { Answer, AnswerColumn, AnswerRow, Cell, CellKind } from '../model/question/answer.js';

/** The number of rows of the answer, beside its columns and facts. */
const ROW_COUNT = 'rows';

/** What became of an assertion. */
export interface AssertionVerdict {
  readonly text: string;
  readonly isTrue: boolean;
  /** Rows for which it is false; a sample of them. */
  readonly falseCount: number;
  readonly examples: readonly Readonly<Record<string, unknown>>[];
}

/** Rows shown of those that fail. */
const EXAMPLES_MAX = 5;

/** What an assertion over an answer of these columns and facts may ask for. Times, money and lists are not among them. */
export function assertionVariables(columns: readonly AnswerColumn[]): VariableGroup {
  const known = columns.flatMap(({ name, kind }) => {
    const type = variableType(kind);
    return type === undefined ? [] : [[name, type] as const];
  });
  return { ...Object.fromEntries(known), [ROW_COUNT]: 'number' };
}

/**
 * Judges a condition by every row: it must hold for each of them. An answer without rows is judged once, with nothing known: a
 * comparison with what was never measured is false.
 */
export function judgeAnswer(condition: Condition, answer: Answer): AssertionVerdict {
  const rows = answer.rows.length === 0 ? [{}] : answer.rows;
  const facts = Object.fromEntries(answer.facts.map(({ name, value }) => [name, value]));
  const columns = [...answer.facts, ...answer.columns];
  const failing = rows
    .map((row) => valuesOf(columns, { ...facts, ...row }, answer.rows.length))
    .filter((values) => !condition.holds(values));
  return {
    text: condition.text,
    isTrue: failing.length === 0,
    falseCount: failing.length,
    examples: failing
      .slice(0, EXAMPLES_MAX)
      .map((values) => Object.fromEntries(condition.names.map((name) => [name, values[name]]))),
  };
}

function valuesOf(
  columns: readonly AnswerColumn[],
  row: AnswerRow,
  rowCount: number,
): Record<string, number | string | boolean> {
  const values: Record<string, number | string | boolean> = { [ROW_COUNT]: rowCount };
  for (const { name, kind } of columns) {
    const type = variableType(kind);
    if (type !== undefined) values[name] = valueOf(type, row[name]);
  }
  return values;
}

function valueOf(type: VariableType, cell: Cell | undefined): number | string | boolean {
  switch (type) {
    case 'number':
      return cell === null || cell === undefined ? NaN : Number(cell);
    case 'text':
      return typeof cell === 'string' ? cell : '';
    case 'truth':
      return cell === true;
  }
}

function variableType(kind: CellKind): VariableType | undefined {
  switch (kind) {
    case 'count':
    case 'number':
    case 'share':
    case 'duration':
    case 'bytes':
    case 'decimal':
      return 'number';
    case 'text':
      return 'text';
    case 'truth':
      return 'truth';
    case 'time':
    case 'money':
    case 'list':
      return undefined;
  }
}
