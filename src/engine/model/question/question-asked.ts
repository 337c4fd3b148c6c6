import type { EventField } from '../event.js';
import type { Filter } from '../filter.js';

/** Questions that are answered by the figures of one metric; each is a command of `atbd query`. */
export const FIGURE_NAMES = ['transactions', 'page-views', 'latency'] as const;
export type FigureName = (typeof FIGURE_NAMES)[number];

/** Questions that a story can ask; each is a command of `atbd query`. */
export const QUESTION_NAMES = [
  ...FIGURE_NAMES,
  'users',
  'retries',
  'resources',
  'anomalies',
] as const;
export type QuestionName = (typeof QUESTION_NAMES)[number];

/** A question, by those who know no store. */
export interface QuestionAsked {
  readonly of: QuestionName;
  /** Empty: not split. What a question cannot be split by is left out of account. */
  readonly by: readonly Exclude<EventField, 'ts' | 'attrs'>[];
  /** Width of intervals, in UTC; null: what the command does without `--every`. */
  readonly everyMs: number | null;
  readonly filter: Filter;
  /** Event time, [fromMs, toMs). */
  readonly range: { readonly fromMs: number; readonly toMs: number };
}
