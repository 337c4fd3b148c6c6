import type { SelectedField, StoredEvent } from '../../engine/model/stored-event.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { askRows } from '../query/ask-rows.js';
import { selectColumns } from '../query/event-columns.js';
import { instantSql, SqlParams } from '../query/sql-params.js';
import { streamEvents, type EventQuery } from '../query/stream-events.js';
import {
  isOneOfSql,
  nearLinesQuery,
  sourceOf,
  toNearLine,
  type LineKey,
  type NearLine,
  type SourceLine,
} from './context-query.js';

/** What must be known of a hit besides what is shown of it. */
export const SOURCE_FIELDS: readonly SelectedField[] = (
  ['host', 'pod', 'container', 'service'] as const
).map((name) => ({ kind: 'column', name }));

/** A hit and the source that it is written to. */
interface Hit extends SourceLine {
  readonly stored: StoredEvent;
}

export interface ContextQuestion {
  /** With `SOURCE_FIELDS` among their fields. */
  readonly hits: readonly StoredEvent[];
  readonly before: number;
  readonly after: number;
  readonly fields: readonly SelectedField[];
}

/** Lines of one source that follow one another, oldest first; at least one of them is a hit. */
export type LineGroup = readonly ContextLine[];

export interface ContextLine {
  readonly stored: StoredEvent;
  readonly isHit: boolean;
}

export interface ContextAnswer {
  /** By their first hit, in the order of the hits that were given. */
  readonly groups: readonly LineGroup[];
  readonly missingShards: readonly number[];
}

/** Most sources are busy, and the first look finds all; a quiet one is looked at further away, but not for ever. */
const REACHES_NS = [10n, 300n, 7_200n].map((seconds) => seconds * 1_000_000_000n);

/** The lines around hits, each once however many hits it is near to. */
export async function readContext(
  store: Store,
  { hits: events, before, after, fields }: ContextQuestion,
  options: QueryOptions,
): Promise<ContextAnswer> {
  const hits = events.map((stored): Hit => ({
    ...{ stored, tsNs: stored.tsNs, position: stored.position },
    source: sourceOf(stored.event),
  }));
  const missing = new Set<number>();
  const found: NearLine[] = [];
  let open = hits;
  for (const [round, reachNs] of REACHES_NS.entries()) {
    if (open.length === 0) break;
    const query = nearLinesQuery({ hits: open, before, after, reachNs });
    const { rows, missingShards } = await askRows(store, query, options);
    for (const shard of missingShards) missing.add(shard);
    const lines = rows.map(toNearLine);
    const isLast = round === REACHES_NS.length - 1;
    const quiet = isLast ? new Set<string>() : quietSources(open, lines, { before, after });
    found.push(...lines.filter(({ source }) => !quiet.has(JSON.stringify(source))));
    open = open.filter(({ source }) => quiet.has(JSON.stringify(source)));
  }
  const known = new Map(hits.map((hit) => [keyOf(hit), hit.stored]));
  const others = found.filter((line) => !known.has(keyOf(line)));
  const fetched = await fetchLines(store, { lines: others, fields }, options);
  for (const stored of fetched.events) known.set(keyOf(stored), stored);
  for (const shard of fetched.missingShards) missing.add(shard);
  return { groups: groupLines(hits, found, known), missingShards: [...missing].sort() };
}

function keyOf({ position }: LineKey): string {
  const { topic, epoch, partition, offset, item } = position;
  return JSON.stringify([topic, epoch, partition, String(offset), item]);
}

/** Sources of which a hit has fewer lines around it than wanted: all their hits are asked for again, so that no line is told twice. */
function quietSources(
  hits: readonly Hit[],
  lines: readonly NearLine[],
  { before, after }: { readonly before: number; readonly after: number },
): Set<string> {
  const at = new Map(lines.map((line, index) => [keyOf(line), index]));
  const isFull = (hit: Hit): boolean => {
    const index = at.get(keyOf(hit));
    const line = index === undefined ? undefined : lines[index];
    if (index === undefined || line === undefined) return true;
    const first = lines[index - before];
    const last = lines[index + after];
    return isStretch(first, line, before) && isStretch(line, last, after);
  };
  return new Set(hits.filter((hit) => !isFull(hit)).map(({ source }) => JSON.stringify(source)));
}

/** Whether the second line is the first one's n-th next. */
function isStretch(a: NearLine | undefined, b: NearLine | undefined, n: number): boolean {
  return a !== undefined && b !== undefined && isSameRun(a, b) && b.number - a.number === n;
}

function isSameRun(a: NearLine, b: NearLine): boolean {
  return a.window === b.window && a.source.every((part, index) => part === b.source[index]);
}

function groupLines(
  hits: readonly Hit[],
  lines: readonly NearLine[],
  known: ReadonlyMap<string, StoredEvent>,
): LineGroup[] {
  const order = new Map(hits.map((hit, index) => [keyOf(hit), index]));
  const groups: { readonly lines: ContextLine[]; first: number }[] = [];
  let previous: NearLine | undefined;
  for (const line of lines) {
    const stored = known.get(keyOf(line));
    // Stored between the two questions, or its shard went away.
    if (stored === undefined) continue;
    const follows =
      previous !== undefined && isSameRun(previous, line) && line.number === previous.number + 1;
    if (!follows) groups.push({ lines: [], first: Infinity });
    const group = groups.at(-1);
    const rank = order.get(keyOf(line));
    group?.lines.push({ stored, isHit: rank !== undefined });
    if (group !== undefined && rank !== undefined) group.first = Math.min(group.first, rank);
    previous = line;
  }
  // A hit that was not seen again, because its shard went away meanwhile, stands alone.
  const seen = new Set(lines.map(keyOf));
  for (const [index, hit] of hits.entries()) {
    if (seen.has(keyOf(hit))) continue;
    groups.push({ lines: [{ stored: hit.stored, isHit: true }], first: index });
  }
  return groups
    .filter(({ first }) => first !== Infinity)
    .toSorted((a, b) => a.first - b.first)
    .map((group) => group.lines);
}

interface FetchQuestion {
  readonly lines: readonly LineKey[];
  readonly fields: readonly SelectedField[];
}

async function fetchLines(
  store: Store,
  { lines, fields }: FetchQuestion,
  options: QueryOptions,
): Promise<{ readonly events: StoredEvent[]; readonly missingShards: readonly number[] }> {
  if (lines.length === 0) return { events: [], missingShards: [] };
  const params = new SqlParams();
  const columns = selectColumns(fields, params);
  const times = [...new Set(lines.map(({ tsNs }) => tsNs))].toSorted((a, b) => (a < b ? -1 : 1));
  const query: EventQuery = {
    name: 'context_lines',
    sql: `
    SELECT ${columns.sql}
    FROM events
    WHERE ts >= ${instantSql(times[0] ?? 0n, params)} AND ts <= ${instantSql(times.at(-1) ?? 0n, params)}
      AND ts IN (SELECT fromUnixTimestamp64Nano(arrayJoin(${params.add('Array(Int64)', times)}), 'UTC'))
      AND ${isOneOfSql(lines, params)}
    ORDER BY ts, topic, epoch, partition, offset, item
    LIMIT ${params.add('UInt32', lines.length)}`,
    params,
    decode: (row) => columns.decode(row),
  };
  let missingShards: readonly number[] = [];
  const events: StoredEvent[] = [];
  const onMissing = (shards: readonly number[]): void => {
    missingShards = shards;
  };
  for await (const stored of streamEvents(store, query, { ...options, onMissing })) {
    events.push(stored);
  }
  return { events, missingShards };
}
