import type { EventField } from '../event.js';
import type { Filter } from '../filter.js';

/** Questions that are answered by the figures of one metric; each is a command of `atbd query`. */
export const FIGURE_NAMES = ['transactions', 'page-views', 'latency'] as const;
export type FigureName = (typeof FIGURE_NAMES)[number];

/** A question for figures, by those who know no store. */
export interface FiguresAsked {
  readonly of: FigureName;
  readonly by: readonly Exclude<EventField, 'ts' | 'attrs'>[];
  readonly filter: Filter;
  /** Event time, [fromMs, toMs). */
  readonly range: { readonly fromMs: number; readonly toMs: number };
}
