import type { EventPosition } from '../../engine/model/stored-event.js';
import type { BuiltQuery, Row } from '../query/ask-rows.js';
import { instantSql, SqlParams } from '../query/sql-params.js';

/** Where lines are written one after the other: a container, or else a pod, or else a service of a host. */
export type LineSource = readonly [host: string, pod: string, container: string, service: string];

/** A line's place in the store's order. */
export interface LineKey {
  readonly tsNs: bigint;
  readonly position: EventPosition;
}

export interface SourceLine extends LineKey {
  readonly source: LineSource;
}

/** A line near a hit: `window` and `number` say which lines follow one another without a gap. */
export interface NearLine extends SourceLine {
  readonly window: number;
  readonly number: number;
}

export interface NearQuestion {
  readonly hits: readonly SourceLine[];
  readonly before: number;
  readonly after: number;
  /** How far from a hit is looked. */
  readonly reachNs: bigint;
}

const ORDER = 'ts, topic, epoch, partition, offset, item';

/** The parts of `LineSource` in a row; the service counts only where nothing nearer is known. */
const SOURCE_PARTS = [
  'host',
  'pod',
  'container',
  "if(pod = '' AND container = '', service, '')",
] as const;
const SOURCE = ['s0', 's1', 's2', 's3'].join(', ');
const SOURCE_SQL = SOURCE_PARTS.map((part, at) => `${part} AS s${at}`).join(', ');

/** The source of an event; each field is empty where it has none. */
export function sourceOf(event: {
  readonly host?: string;
  readonly pod?: string;
  readonly container?: string;
  readonly service?: string;
}): LineSource {
  const { host = '', pod = '', container = '', service = '' } = event;
  return [host, pod, container, pod === '' && container === '' ? service : ''];
}

/**
 * The lines of the hits' own sources that stand at most so many lines from one, in the stretches of time around them.
 * Metrics are no lines. Only keys are read and sorted; the lines themselves are fetched when it is known which.
 */
export function nearLinesQuery({ hits, before, after, reachNs }: NearQuestion): BuiltQuery {
  const params = new SqlParams();
  const windows = mergeWindows(hits, { before, after, reachNs });
  const starts = params.add(
    'Array(Int64)',
    windows.map(({ fromNs }) => fromNs),
  );
  const isHit = isOneOfSql(hits, params);
  const ranges = windows.map(
    ({ fromNs, toNs }) =>
      `(ts >= ${instantSql(fromNs, params)} AND ts <= ${instantSql(toNs, params)})`,
  );
  const frame = `ROWS BETWEEN ${params.add('UInt32', after)} PRECEDING AND ${params.add('UInt32', before)} FOLLOWING`;
  return {
    name: 'near_lines',
    sql: `
    SELECT toString(ns) AS ns, topic, epoch, partition, toString(offset) AS o, item, ${SOURCE}, toString(w) AS w, number
    FROM
    (
      SELECT
        toUnixTimestamp64Nano(ts) AS ns, topic, epoch, partition, offset, item, ${SOURCE}, w,
        row_number() OVER (PARTITION BY ${SOURCE}, w ORDER BY ${ORDER}) AS number,
        max(isHit) OVER (PARTITION BY ${SOURCE}, w ORDER BY ${ORDER} ${frame}) AS isNear
      FROM
      (
        SELECT ${ORDER}, ${SOURCE_SQL}, ${isHit} AS isHit, roundDown(toUnixTimestamp64Nano(ts), ${starts}) AS w
        FROM events
        WHERE (${ranges.join(' OR ')}) AND ${sourceSql(hits, params)} AND (kind != 'metric' OR isHit)
      )
    )
    WHERE isNear
    ORDER BY ${SOURCE}, w, number
    LIMIT ${params.add('UInt32', hits.length * (before + after + 1))}`,
    params,
  };
}

/** A row of that question. */
export function toNearLine(row: Row): NearLine {
  return {
    tsNs: BigInt(row['ns'] as string),
    position: {
      topic: row['topic'] as string,
      epoch: Number(row['epoch']),
      partition: Number(row['partition']),
      offset: BigInt(row['o'] as string),
      item: Number(row['item']),
    },
    source: ['s0', 's1', 's2', 's3'].map((name) => row[name] as string) as unknown as LineSource,
    window: Number(row['w']),
    number: Number(row['number']),
  };
}

/** Whether a row is one of these lines. Positions travel as arrays of their parts, zipped on the server. */
export function isOneOfSql(lines: readonly LineKey[], params: SqlParams): string {
  const positions = lines.map(({ position }) => position);
  const parts = [
    params.add(
      'Array(String)',
      positions.map(({ topic }) => topic),
    ),
    params.add(
      'Array(UInt32)',
      positions.map(({ epoch }) => epoch),
    ),
    params.add(
      'Array(UInt32)',
      positions.map(({ partition }) => partition),
    ),
    params.add(
      'Array(UInt64)',
      positions.map(({ offset }) => offset),
    ),
    params.add(
      'Array(UInt32)',
      positions.map(({ item }) => item),
    ),
  ];
  return `(topic, epoch, partition, offset, item) IN (SELECT p.1, p.2, p.3, p.4, p.5 FROM (SELECT arrayJoin(arrayZip(${parts.join(', ')})) AS p))`;
}

function sourceSql(hits: readonly SourceLine[], params: SqlParams): string {
  const different = new Map(hits.map(({ source }) => [JSON.stringify(source), source]));
  const columns = SOURCE_PARTS.map((_, at) =>
    params.add(
      'Array(String)',
      [...different.values()].map((source) => source[at] ?? ''),
    ),
  );
  return `(${SOURCE_PARTS.join(', ')}) IN (SELECT s.1, s.2, s.3, s.4 FROM (SELECT arrayJoin(arrayZip(${columns.join(', ')})) AS s))`;
}

interface Window {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** Stretches of time around the hits, in order; those that touch are one, so that no line is in two. */
export function mergeWindows(
  hits: readonly { readonly tsNs: bigint }[],
  { before, after, reachNs }: Pick<NearQuestion, 'before' | 'after' | 'reachNs'>,
): Window[] {
  const around = hits
    .map(({ tsNs }) => ({
      fromNs: before > 0 ? tsNs - reachNs : tsNs,
      toNs: after > 0 ? tsNs + reachNs : tsNs,
    }))
    .toSorted((a, b) => (a.fromNs < b.fromNs ? -1 : a.fromNs > b.fromNs ? 1 : 0));
  const merged: Window[] = [];
  for (const { fromNs, toNs } of around) {
    const last = merged.at(-1);
    if (last === undefined || fromNs > last.toNs) merged.push({ fromNs, toNs });
    else if (toNs > last.toNs) merged[merged.length - 1] = { fromNs: last.fromNs, toNs };
  }
  return merged;
}
