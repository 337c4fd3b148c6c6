/** From `from` to before `until`, in whole minutes, as seconds since the epoch. */
export interface MinuteRange {
  readonly from: number;
  readonly until: number;
}

/** What one side says of one hour. Sides that say the same have the same digest. */
export interface HourDigest {
  /** Of all that is exact. */
  readonly digest: string;
  /** Sum of floating-point numbers, whose last digits hang on their order; `scale` is the sum of what they are without their sign. */
  readonly total: number;
  readonly scale: number;
}

export interface HourRecount extends HourDigest {
  /** Events that the group had not committed at the cut: the figures may hold them, in part or not at all. */
  readonly openCount: number;
}

/** One row of figures that the events do not give, or the reverse; as numbers of events. */
export interface FigureDifference {
  /** Seconds since the epoch. */
  readonly minute: number;
  /** The dimensions that are not empty: `service=shop operation=buy`. */
  readonly key: string;
  readonly figures: number;
  readonly events: number;
}

/** Events of a partition from this offset on are not committed. */
export interface OpenFrom {
  readonly topic: string;
  readonly epoch: number;
  readonly partition: number;
  readonly position: bigint;
}

/** A roll-up on a shard. */
export interface RollupOfShard {
  readonly shard: number;
  readonly rollup: string;
}

/**
 * The store as the check of roll-ups reads it, one shard at a time: a roll-up belongs to the events of its shard. Rejects with an
 * AtbdError when the shard does not answer. Hours are those of UTC; an hour without rows has no entry.
 */
export interface FiguresStore {
  readonly shardCount: number;
  readonly rollups: readonly string[];

  /** From when on the roll-up has all events, seconds since the epoch; null where that was never recorded, so that nobody reads it. */
  completeFrom(at: RollupOfShard, signal: AbortSignal): Promise<number | null>;

  /** The hours that events or figures of the shard are in, ascending, with the number of events. */
  listHours(
    shard: number,
    range: MinuteRange,
    signal: AbortSignal,
  ): Promise<readonly { readonly hour: number; readonly eventCount: number }[]>;

  digestFigures(
    at: RollupOfShard,
    range: MinuteRange,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, HourDigest>>;

  /** The same from the events; partitions that `open` does not name are committed wholly. */
  digestEvents(
    at: RollupOfShard,
    range: MinuteRange & { readonly open: readonly OpenFrom[] },
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, HourRecount>>;

  /** What differs within the range, ascending by minute; at most `limit`. */
  listDifferences(
    at: RollupOfShard,
    range: MinuteRange & { readonly limit: number },
    signal: AbortSignal,
  ): Promise<readonly FigureDifference[]>;
}
