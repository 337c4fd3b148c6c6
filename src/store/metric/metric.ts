import type { AnswerColumn, CellKind } from '../../engine/model/question/answer.js';
import type { Filter } from '../../engine/model/filter.js';
import type { SqlParams } from '../query/sql-params.js';
import type { RollupName } from './rollup.js';

/** One figure of a metric: how it is worked out of events, and out of a roll-up that gives the same. */
export interface Measure {
  readonly name: string;
  readonly kind: CellKind;
  readonly summary: string;
  /** See `AnswerColumn`. */
  readonly isLevel?: boolean;
  /** An aggregate over rows of `events`. Values go through `params`. */
  readonly fromEvents: (params: SqlParams) => string;
  /** The same over rows of the metric's roll-up; null: only events know it. */
  readonly fromRollup: ((params: SqlParams) => string) | null;
}

/**
 * What a business or performance number counts, said once: commands, live views, dashboards, alerts and stories
 * read it here. Any text field of the event may split it.
 */
export interface Metric {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** The events that count. */
  readonly where: Filter;
  readonly rollup: RollupName | null;
  /** What of `where` the roll-up itself does not say already. */
  readonly whereInRollup: Filter;
  readonly measures: readonly Measure[];
  /** Its events say no provider, but the attempts to get their order paid do. */
  readonly orderAttempts?: OrderAttempts;
}

/** Attempts to get an order paid, and which of them did. */
export interface OrderAttempts {
  readonly where: Filter;
  readonly okStatuses: readonly string[];
}

/** The column of a measure in an answer. */
export function measureColumn({ name, kind, summary, isLevel = false }: Measure): AnswerColumn {
  return { name, kind, summary, ...(isLevel ? { isLevel } : {}) };
}

/** The same with one figure, where it has that: what nobody looks at need not be read, and may be all that a roll-up lacks. */
export function withOnly(metric: Metric, name: string): Metric {
  const measures = metric.measures.filter((measure) => measure.name === name);
  return measures.length === 0 ? metric : { ...metric, measures };
}
