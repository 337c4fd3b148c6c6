/**
 * Largest value of one record that is stored as an event; a larger one is a dead letter with its first bytes. A little below
 * 1 MiB, so that it fits Kafka's default limit for a batch (1,048,588 bytes) together with key and headers.
 */
export const VALUE_BYTES_MAX = 1_000_000;

/** How much of an oversized value the dead letter keeps: enough to see what and whose it was. */
export const OVERSIZED_SAMPLE_BYTES = 4096;

/** A chunk's largest record count: below the server's block limits that `writeChunk` sends, so it is never split. */
export const CHUNK_RECORDS_MAX = 100_000;

/** A chunk is full at this amount of value bytes; bounds the memory of one insert on both sides (two chunks a partition). */
export const CHUNK_BYTES_MAX = 16 * 1024 * 1024;

/** The topic that `ingest` and the simulators fill unless told otherwise. */
export const DEFAULT_TOPIC = 'events';

/** Partitions of a topic that atbd creates, but for a local stack's own, which has one a shard. */
export const DEFAULT_PARTITION_COUNT = 6;

/** Consumer group of the ingest workers. */
export const INGEST_GROUP_ID = 'atbd-ingest';

/** Record header that exempts a backfilled event from the clock check (value "1"). */
export const BACKFILL_HEADER = 'atbd-backfill';

/** A ts before queue time minus this is clamped: 400 days. */
export const TS_PAST_MS_MAX = 400 * 24 * 60 * 60 * 1000;
