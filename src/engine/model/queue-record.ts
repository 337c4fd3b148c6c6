/** One record of a queue, with its place in the partition. */
export interface QueueRecord {
  readonly offset: bigint;
  /** Queue time in ms: when the record was produced; the embedded log keeps one that is no time (`usableTime`) as 0. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  /** null is a tombstone. */
  readonly value: Buffer | null;
  /** undefined when there are none. */
  readonly headers: Readonly<Record<string, string>> | undefined;
}
