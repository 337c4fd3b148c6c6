-- Events, dead letters and the ledger, filled from one insert into `intake`.
-- {merge_tree} becomes MergeTree or ReplicatedMergeTree('/clickhouse/...') and {dedup} its deduplication window.
CREATE DATABASE IF NOT EXISTS atbd;

-- The worker's only target. A Null table keeps nothing; the views below take what they need from the same
-- insert. `reason` is empty for a record that is to be judged here, else why the worker could not hand over its value.
CREATE TABLE IF NOT EXISTS atbd.intake
(
    topic String,
    epoch UInt32,
    partition UInt32,
    chunk_first UInt64,
    chunk_last UInt64,
    offset UInt64,
    queue_time DateTime64(3, 'UTC'),
    is_backfill UInt8,
    reason String,
    key String,
    raw String
)
ENGINE = Null;

-- What the questions read: newest first in a time range, narrowed by service, level or words; one action by op_id.
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
