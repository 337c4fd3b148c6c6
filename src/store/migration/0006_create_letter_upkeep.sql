-- What became of dead letters later: sent again (`atbd dlq replay`) or dropped (`atbd dlq drop`).
-- Asked for by place, as the letters themselves, so they have the same ORDER BY; both stay for ever, because `verify` counts
-- what was dropped, and a letter that was sent once must never be sent again. Some 20 bytes a letter, merged.

-- One row a dropped letter, on the letter's own shard, written before the letter goes: who, when and by which filter, for each.
-- Rows of one drop_id are one drop.
CREATE TABLE IF NOT EXISTS atbd.dropped_letters_local
(
    topic LowCardinality(String),
    epoch UInt32 CODEC(T64, ZSTD(1)),
    partition UInt32 CODEC(T64, ZSTD(1)),
    offset UInt64 CODEC(Delta(8), ZSTD(1)),
    queue_time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    reason LowCardinality(String),
    bytes UInt64 CODEC(T64, ZSTD(1)),
    drop_id LowCardinality(String),
    filter LowCardinality(String),
    dropped_by LowCardinality(String),
    dropped_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1))
)
ENGINE = {merge_tree}
ORDER BY (topic, epoch, partition, offset)
SETTINGS {dedup};

CREATE TABLE IF NOT EXISTS atbd.dropped_letters AS atbd.dropped_letters_local
ENGINE = Distributed({cluster}, atbd, dropped_letters_local);

-- Which letters are in the queue again, and where. The same rows on every shard; a repeated one changes nothing.
CREATE TABLE IF NOT EXISTS atbd.replayed_letters
(
    topic LowCardinality(String),
    epoch UInt32 CODEC(T64, ZSTD(1)),
    partition UInt32 CODEC(T64, ZSTD(1)),
    offset UInt64 CODEC(Delta(8), ZSTD(1)),
    run LowCardinality(String),
    to_partition UInt32 CODEC(T64, ZSTD(1)),
    to_offset UInt64 CODEC(Delta(8), ZSTD(1)),
    replayed_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))
)
ENGINE = {merge_tree}
ORDER BY (topic, epoch, partition, offset)
SETTINGS {dedup};

-- The runs of `replay`: noted with the queue's ends before anything is sent, so that whoever comes after a killed one
-- knows from where to read what it did send. The same rows on every shard; a run is over when any of them says so.
CREATE TABLE IF NOT EXISTS atbd.letter_replays
(
    run String,
    phase Enum8('begun' = 1, 'ended' = 2),
    at DateTime64(3, 'UTC') DEFAULT now64(3),
    -- Who runs it, as one who comes later asks whether it still does; empty in the row of the end, as is all below.
    who String,
    host String,
    pid UInt32,
    born String,
    -- What it was asked for, as typed.
    filter String,
    changes String,
    -- JSON: of each topic its identity, and the next offset of each partition.
    topics String
)
ENGINE = {merge_tree}
ORDER BY (run, phase)
SETTINGS {dedup};
