import type { Filter } from '../../engine/model/filter.js';
import {
  isWholeMinutes,
  TIME_COLUMN,
  type AnswerRange,
  type AnswerRow,
  type AnswerSource,
  type Buckets,
  type Cell,
} from '../../engine/model/question/answer.js';
import { filterToSql } from '../query/filter-sql.js';
import { SqlParams } from '../query/sql-params.js';
import { decodeCell } from './decode-cell.js';
import { bucketSql } from './bucket-sql.js';
import type { Measure, Metric } from './metric.js';
import { factsWithProvider, providerAttempts } from './order-provider.js';
import { keepsApart, type FieldName, type RollupName } from './rollup.js';

/** A question for the figures of a metric. */
export interface FiguresQuestion {
  readonly metric: Metric;
  readonly range: AnswerRange;
  /** null: one total for the whole range. */
  readonly buckets: Buckets | null;
  readonly by: readonly FieldName[];
  readonly filter: Filter;
  readonly limit: number;
}

/** The question as SQL. */
export interface FiguresQuery {
  readonly name: string;
  readonly sql: string;
  readonly params: SqlParams;
  readonly source: AnswerSource;
  decode(row: Readonly<Record<string, unknown>>): AnswerRow;
}

/** The roll-up that answers as exactly as the events, where it is complete; null: only the events do. */
export function rollupFor(question: FiguresQuestion): RollupName | null {
  const { metric, range, by, filter } = question;
  const { rollup, measures, whereInRollup } = metric;
  if (rollup === null || !isWholeMinutes(range)) return null;
  if (providerAttempts(question) !== null) return null;
  if (measures.some(({ fromRollup }) => fromRollup === null)) return null;
  const isKept = keepsApart(rollup, {
    fields: by,
    filter: { kind: 'all', parts: [whereInRollup, filter] },
  });
  return isKept ? rollup : null;
}

/** Puts the question into SQL over the events. */
export function overEvents(question: FiguresQuestion): FiguresQuery {
  const { metric, range } = question;
  const params = new SqlParams();
  const attempts = providerAttempts(question);
  const common = {
    source: 'events',
    params,
    time: 'toUnixTimestamp64Milli(ts)',
    measureSql: ({ fromEvents }: Measure) => fromEvents(params),
  } as const;
  if (attempts !== null) {
    const table = factsWithProvider(question, attempts, params);
    return assemble(question, { ...common, table, conditions: [] });
  }
  return assemble(question, {
    ...common,
    table: 'events',
    conditions: [
      `ts >= fromUnixTimestamp64Nano(${params.add('Int64', String(range.fromNs))}, 'UTC')`,
      `ts < fromUnixTimestamp64Nano(${params.add('Int64', String(range.toNs))}, 'UTC')`,
      filterToSql(metric.where, params),
    ],
  });
}

const NS_PER_SECOND = 1_000_000_000n;

/** Puts the question into SQL over a roll-up. */
export function overRollup(question: FiguresQuestion, rollup: RollupName): FiguresQuery {
  const { metric, range } = question;
  const params = new SqlParams();
  return assemble(question, {
    source: 'rollups',
    table: rollup,
    params,
    time: 'toInt64(toUnixTimestamp(minute)) * 1000',
    conditions: [
      `minute >= toDateTime(${params.add('Int64', String(range.fromNs / NS_PER_SECOND))}, 'UTC')`,
      `minute < toDateTime(${params.add('Int64', String(range.toNs / NS_PER_SECOND))}, 'UTC')`,
      filterToSql(metric.whereInRollup, params),
    ],
    measureSql: ({ fromRollup }) => fromRollup?.(params) ?? 'NULL',
  });
}

interface Parts {
  readonly source: AnswerSource;
  readonly table: string;
  readonly params: SqlParams;
  /** Milliseconds since the epoch. */
  readonly time: string;
  readonly conditions: readonly string[];
  readonly measureSql: (measure: Measure) => string;
}

function assemble(question: FiguresQuestion, parts: Parts): FiguresQuery {
  const { metric, buckets, by, filter, limit } = question;
  const { params } = parts;
  // Aliases of our own: one with a column's name would replace the column in WHERE.
  const keys = [
    ...(buckets === null ? [] : [bucketSql(buckets, parts.time, params)]),
    ...by.map((field) => `toString(\`${field}\`)`),
  ];
  const measures = metric.measures.map((measure) => parts.measureSql(measure));
  const columns = [
    ...keys.map((sql, index) => `${sql} AS k${index}`),
    ...measures.map((sql, index) => `${sql} AS m${index}`),
  ];
  const conditions = [...parts.conditions, filterToSql(filter, params)];
  const keyNames = keys.map((_, index) => `k${index}`);
  // By time as clocks go; without it the largest first, and never in an order of chance.
  const order = buckets === null ? ['m0 DESC', ...keyNames] : keyNames;
  return {
    name: metric.name,
    source: parts.source,
    params,
    sql: `
    SELECT ${columns.join(', ')}
    FROM ${parts.table}
    WHERE ${conditions.map((condition) => `(${condition})`).join('\n      AND ')}
    ${keys.length === 0 ? '' : `GROUP BY ${keyNames.join(', ')}`}
    ORDER BY ${order.join(', ')}
    LIMIT ${params.add('UInt32', limit)}`,
    decode: (row) => decodeRow(question, row),
  };
}

const NS_PER_MS = 1_000_000n;

function decodeRow(
  { metric, buckets, by }: FiguresQuestion,
  row: Readonly<Record<string, unknown>>,
): AnswerRow {
  const cells: [string, Cell][] = [];
  const first = buckets === null ? 0 : 1;
  if (buckets !== null) cells.push([TIME_COLUMN.name, BigInt(row['k0'] as string) * NS_PER_MS]);
  for (const [index, field] of by.entries())
    cells.push([field, row[`k${first + index}`] as string]);
  // Without events aggregates answer zero where nothing was measured.
  const isEmpty = metric.measures[0]?.kind === 'count' && Number(row['m0']) === 0;
  for (const [index, { name, kind }] of metric.measures.entries()) {
    const isKnown = !isEmpty || kind === 'count' || kind === 'money';
    cells.push([name, isKnown ? decodeCell(kind, row[`m${index}`]) : null]);
  }
  return Object.fromEntries(cells);
}
