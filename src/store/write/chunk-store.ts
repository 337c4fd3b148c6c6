import { Readable } from 'node:stream';
import type { Chunk, ChunkStore, TopicEpoch } from '../../engine/model/chunk.js';
import { encodeHole } from '../../engine/model/record-row.js';
import { CHUNK_BYTES_MAX, CHUNK_RECORDS_MAX } from '../../engine/model/limit.js';
import { AtbdError } from '../../engine/model/error.js';
import { toStoreError } from '../clickhouse/server-error.js';
import type { Store } from '../clickhouse/store.js';

/** Twice what a chunk may hold, so that a chunk is one block always: two attempts with other block splits would lose rows. */
const BLOCK_ROWS = 2 * CHUNK_RECORDS_MAX;
const BLOCK_BYTES = 8 * CHUNK_BYTES_MAX;

/** A chunk whose insert takes longer than this is in doubt, and is sent again. */
const INSERT_SECONDS_MAX = 120;

/** Sent with every insert and not assumed: exactly-once hangs on them. */
const INSERT_SETTINGS = {
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  async_insert: 0,
  max_insert_block_size: String(BLOCK_ROWS),
  min_insert_block_size_rows: String(BLOCK_ROWS),
  min_insert_block_size_bytes: String(BLOCK_BYTES),
  input_format_parallel_parsing: 0,
  throw_on_max_partitions_per_insert_block: 0,
  // Views of one table are filled one after the other, in no order that one could rely on; what hangs below a table, after it.
  parallel_view_processing: 0,
  materialized_views_ignore_errors: 0,
  // The words of a message are indexed when parts merge: a third of an insert's work, and soon done again there.
  // A part that waits for its merge is small, and searched without the index.
  exclude_materialize_skip_indexes_on_insert: 'message_words',
  // A view of figures answers with one row a key: nothing to merge before it is written.
  optimize_on_insert: 0,
  max_execution_time: INSERT_SECONDS_MAX,
  wait_end_of_query: 1,
} as const;

/** Writes chunks to their shards and keeps the tables that say which shard and which epoch. */
export function createChunkStore(store: Store): ChunkStore {
  return {
    writeChunk: (chunk, signal) => writeChunk(store, chunk, signal),
    assignShards: (topic, partitionCount) => assignShards(store, topic, partitionCount),
    ledgerEnd: (at) => ledgerEnd(store, at),
    listEpochs: (topic) => listEpochs(store, topic),
    addEpoch: (epoch) => addEpoch(store, epoch),
  };
}

async function writeChunk(store: Store, chunk: Chunk, signal: AbortSignal): Promise<void> {
  // Outside of the try: a failure here is a bug, and sending it again would not heal it.
  const rows =
    chunk.runs.length === 0 ? [encodeHole(chunk.first)] : chunk.runs.map((run) => run.rows());
  try {
    const client = await store.shard(chunk.shard);
    const { stream } = await client.exec({
      query: `INSERT INTO atbd.intake (${columnsOf(chunk)}) FORMAT RowBinary`,
      values: Readable.from(rows, { objectMode: false }),
      abort_signal: signal,
      clickhouse_settings: {
        ...INSERT_SETTINGS,
        insert_deduplication_token: tokenOf(chunk),
        log_comment: 'atbd:write_chunk',
      },
    });
    // The answer is empty; it must be read for the connection to be used again.
    stream.resume();
    await new Promise((resolve, reject) => stream.once('end', resolve).once('error', reject));
  } catch (cause) {
    throw toStoreError(cause, `store a chunk of ${chunk.topic}/${chunk.partition}`);
  }
}

/** The columns that its rows have (`engine/model/record-row.ts`); a range without a record is a row of the plain form. */
function columnsOf({ runs, hasItems = false }: Chunk): string {
  const columns = 'offset, queue_time, is_backfill, reason, key, raw';
  return hasItems && runs.length > 0 ? `${columns}, item` : columns;
}

/** Names the chunk wholly, and nothing else. The store's views take the chunk's address from it (migration 0002). */
function tokenOf({ topic, epoch, partition, first, last, shard }: Chunk): string {
  return `${topic}:e${epoch}:p${partition}:${first.toString()}-${last.toString()}:s${shard}`;
}

/** Rows from every shard, an error when one does not answer. */
async function selectFromAll<Row>(
  store: Store,
  doing: string,
  query: string,
  params: Readonly<Record<string, string | number>>,
): Promise<Row[][]> {
  return Promise.all(
    Array.from({ length: store.shardCount }, async (_, index) => {
      try {
        const client = await store.shard(index);
        const answer = await client.query({ query, query_params: params, format: 'JSONEachRow' });
        return await answer.json<Row>();
      } catch (cause) {
        throw toStoreError(cause, `${doing} (shard ${index})`);
      }
    }),
  );
}

async function insertIntoAll(
  store: Store,
  doing: string,
  { table, rows }: { readonly table: string; readonly rows: readonly object[] },
): Promise<void> {
  if (rows.length === 0) return;
  await Promise.all(
    Array.from({ length: store.shardCount }, async (_, index) => {
      try {
        const client = await store.shard(index);
        await client.insert({ table, values: [...rows], format: 'JSONEachRow' });
      } catch (cause) {
        throw toStoreError(cause, `${doing} (shard ${index})`);
      }
    }),
  );
}

interface Assignment {
  readonly partition: number;
  readonly version: number;
  readonly shard: number;
}

async function assignShards(
  store: Store,
  topic: string,
  partitionCount: number,
): Promise<ReadonlyMap<number, number>> {
  const doing = `read which shards ${topic} is on`;
  const answers = await selectFromAll<Assignment>(
    store,
    doing,
    `SELECT partition, version, shard FROM atbd.partition_shards
     WHERE topic = {topic:String} ORDER BY partition, version LIMIT 1000000`,
    { topic },
  );
  const newest = new Map<number, Assignment>();
  for (const entry of answers.flat()) {
    if (entry.version >= (newest.get(entry.partition)?.version ?? 0))
      newest.set(entry.partition, entry);
  }
  const added: Assignment[] = [];
  for (let partition = 0; partition < partitionCount; partition += 1) {
    if (newest.has(partition)) continue;
    // The first assignment is computed, so that two workers at once agree; from then on the table decides.
    added.push({ partition, version: 1, shard: partition % store.shardCount });
  }
  await insertIntoAll(store, `assign ${topic} to shards`, {
    table: 'atbd.partition_shards',
    rows: added.map((entry) => ({ topic, ...entry })),
  });
  const all = [...newest.values(), ...added];
  const beyond = all.find(({ shard }) => shard >= store.shardCount);
  if (beyond !== undefined) throw shardIsNotNamed(topic, beyond, store.shardCount);
  return new Map(all.map(({ partition, shard }) => [partition, shard]));
}

/** Without all shards nobody knows what is stored already. */
function shardIsNotNamed(
  topic: string,
  { partition, shard }: Assignment,
  count: number,
): AtbdError {
  return new AtbdError({
    code: 'CONFIG_INVALID',
    message: `cannot store ${topic}: its partition ${partition} belongs to shard ${shard}, and this context has ${count}`,
    hint: 'Name all shards in the context, in the order of before, and start the worker again: see docs/shards.md.',
  });
}

async function ledgerEnd(
  store: Store,
  { topic, epoch, partition }: Parameters<ChunkStore['ledgerEnd']>[0],
): Promise<bigint | null> {
  const answers = await selectFromAll<{ line_count: string; last: string }>(
    store,
    `read the ledger of ${topic}/${partition}`,
    `SELECT toString(count()) AS line_count, toString(max(last)) AS last FROM atbd.ledger_local
     WHERE topic = {topic:String} AND epoch = {epoch:UInt32} AND partition = {partition:UInt32} LIMIT 1`,
    { topic, epoch, partition },
  );
  const ends = answers.flat().filter(({ line_count: count }) => count !== '0');
  if (ends.length === 0) return null;
  return ends.reduce((most, { last }) => (BigInt(last) > most ? BigInt(last) : most), 0n) + 1n;
}

async function listEpochs(store: Store, topic: string): Promise<TopicEpoch[]> {
  const answers = await selectFromAll<{ epoch: number; identity: string }>(
    store,
    `read the epochs of ${topic}`,
    `SELECT DISTINCT epoch, identity FROM atbd.topic_epochs
     WHERE topic = {topic:String} ORDER BY epoch LIMIT 100000`,
    { topic },
  );
  const known = new Map(answers.flat().map((entry) => [entry.epoch, entry.identity]));
  return [...known]
    .map(([epoch, identity]) => ({ topic, epoch, identity }))
    .sort((a, b) => a.epoch - b.epoch);
}

async function addEpoch(store: Store, { topic, epoch, identity }: TopicEpoch): Promise<void> {
  await insertIntoAll(store, `record epoch ${epoch} of ${topic}`, {
    table: 'atbd.topic_epochs',
    rows: [{ topic, epoch, identity }],
  });
}
