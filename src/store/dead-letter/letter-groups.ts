import type { LetterFilter } from '../../engine/model/dead-letter.js';
import { defineQuery, type QueryAnswer, type QueryOptions } from '../clickhouse/define-query.js';
import { bigint, number, rowOf, text } from '../clickhouse/row-check.js';
import type { Store } from '../clickhouse/store.js';
import { SqlParams } from '../query/sql-params.js';
import { IS_REPLAYED_SQL, LETTER_TIME_SQL, letterConditions } from './letter-sql.js';
import { SAMPLE_BYTES } from './letters.js';

/** Letters of one reason in one topic. */
export interface LetterGroup {
  readonly reason: string;
  readonly topic: string;
  readonly waiting: number;
  readonly replayed: number;
  /** Of both. */
  readonly bytes: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** The newest of them. */
  readonly newest: {
    readonly partition: number;
    readonly offset: bigint;
    readonly sample: Buffer;
  };
}

/** Far beyond the reasons there are and the topics one has. */
const GROUPS_MAX = 100_000;

const groupRow = rowOf({
  reason: text,
  topic: text,
  waiting: number,
  replayed: number,
  bytes: number,
  firstMs: number,
  lastMs: number,
  partition: number,
  offset: bigint,
  sample: text,
});
type GroupRow = ReturnType<typeof groupRow.parse>;

/** Counts the letters by reason and topic, the largest group first. Every shard counts its own. */
export async function readLetterGroups(
  store: Store,
  filter: LetterFilter,
  options: QueryOptions,
): Promise<QueryAnswer<LetterGroup>> {
  const params = new SqlParams();
  const conditions = letterConditions(filter, params);
  const newest = (column: string): string => `argMax(${column}, (time, at_partition, at_offset))`;
  const ask = defineQuery({
    name: 'letter_groups',
    params: { parse: (values) => values as SqlParams['values'] },
    row: groupRow,
    sql: `
    SELECT reason, topic, countIf(NOT is_replayed) AS waiting, countIf(is_replayed) AS replayed, sum(size) AS bytes,
      toUnixTimestamp64Milli(min(time)) AS firstMs, toUnixTimestamp64Milli(max(time)) AS lastMs,
      ${newest('at_partition')} AS partition, ${newest('at_offset')} AS offset, base64Encode(${newest('head')}) AS sample
    FROM (
      SELECT reason, topic, partition AS at_partition, offset AS at_offset, ${LETTER_TIME_SQL} AS time,
        ${IS_REPLAYED_SQL} AS is_replayed, length(raw) AS size, substring(raw, 1, ${SAMPLE_BYTES}) AS head
      FROM dead_letters_local
      WHERE ${conditions.join(' AND ')}
    )
    GROUP BY reason, topic ORDER BY reason, topic
    LIMIT ${params.add('UInt32', GROUPS_MAX)}`,
    merge: { limit: GROUPS_MAX, compare: byReasonAndTopic },
  });
  const { rows, missingShards } = await ask(store, params.values, options);
  const groups: LetterGroup[] = [];
  for (const row of rows) {
    const before = groups.at(-1);
    const next = toGroup(row);
    if (before?.reason === row.reason && before.topic === row.topic) {
      groups[groups.length - 1] = join(before, next);
    } else groups.push(next);
  }
  return { rows: groups.sort((a, b) => countOf(b) - countOf(a)), missingShards };
}

function toGroup({ partition, offset, sample, ...group }: GroupRow): LetterGroup {
  return { ...group, newest: { partition, offset, sample: Buffer.from(sample, 'base64') } };
}

/** What two shards say of one group. */
function join(a: LetterGroup, b: LetterGroup): LetterGroup {
  return {
    reason: a.reason,
    topic: a.topic,
    waiting: a.waiting + b.waiting,
    replayed: a.replayed + b.replayed,
    bytes: a.bytes + b.bytes,
    firstMs: Math.min(a.firstMs, b.firstMs),
    lastMs: Math.max(a.lastMs, b.lastMs),
    newest: b.lastMs > a.lastMs ? b.newest : a.newest,
  };
}

function countOf({ waiting, replayed }: LetterGroup): number {
  return waiting + replayed;
}

function byReasonAndTopic(a: GroupRow, b: GroupRow): number {
  const compare = (x: string, y: string): number => Buffer.compare(Buffer.from(x), Buffer.from(y));
  return compare(a.reason, b.reason) || compare(a.topic, b.topic);
}
