-- Events, dead letters and the ledger, filled from one insert into `intake`.
-- {merge_tree} becomes MergeTree or ReplicatedMergeTree('/clickhouse/...') and {dedup} its deduplication window.
CREATE DATABASE IF NOT EXISTS atbd;

-- The worker's only target. A Null table keeps nothing; the views of migration 0002 take what they need from the same
-- insert. `reason` is empty for a record that is to be judged here, else why the worker could not hand over its value.
-- What is the same for all rows of an insert is in its insert_deduplication_token: topic, epoch, partition and range.
CREATE TABLE IF NOT EXISTS atbd.intake
(
    offset UInt64,
    queue_time DateTime64(3, 'UTC'),
    is_backfill UInt8,
    reason String,
    key String,
    raw String
)
ENGINE = Null;

-- What the questions read: newest first in a time range, narrowed by service, level or words; one action by op_id.
--
-- Measured on 2,000,000 rows of 8 services (message 58 bytes, 15 rows an action), 61 parts of 33,000 rows, one core;
-- insert and merge in us of processor time a row, questions in ms (median of 5, 2 cores, after OPTIMIZE FINAL):
--
--                               insert  merge  bytes/row  trace  newest 100  errors of one  rare word  common word
--   this table                    2.8    6.1      51.6      11       9            14            9          10
--   ... words indexed by merges   1.0    5.7      51.6       9       6            10            6           9
--   no index of words             1.0    2.2      41.7       8       8            13           86         111
--   tokenbf_v1(16384, 3, 0)       2.3    2.8      43.9       8       7            13            9          87
--   no bloom filter on op_id      3.4    7.1      51.6      44       7            15
--   ORDER BY service, ts          4.0    7.6      51.0      11      20            10
--   ORDER BY hour, service, ts    2.7    7.1      50.9      12      20            15
--   strings by LZ4                2.4    6.3      77.8       9       6            10
--   ZSTD(3) for ZSTD(1)           2.8    5.4      50.4       9       7            12
--   host, pod, file as String     2.8    6.0      56.2       9       6            12
--   DoubleDelta for ts            2.9    6.3      51.6       8       6            12
--
-- So: by time, because the newest of all services is the first question at night and half as fast by service; ZSTD(1),
-- because LZ4 takes half as much again; the exact index of words, though it is a fifth of the bytes and most of a merge,
-- because it answers any word in 10 ms. Inserts leave it to the merges (exclude_materialize_skip_indexes_on_insert,
-- `src/store/write/chunk-store.ts`): a part that waits for its first merge is small, and is searched without it.
-- Bytes/row: message 9.2 and its index 9.9, span_id and parent_id 8.4 each (random), op_id 1.8 and its filter 0.08.
CREATE TABLE IF NOT EXISTS atbd.events_local
(
    ts DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    ts_source Enum8('event' = 0, 'queue' = 1, 'clamped' = 2),
    kind LowCardinality(String),
    type LowCardinality(String),
    level LowCardinality(String),
    service LowCardinality(String),
    host LowCardinality(String),
    node LowCardinality(String),
    pod LowCardinality(String),
    container LowCardinality(String),
    module LowCardinality(String),
    file LowCardinality(String),
    line Nullable(UInt32),
    message String CODEC(ZSTD(1)),
    op_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    parent_id String CODEC(ZSTD(1)),
    duration_ms Nullable(Float64),
    operation LowCardinality(String),
    user_id String CODEC(ZSTD(1)),
    session_id String CODEC(ZSTD(1)),
    order_id String CODEC(ZSTD(1)),
    product_id String CODEC(ZSTD(1)),
    page LowCardinality(String),
    provider LowCardinality(String),
    status LowCardinality(String),
    attempt Nullable(UInt32),
    amount Nullable(Decimal(38, 9)),
    currency LowCardinality(String),
    metric LowCardinality(String),
    value Nullable(Float64),
    unit LowCardinality(String),
    attrs Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    flags Array(LowCardinality(String)),
    topic LowCardinality(String),
    epoch UInt32 CODEC(T64, ZSTD(1)),
    partition UInt32 CODEC(T64, ZSTD(1)),
    offset UInt64 CODEC(Delta(8), ZSTD(1)),
    queue_time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
    INDEX op_id_bloom op_id TYPE bloom_filter(0.01) GRANULARITY 1,
    -- On lower(message) and not with a preprocessor: with one, hasAllTokens means another thing where the index is not used.
    INDEX message_words lower(message) TYPE text(tokenizer = splitByNonAlpha)
)
ENGINE = {merge_tree}
PARTITION BY toDate(ts)
ORDER BY (ts, topic, epoch, partition, offset)
SETTINGS {dedup};

-- What is not one JSON object, or is over the size limit: its bytes, its place, and why.
CREATE TABLE IF NOT EXISTS atbd.dead_letters_local
(
    topic LowCardinality(String),
    epoch UInt32,
    partition UInt32,
    offset UInt64,
    queue_time DateTime64(3, 'UTC'),
    reason LowCardinality(String),
    key String,
    raw String CODEC(ZSTD(1)),
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {merge_tree}
ORDER BY (topic, epoch, partition, offset)
SETTINGS {dedup};

-- One line a chunk, for ever: which offsets were taken in, and what became of them.
CREATE TABLE IF NOT EXISTS atbd.ledger_local
(
    topic LowCardinality(String),
    epoch UInt32,
    partition UInt32,
    first UInt64,
    last UInt64,
    stored UInt64,
    dead UInt64,
    reasons Map(LowCardinality(String), UInt64),
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {merge_tree}
ORDER BY (topic, epoch, partition, first)
SETTINGS {dedup};

-- Which shard stores a partition: the row with the largest version counts. The same rows on every shard.
CREATE TABLE IF NOT EXISTS atbd.partition_shards
(
    topic String,
    partition UInt32,
    version UInt32,
    shard UInt32,
    assigned_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {merge_tree}
ORDER BY (topic, partition, version)
SETTINGS {dedup};

-- The lives of a topic. The same rows on every shard.
CREATE TABLE IF NOT EXISTS atbd.topic_epochs
(
    topic String,
    epoch UInt32,
    identity String,
    first_seen DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {merge_tree}
ORDER BY (topic, epoch)
SETTINGS {dedup};

CREATE TABLE IF NOT EXISTS atbd.events AS atbd.events_local
ENGINE = Distributed({cluster}, atbd, events_local);

CREATE TABLE IF NOT EXISTS atbd.dead_letters AS atbd.dead_letters_local
ENGINE = Distributed({cluster}, atbd, dead_letters_local);

CREATE TABLE IF NOT EXISTS atbd.ledger AS atbd.ledger_local
ENGINE = Distributed({cluster}, atbd, ledger_local);
