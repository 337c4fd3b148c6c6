const POLL_MS = 250;

/** Two for each of three shards: one for each of six partitions, as the worker has. */
const CONSUMERS_A_SHARD = 2;

/**
 * The index of words, which the worker leaves to merges, would be built by every insert of the engine: it takes no setting of a
 * query. So the tables are without it for whoever is compared with the engine.
 */
export async function dropWordIndex(context) {
  await onEachShard(context, 'ALTER TABLE atbd.events_local DROP INDEX IF EXISTS message_words');
}

/**
 * A topic to its end, by ClickHouse's own Kafka engine on each shard. Its rows go into `intake`, as the worker's do, so that the same views judge
 * them and fill the same tables. There is no token: which chunk a row came in nobody knows, and what is read twice is stored twice.
 */
export async function readByKafkaEngine(context, { bootstrap, topic }, count) {
  await onEachShard(
    context,
    `CREATE TABLE atbd.kafka_topic (raw String) ENGINE = Kafka SETTINGS kafka_broker_list = '${bootstrap}', kafka_topic_list = '${topic}',
     kafka_group_name = 'kafka-engine', kafka_format = 'RawBLOB', kafka_num_consumers = ${CONSUMERS_A_SHARD}, kafka_thread_per_consumer = 1,
     kafka_max_block_size = 100000, kafka_poll_max_batch_size = 100000, kafka_flush_interval_ms = 1000`,
    `CREATE MATERIALIZED VIEW atbd.kafka_to_intake TO atbd.intake AS
     SELECT _offset AS offset, assumeNotNull(_timestamp_ms) AS queue_time, toUInt8(0) AS is_backfill, '' AS reason, _key AS key, raw
     FROM atbd.kafka_topic`,
  );
  while ((await eventCount(context)) < count)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  await onEachShard(
    context,
    'DROP VIEW atbd.kafka_to_intake SYNC',
    'DROP TABLE atbd.kafka_topic SYNC',
  );
}

async function eventCount({ testStore: { store } }) {
  const client = await store.shard(0);
  const answer = await client.query({
    query: 'SELECT toUInt32(count()) AS events FROM atbd.events',
    format: 'JSONEachRow',
  });
  return (await answer.json())[0].events;
}

async function onEachShard({ testStore: { store } }, ...queries) {
  for (let index = 0; index < store.shardCount; index += 1) {
    const client = await store.shard(index);
    for (const query of queries) await client.command({ query });
  }
}
