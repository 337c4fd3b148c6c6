import type { LetterFilter } from '../../engine/model/dead-letter.js';
import { defineQuery, type QueryAnswer, type QueryOptions } from '../clickhouse/define-query.js';
import { number, paramsOf, rowOf, text } from '../clickhouse/row-check.js';
import { toStoreError } from '../clickhouse/server-error.js';
import type { Store } from '../clickhouse/store.js';
import { SqlParams } from '../query/sql-params.js';
import { LETTER_KEY_SQL, letterConditions } from './letter-sql.js';

/** Who drops, and what was asked for, as typed. */
export interface DropAsked {
  readonly id: string;
  readonly by: string;
  readonly filter: string;
}

/** What became of one `drop`, over all shards. */
export interface Drop extends DropAsked {
  readonly atMs: number;
  readonly letters: number;
  readonly bytes: number;
  /** Sorted. */
  readonly topics: readonly string[];
  readonly reasons: readonly string[];
}

/** Noted letters that are still there: of this drop, and of one that was cut off in between. */
const IS_NOTED_SQL = `(${LETTER_KEY_SQL}) IN (SELECT ${LETTER_KEY_SQL} FROM dropped_letters_local)`;

/**
 * Drops letters on every shard: first each is noted with who, when and why, then it goes. Cut off between the two, a letter counts as
 * dropped, and the next drop takes it away. Resolves when they are gone.
 */
export async function dropLetters(
  store: Store,
  filter: LetterFilter,
  { asked, signal }: { readonly asked: DropAsked; readonly signal: AbortSignal },
): Promise<void> {
  const params = new SqlParams();
  const conditions = letterConditions(filter, params);
  const note = `
    INSERT INTO dropped_letters_local
      (${LETTER_KEY_SQL}, queue_time, reason, bytes, drop_id, filter, dropped_by, dropped_at)
    SELECT ${LETTER_KEY_SQL}, queue_time, reason, length(raw), ${params.add('String', asked.id)},
      ${params.add('String', asked.filter)}, ${params.add('String', asked.by)}, now64(3)
    FROM dead_letters_local
    WHERE ${conditions.join(' AND ')}`;
  const remove = `ALTER TABLE dead_letters_local DELETE WHERE ${IS_NOTED_SQL}`;
  await Promise.all(
    Array.from({ length: store.shardCount }, async (_, shard) => {
      try {
        const client = await store.shard(shard);
        const command = { abort_signal: signal, clickhouse_settings: SETTINGS };
        await client.command({ ...command, query: note, query_params: params.values });
        await client.command({ ...command, query: remove });
      } catch (cause) {
        throw toStoreError(cause, `drop dead letters on shard ${shard}`);
      }
    }),
  );
}

const SETTINGS = {
  log_comment: 'atbd:drop_letters',
  wait_end_of_query: 1,
  // 2: on all replicas.
  mutations_sync: '2',
  // A replica that has not yet all that is noted keeps these letters until the next drop; nobody sees them.
  allow_nondeterministic_mutations: 1,
} as const;

/** Far beyond what people type. */
const DROPS_MAX = 100_000;

const dropRow = rowOf({
  id: text,
  by: text,
  filter: text,
  atMs: number,
  letters: number,
  bytes: number,
  topics: texts,
  reasons: texts,
});
type DropRow = ReturnType<typeof dropRow.parse>;

const askDrops = defineQuery({
  name: 'letter_drops',
  params: paramsOf<{ readonly id: string; readonly limit: number }>(),
  row: dropRow,
  sql: `
    SELECT drop_id AS id, any(dropped_by) AS by, any(filter) AS filter, toUnixTimestamp64Milli(min(dropped_at)) AS atMs,
      uniqExact(${LETTER_KEY_SQL}) AS letters, sum(bytes) AS bytes,
      groupUniqArray(topic) AS topics, groupUniqArray(reason) AS reasons
    FROM dropped_letters_local
    WHERE {id:String} = '' OR drop_id = {id:String}
    GROUP BY drop_id ORDER BY id
    LIMIT {limit:UInt32}`,
  merge: {
    limit: DROPS_MAX,
    compare: (a: DropRow, b: DropRow) => (a.id < b.id ? -1 : Number(a.id > b.id)),
  },
});

/** All drops, or the one with an id; the newest first. */
export async function readDrops(
  store: Store,
  { id }: { readonly id: string | null },
  options: QueryOptions,
): Promise<QueryAnswer<Drop>> {
  const { rows, missingShards } = await askDrops(
    store,
    { id: id ?? '', limit: DROPS_MAX },
    options,
  );
  const drops = new Map<string, Drop>();
  for (const row of rows) {
    const before = drops.get(row.id);
    drops.set(row.id, before === undefined ? row : join(before, row));
  }
  const newestFirst = [...drops.values()].sort((a, b) => b.atMs - a.atMs);
  return { rows: newestFirst, missingShards };
}

/** What two shards say of one drop. */
function join(a: Drop, b: Drop): Drop {
  const union = (x: readonly string[], y: readonly string[]): string[] =>
    [...new Set([...x, ...y])].sort();
  return {
    ...a,
    atMs: Math.min(a.atMs, b.atMs),
    letters: a.letters + b.letters,
    bytes: a.bytes + b.bytes,
    topics: union(a.topics, b.topics),
    reasons: union(a.reasons, b.reasons),
  };
}

function texts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new TypeError('the server sent no list');
  return value.map(text).sort();
}
