import type { Condition } from '../../../engine/expression/condition.js';
import {
  valueAt,
  type VariableGroup,
  type VariableValues,
} from '../../../engine/expression/variable.js';
import type { LaneSummary } from '../../../engine/load/lane.js';
import type { MeasureSummary } from '../../../engine/load/measure.js';

/** The questions of the mix. */
export const QUERY_KINDS = ['trace', 'logs', 'tail', 'figures'] as const;
export type QueryKind = (typeof QUERY_KINDS)[number];

/** All that has a latency, in the order it is shown. */
export const MEASURED_KINDS = ['produce', ...QUERY_KINDS, 'freshness'] as const;
export type MeasuredKind = (typeof MEASURED_KINDS)[number];

/** The arrivals that are counted. */
export const LANE_NAMES = ['events', 'selects', 'probes'] as const;
export type LaneName = (typeof LANE_NAMES)[number];

/** Times are milliseconds. What `--assert` calls `trace.p99` is `trace.p99` here. */
export interface LoadReport
  extends Readonly<Record<LaneName, LaneSummary>>, Readonly<Record<MeasuredKind, MeasureSummary>> {
  /** false after Ctrl-C. */
  readonly isComplete: boolean;
  readonly seconds: number;
  readonly asserts: readonly Judgement[];
}

/** What became of an assertion; null when the run was cut short. */
export interface Judgement {
  readonly text: string;
  readonly isTrue: boolean | null;
  /** The values it asks for. */
  readonly seen: Readonly<Record<string, number | null>>;
}

const LANE_NUMBERS = [
  'planned',
  'done',
  'failed',
  'unfinished',
  'late',
  'lateMax',
  'rateWanted',
  'rate',
] as const satisfies readonly (keyof LaneSummary)[];

const MEASURE_NUMBERS = [
  'p50',
  'p90',
  'p99',
  'max',
  'count',
  'errors',
  'unfinished',
] as const satisfies readonly (keyof MeasureSummary)[];

const numbers = (names: readonly string[]): VariableGroup =>
  Object.fromEntries(names.map((name) => [name, 'number']));

/** What an assertion may ask for. */
export const ASSERT_VARIABLES: VariableGroup = {
  ...Object.fromEntries(MEASURED_KINDS.map((kind) => [kind, numbers(MEASURE_NUMBERS)])),
  ...Object.fromEntries(LANE_NAMES.map((lane) => [lane, numbers(LANE_NUMBERS)])),
};

export type Figures = Omit<LoadReport, 'asserts'>;

/** Judges each condition by the report's figures. What was never measured makes a comparison false. */
export function judge(conditions: readonly Condition[], figures: Figures): Judgement[] {
  const values = valuesOf(figures);
  return conditions.map((condition) => ({
    text: condition.text,
    isTrue: figures.isComplete ? condition.holds(values) : null,
    seen: Object.fromEntries(
      condition.names.map((name) => {
        const value = valueAt(values, name);
        return [name, typeof value === 'number' && !Number.isNaN(value) ? value : null];
      }),
    ),
  }));
}

function valuesOf(figures: Figures): VariableValues {
  const pick = (summary: object, names: readonly string[]): VariableValues =>
    Object.fromEntries(
      names.map((name) => [name, (summary as Record<string, number | null>)[name] ?? NaN]),
    );
  return {
    ...Object.fromEntries(
      MEASURED_KINDS.map((kind) => [kind, pick(figures[kind], MEASURE_NUMBERS)]),
    ),
    ...Object.fromEntries(LANE_NAMES.map((lane) => [lane, pick(figures[lane], LANE_NUMBERS)])),
  };
}
