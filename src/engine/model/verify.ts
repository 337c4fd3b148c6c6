import type { TopicEpoch } from './chunk.js';

/** One life of one partition: what `verify` gives a verdict on. */
export interface PartitionKey {
  readonly topic: string;
  readonly epoch: number;
  readonly partition: number;
}

/** What the ledger says about one chunk; `first` and `last` are inclusive. */
export interface LedgerLine {
  /** Index of the shard, from 0. */
  readonly shard: number;
  readonly first: bigint;
  readonly last: bigint;
  /** Records that became events. */
  readonly stored: number;
  /** Records that became dead letters. */
  readonly dead: number;
  /** Events of these records beyond the first of each: 0 but where a record holds many. */
  readonly more: number;
  /** How often this very line is on the shard: 1, or the ledger itself is doubled. */
  readonly copies: number;
}

/** What a recount of one range found, over all shards. `distinct` numbers count offsets, the others rows; a record counts by its first event. */
export interface Tally {
  readonly rows: number;
  readonly rowsDistinct: number;
  /** Events beyond the first of their records, and how many different ones that are. */
  readonly more: number;
  readonly moreDistinct: number;
  readonly deadLetters: number;
  readonly deadLettersDistinct: number;
  /** Offsets that are in at least one of the two. */
  readonly distinct: number;
  /** Smallest and largest of these offsets. */
  readonly first: bigint;
  readonly last: bigint;
}

/** Neighbouring offsets that are stored in the same way. */
export interface StoredRun {
  readonly first: bigint;
  readonly last: bigint;
  /** Rows per offset in events (first ones of a record) and in dead letters, over all shards. */
  readonly rows: number;
  readonly deadLetters: number;
  /** Where they are, ascending. */
  readonly shards: readonly number[];
}

/**
 * What `verify` needs of the store. Every answer is over all shards: a shard that does not answer
 * rejects with an AtbdError, because a verdict without it would be worth nothing.
 */
export interface VerifyStore {
  /** Every life of every partition that has a ledger line, a row or a dead letter; sorted. */
  listPartitions(topic: string | undefined, signal: AbortSignal): Promise<readonly PartitionKey[]>;

  /** The epochs known for a topic, ascending. */
  listEpochs(topic: string, signal: AbortSignal): Promise<readonly TopicEpoch[]>;

  /** The ledger of one partition in pages, ascending by `first`, then `last`, then shard. */
  readLedger(key: PartitionKey, signal: AbortSignal): AsyncIterable<readonly LedgerLine[]>;

  /**
   * Recounts rows and dead letters: one tally per bound, of the offsets from that bound to before
   * the next (the last one: to before `until`). Bounds ascend; a bound without rows has no tally.
   */
  recount(
    key: PartitionKey,
    range: { readonly bounds: readonly bigint[]; readonly until: bigint },
    signal: AbortSignal,
  ): Promise<ReadonlyMap<bigint, Tally>>;

  /** What is stored between two offsets (inclusive), ascending. The range is at most RUN_SPAN_MAX. */
  readRuns(
    key: PartitionKey,
    range: { readonly first: bigint; readonly last: bigint },
    signal: AbortSignal,
  ): Promise<readonly StoredRun[]>;
}

/** Most offsets one `readRuns` may span: bounds the answer, and is a chunk's largest record count. */
export const RUN_SPAN_MAX = 100_000n;
