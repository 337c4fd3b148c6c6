// What the events and their roll-ups take on the disk, by column and index.

/** How we know from where a row came; a log without a queue would not have them. */
const LEDGER_COLUMNS = ['topic', 'epoch', 'partition', 'offset', 'queue_time', 'ingested_at'];

/** Merges each table as far as it will ever be merged, and sums up over all shards. */
export async function mergeAll(testStore, shardCount) {
  for (let shard = 0; shard < shardCount; shard += 1) {
    const client = await testStore.store.shard(shard);
    for (const table of TABLES) await client.command({ query: `OPTIMIZE TABLE ${table} FINAL` });
  }
}

const TABLES = ['events_local', 'traffic_1m_local', 'sessions_1m_local', 'metrics_1m_local'];

/** Prints bytes an event: of each table, and of events_local's columns and indexes. */
export async function printDisk(testStore, shardCount, { count, bytes, packedBytes }) {
  const perEvent = (sum) => sum / count;
  const tables = await sums(
    testStore,
    shardCount,
    `SELECT table AS name, sum(bytes_on_disk) AS bytes FROM system.parts
     WHERE active AND database = 'atbd' GROUP BY name`,
  );
  const columns = await sums(
    testStore,
    shardCount,
    `SELECT column AS name, sum(column_data_compressed_bytes + column_marks_bytes) AS bytes
     FROM system.parts_columns WHERE active AND database = 'atbd' AND table = 'events_local' GROUP BY name`,
  );
  const indexes = await sums(
    testStore,
    shardCount,
    `SELECT name, data_compressed_bytes + marks_bytes AS bytes
     FROM system.data_skipping_indices WHERE database = 'atbd' AND table = 'events_local'`,
  );
  const ledger = LEDGER_COLUMNS.reduce((sum, name) => sum + (columns.get(name) ?? 0), 0);
  const events = tables.get('events_local');
  const list = (map) =>
    [...map]
      .sort(([, a], [, b]) => b - a)
      .map(([name, sum]) => `${name} ${perEvent(sum).toFixed(2)}`)
      .join(', ');
  console.log(`\ndisk, bytes an event (as NDJSON ${perEvent(bytes).toFixed(1)})`);
  console.log(`  tables: ${list(tables)}`);
  console.log(`  columns: ${list(columns)}`);
  console.log(`  indexes: ${list(indexes)}`);
  if (packedBytes === null) return console.log('  zstd is not there to compare with');
  const packed = perEvent(packedBytes);
  console.log(
    `  zstd -3: ${packed.toFixed(1)}; events_local ${(perEvent(events) / packed).toFixed(2)}x of it, ` +
      `without the ledger's columns ${(perEvent(events - ledger) / packed).toFixed(2)}x, ` +
      `with them and all roll-ups ${(perEvent([...tables.values()].reduce((a, b) => a + b, 0)) / packed).toFixed(2)}x`,
  );
}

/** By name, over all shards. */
async function sums(testStore, shardCount, query) {
  const total = new Map();
  for (let shard = 0; shard < shardCount; shard += 1) {
    const client = await testStore.store.shard(shard);
    const answer = await client.query({ query, format: 'JSONEachRow' });
    for (const { name, bytes } of await answer.json())
      total.set(name, (total.get(name) ?? 0) + Number(bytes));
  }
  return total;
}
