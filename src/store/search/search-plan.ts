import type { QueryOptions } from '../clickhouse/define-query.js';
import { toStoreError } from '../clickhouse/server-error.js';
import type { Store } from '../clickhouse/store.js';
import type { StatementParts } from './readable-sql.js';

/** What one shard would read for a statement over its own table. */
export interface ShardPlan {
  readonly shard: number;
  readonly parts: Selected;
  readonly granules: Selected;
  /** One after the other: each leaves less to the next. */
  readonly indexes: readonly IndexUse[];
}

/** Of so many. */
export interface Selected {
  readonly selected: number;
  readonly total: number;
}

export interface IndexUse {
  /** The server's word: MinMax, Partition, PrimaryKey or Skip. */
  readonly type: string;
  /** The index, or the columns of a key. */
  readonly name: string;
  readonly parts: Selected;
  readonly granules: Selected;
}

export interface PlanOptions extends QueryOptions {
  /** Shards that do not answer. */
  readonly missingShards: readonly number[];
}

/** What indexes leave of each shard's parts, asked of the shard itself. `local` is the statement over its own table. */
export async function readSearchPlan(
  store: Store,
  local: StatementParts,
  { signal, missingShards }: PlanOptions,
): Promise<ShardPlan[]> {
  const present = Array.from({ length: store.shardCount }, (_, shard) => shard).filter(
    (shard) => !missingShards.includes(shard),
  );
  return Promise.all(present.map((shard) => planOf(store, local, { shard, signal })));
}

async function planOf(
  store: Store,
  { sql, params }: StatementParts,
  { shard, signal }: { readonly shard: number; readonly signal: AbortSignal | undefined },
): Promise<ShardPlan> {
  const client = await store.shard(shard);
  try {
    const answer = await client.query({
      query: `EXPLAIN json = 1, indexes = 1 ${sql}`,
      query_params: params.values,
      format: 'JSONEachRow',
      ...(signal && { abort_signal: signal }),
    });
    const lines = await answer.json<{ explain: string }>();
    return toPlan(shard, JSON.parse(lines.map(({ explain }) => explain).join('\n')));
  } catch (cause) {
    throw toStoreError(cause, `explain the search on shard ${shard}`);
  }
}

interface PlanNode {
  readonly Plan?: PlanNode;
  readonly Plans?: readonly PlanNode[];
  readonly Indexes?: readonly PlanIndex[];
}

interface PlanIndex {
  readonly Type: string;
  readonly Name?: string;
  readonly Keys?: readonly string[];
  readonly 'Initial Parts'?: number;
  readonly 'Selected Parts'?: number;
  readonly 'Initial Granules'?: number;
  readonly 'Selected Granules'?: number;
}

function toPlan(shard: number, plan: unknown): ShardPlan {
  const indexes = indexesIn({ Plans: plan as readonly PlanNode[] });
  const [first] = indexes;
  const last = indexes.at(-1);
  return {
    shard,
    parts: { selected: last?.parts.selected ?? 0, total: first?.parts.total ?? 0 },
    granules: { selected: last?.granules.selected ?? 0, total: first?.granules.total ?? 0 },
    indexes,
  };
}

/** Of the first table that is read; there is one. */
function indexesIn({ Plan, Plans, Indexes }: PlanNode): readonly IndexUse[] {
  if (Indexes !== undefined) return Indexes.map(toIndexUse);
  for (const node of [...(Plan === undefined ? [] : [Plan]), ...(Plans ?? [])]) {
    const found = indexesIn(node);
    if (found.length > 0) return found;
  }
  return [];
}

function toIndexUse(index: PlanIndex): IndexUse {
  return {
    type: index.Type,
    name: index.Name ?? (index.Keys ?? []).join(', '),
    parts: { selected: index['Selected Parts'] ?? 0, total: index['Initial Parts'] ?? 0 },
    granules: {
      selected: index['Selected Granules'] ?? 0,
      total: index['Initial Granules'] ?? 0,
    },
  };
}
