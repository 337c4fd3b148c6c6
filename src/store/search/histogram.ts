import { LEVELS } from '../../engine/model/event.js';
import {
  factsWith,
  type Answer,
  type AnswerColumn,
  type AnswerRange,
  type AnswerRow,
  type AnswerShape,
  type Buckets,
} from '../../engine/model/question/answer.js';
import { HISTOGRAM_LEVELS } from '../../engine/model/question/histogram-levels.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { askRows, type BuiltQuery, type Row } from '../query/ask-rows.js';
import { SqlParams } from '../query/sql-params.js';
import { linesSql, type MatchingLines } from './matching-lines.js';

const COLUMNS: readonly AnswerColumn[] = [
  { name: 'time', kind: 'time', summary: 'Start of the interval.' },
  { name: 'events', kind: 'count', summary: 'Events in the interval.' },
  ...HISTOGRAM_LEVELS.map((level): AnswerColumn => ({
    name: level,
    kind: 'count',
    summary: level === 'other' ? 'Those of no known level.' : `Those of level ${level}.`,
  })),
];

/** What `readHistogram` answers. */
export const HISTOGRAM_SHAPE: AnswerShape = {
  columns: COLUMNS,
  facts: [{ name: 'total', kind: 'count', summary: 'Events of the whole search.' }],
};

export interface HistogramQuestion extends MatchingLines {
  readonly buckets: Buckets;
  /** What the answer is said to be about. */
  readonly bounds: AnswerRange;
  /** Intervals from here on are left out when nothing is in them; null: none is. */
  readonly quietFromMs: number | null;
}

/** How many events of each level there are in each interval; intervals without one are in the answer, too. */
export async function readHistogram(
  store: Store,
  question: HistogramQuestion,
  options: QueryOptions,
): Promise<Answer> {
  const { rows, missingShards } = await askRows(store, histogramQuery(question), options);
  const counts = countsByStart(rows);
  const startsMs = shownStarts(question, counts);
  const answered = startsMs.map((ms) => toRow(ms, counts.get(ms)));
  const total = answered.reduce((sum, { events }) => sum + Number(events), 0);
  return {
    question: 'histogram',
    range: question.bounds,
    columns: COLUMNS,
    rows: answered,
    intervalsNs: startsMs.map((ms) => BigInt(ms) * NS_PER_MS),
    facts: factsWith(HISTOGRAM_SHAPE.facts, { total }),
    notes: [],
    source: 'events',
    missingShards,
  };
}

/** All intervals, but those at the end that have not begun and are empty. */
function shownStarts(
  { buckets, quietFromMs }: HistogramQuestion,
  counts: ReadonlyMap<number, LevelCounts>,
): readonly number[] {
  const last = buckets.startsMs.findLastIndex(
    (ms) => quietFromMs === null || ms < quietFromMs || counts.has(ms),
  );
  return buckets.startsMs.slice(0, last + 1);
}

/** The question as SQL. */
export function histogramQuery({
  buckets,
  filter,
  range,
}: Omit<HistogramQuestion, 'bounds' | 'quietFromMs'>): BuiltQuery {
  const params = new SqlParams();
  const starts = params.add('Array(Int64)', buckets.startsMs);
  const where = linesSql({ filter, range }, params);
  return {
    name: 'histogram',
    sql: `
    SELECT roundDown(toUnixTimestamp64Milli(ts), ${starts}) AS k0, level AS k1, count() AS n
    FROM events
    WHERE ${where}
    GROUP BY k0, k1
    ORDER BY k0, k1
    LIMIT ${params.add('UInt32', buckets.startsMs.length * LEVEL_COUNT_MAX)}`,
    params,
  };
}

const NS_PER_MS = 1_000_000n;

/** Levels of an interval; loggers have a handful of words of their own at most. */
const LEVEL_COUNT_MAX = 100;

type LevelCounts = ReadonlyMap<string, number>;

function countsByStart(rows: readonly Row[]): ReadonlyMap<number, LevelCounts> {
  const counts = new Map<number, Map<string, number>>();
  for (const row of rows) {
    const start = Number(row['k0']);
    const own = counts.get(start) ?? new Map<string, number>();
    const given = row['k1'] as string;
    const level = (LEVELS as readonly string[]).includes(given) ? given : 'other';
    own.set(level, (own.get(level) ?? 0) + Number(row['n']));
    counts.set(start, own);
  }
  return counts;
}

function toRow(startMs: number, counts: LevelCounts = new Map()): AnswerRow {
  const events = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const byLevel = HISTOGRAM_LEVELS.map((level) => [level, counts.get(level) ?? 0] as const);
  return { time: BigInt(startMs) * NS_PER_MS, events, ...Object.fromEntries(byLevel) };
}
