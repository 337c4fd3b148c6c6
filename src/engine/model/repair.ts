import type { Chunk } from './chunk.js';
import type { PartitionKey } from './verify.js';
import type { MinuteRange, RollupOfShard } from './verify-figures.js';

/** What a ledger line says of a chunk. */
export interface LedgerCounts {
  readonly stored: number;
  readonly dead: number;
  readonly more: number;
}

/** What is kept of a record: the two tables that a repair puts rows into. */
export type MendedTable = 'events' | 'dead_letters';

/** A record that is not stored as the queue has it. */
export interface RowDifference {
  readonly table: MendedTable;
  readonly offset: bigint;
  /** Missing, there more than once, or where it should not be; otherwise it is there once with another content. */
  readonly isMisplaced: boolean;
  /** The columns that differ; empty where it is misplaced. */
  readonly columns: readonly string[];
}

/** `places`: whether each row is there, once. `contents`: whether each column says what the queue's record says, too. */
export type ComparisonDepth = 'places' | 'contents';

/** The records of one chunk, laid beside the store by the views' own conversions. */
export interface StagedChunk {
  /** Ascending by offset, per table; over all shards. Rows of offsets that were not staged are not looked at. */
  differences(depth: ComparisonDepth, signal: AbortSignal): Promise<readonly RowDifference[]>;

  /**
   * Takes away what is stored of these, on all shards, and puts the staged rows in their place. Figures per minute do not notice.
   * Cut off in between, rows are missing, and the same repair puts them in.
   */
  mendRows(differences: readonly RowDifference[], signal: AbortSignal): Promise<void>;

  /** What the ledger should say of the chunk. */
  ledgerCounts(signal: AbortSignal): Promise<LedgerCounts>;

  /** Makes this one line of all that have exactly the chunk's range, on all shards. */
  writeLedgerLine(signal: AbortSignal): Promise<void>;
}

/** What a repair needs of the store. One repair at a time: who opens it stops another one with an error. */
export interface RepairStore extends AsyncDisposable {
  /** The shard that a partition is stored on; undefined when none was assigned. */
  shardOf(key: PartitionKey, signal: AbortSignal): Promise<number | undefined>;

  /** What was staged before is forgotten. */
  stage(chunk: Chunk, signal: AbortSignal): Promise<StagedChunk>;

  /** Resolves when no insert of a worker is under way on any shard; rejects with TIMEOUT after a while. */
  untilInsertsEnd(signal: AbortSignal): Promise<void>;

  /** Makes figures of these minutes anew from the events, by the view's own text. No insert may be under way. */
  rebuildFigures(at: RollupOfShard, range: MinuteRange, signal: AbortSignal): Promise<void>;
}
