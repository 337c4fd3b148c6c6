import type { Chunk } from './chunk.js';

/** Chunks of one partition that follow each other, all on one shard: from the first offset of the first to that of the last. */
export interface LedgerRange extends Pick<Chunk, 'topic' | 'epoch' | 'partition' | 'shard'> {
  readonly first: bigint;
  /** First offset of the last chunk, inclusive. */
  readonly lastChunk: bigint;
}

/** What the ledger says became of the records of one partition's chunks. */
export interface LedgerSum {
  readonly topic: string;
  readonly partition: number;
  readonly stored: number;
  /** Events that reached the queue more than the grace period after they happened. */
  readonly late: number;
  /** Events whose time was impossible, stored under the queue's time. */
  readonly clamped: number;
  /** Dead letters by reason. */
  readonly dead: Readonly<Record<string, number>>;
  /** Largest event time as stored, ms since the epoch; null when there was no event. */
  readonly newestMs: number | null;
}

/** What the metrics need of the store: a look-up by key of a few ledger lines. */
export interface LedgerSums {
  /** Over the ranges, which may be of several shards; rejects when one does not answer. */
  sumLedger(ranges: readonly LedgerRange[]): Promise<readonly LedgerSum[]>;
}
