import { z } from 'zod';
import type { TopicEpoch } from '../../engine/model/chunk.js';
import {
  RUN_SPAN_MAX,
  type LedgerLine,
  type PartitionKey,
  type StoredRun,
  type Tally,
  type VerifyStore,
} from '../../engine/model/verify.js';
import { defineQuery, type QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import {
  LIST_EPOCHS_SQL,
  LIST_PARTITIONS_SQL,
  READ_LEDGER_SQL,
  READ_RUNS_SQL,
  RECOUNT_SQL,
} from './verify-sql.js';

/** Far above any real number of partitions and their lives; a bound, not a page. */
const PARTITIONS_MAX = 100_000;

/** Lines of the ledger in one answer: a few megabytes. */
const LEDGER_PAGE_LINES = 50_000;

/** A count of rows; far below 2^53. */
const count = z.coerce.number();
const offset = z.coerce.bigint();
const offsetParam = z.bigint().transform(String);
const keyParams = { topic: z.string(), epoch: z.number(), partition: z.number() };
const limitParam = z.number().int().positive();

const listPartitions = defineQuery({
  name: 'verify_list_partitions',
  params: z.object({ topic: z.string(), limit: limitParam }),
  row: z.object({ topic: z.string(), epoch: z.number(), partition: z.number() }),
  sql: LIST_PARTITIONS_SQL,
});

const listEpochs = defineQuery({
  name: 'verify_list_epochs',
  params: z.object({ topic: z.string(), limit: limitParam }),
  row: z.object({ topic: z.string(), epoch: z.number(), identity: z.string() }),
  sql: LIST_EPOCHS_SQL,
});

const readLedger = defineQuery({
  name: 'verify_read_ledger',
  params: z.object({
    ...keyParams,
    afterFirst: offsetParam,
    afterLast: offsetParam,
    afterShard: z.number(),
    afterStored: z.number(),
    afterDead: z.number(),
    afterMore: z.number(),
    limit: limitParam,
  }),
  row: z.object({
    shard: count,
    first: offset,
    last: offset,
    stored: count,
    dead: count,
    more: count,
    copies: count,
  }),
  sql: READ_LEDGER_SQL,
});

const recount = defineQuery({
  name: 'verify_recount',
  params: z.object({
    ...keyParams,
    // Not as text: inside an array the server takes a quoted number for a string.
    bounds: z.array(z.bigint()),
    from: offsetParam,
    until: offsetParam,
    limit: limitParam,
  }),
  row: z.object({
    bound: offset,
    rows: count,
    rowsDistinct: count,
    more: count,
    moreDistinct: count,
    deadLetters: count,
    deadLettersDistinct: count,
    distinct: count,
    first: offset,
    last: offset,
  }),
  sql: RECOUNT_SQL,
});

const readRuns = defineQuery({
  name: 'verify_read_runs',
  params: z.object({ ...keyParams, first: offsetParam, last: offsetParam, limit: limitParam }),
  row: z.object({
    first: offset,
    last: offset,
    rows: count,
    deadLetters: count,
    shards: z.array(z.coerce.number()),
  }),
  sql: READ_RUNS_SQL,
});

/** The store as `verify` reads it; only SELECT, so the read-only user is enough. */
export function createVerifyStore(store: Store): VerifyStore {
  const whole = (signal: AbortSignal): QueryOptions => ({ signal, requireAll: true });
  return {
    async listPartitions(topic, signal) {
      const params = { topic: topic ?? '', limit: PARTITIONS_MAX };
      const { rows } = await listPartitions(store, params, whole(signal));
      return rows;
    },
    async listEpochs(topic, signal): Promise<readonly TopicEpoch[]> {
      const params = { topic, limit: PARTITIONS_MAX };
      return (await listEpochs(store, params, whole(signal))).rows;
    },
    readLedger: (key, signal) => pagesOfLedger(store, key, whole(signal)),
    async recount(key, { bounds, until }, signal): Promise<ReadonlyMap<bigint, Tally>> {
      const range = { bounds: [...bounds], from: bounds[0] ?? 0n, until };
      const params = { ...key, ...range, limit: Math.max(1, bounds.length) };
      const { rows } = await recount(store, params, whole(signal));
      return new Map(rows.map(({ bound, ...tally }) => [bound, tally]));
    },
    async readRuns(key, { first, last }, signal): Promise<readonly StoredRun[]> {
      const params = { ...key, first, last, limit: Number(RUN_SPAN_MAX) };
      return (await readRuns(store, params, whole(signal))).rows;
    },
  };
}

/** Pages by the last line's own values, so that lines which arrive meanwhile shift nothing. */
async function* pagesOfLedger(
  store: Store,
  { topic, epoch, partition }: PartitionKey,
  options: QueryOptions,
): AsyncIterable<readonly LedgerLine[]> {
  let after: LedgerLine = BEFORE_ALL;
  for (;;) {
    const params = {
      ...{ topic, epoch, partition },
      afterFirst: after.first,
      afterLast: after.last,
      afterShard: after.shard,
      afterStored: after.stored,
      afterDead: after.dead,
      afterMore: after.more,
      limit: LEDGER_PAGE_LINES,
    };
    const { rows } = await readLedger(store, params, options);
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (!last || rows.length < LEDGER_PAGE_LINES) return;
    after = last;
  }
}

/** Smaller than every line. */
const BEFORE_ALL: LedgerLine = {
  shard: -1,
  first: 0n,
  last: 0n,
  stored: -1,
  dead: -1,
  more: -1,
  copies: 0,
};
