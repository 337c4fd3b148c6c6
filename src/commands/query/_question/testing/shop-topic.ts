import type { Sending } from '../../../../engine/generate/create-shop.js';
import { BACKFILL_HEADER } from '../../../../engine/model/limit.js';
import type { QueueRecord } from '../../../../engine/model/queue-record.js';
import { runOf } from '../../../../engine/model/record-run.js';
import { partitionOfKey } from '../../../../engine/queue/partition-of-key.js';
import type { Store } from '../../../../store/clickhouse/store.js';
import { createChunkStore } from '../../../../store/write/chunk-store.js';

/** Where a record of a test's shop went. */
export interface Placed {
  readonly partition: number;
  readonly offset: number;
}

/** Partitions of a test's topic. */
export const PARTITION_COUNT = 3;

/** Stores what a simulated shop sends as an ingest worker would: partitions by key over all shards, times taken as they are. */
export class ShopTopic {
  readonly #store: Store;
  readonly #topic: string;
  readonly #ends = new Array<number>(PARTITION_COUNT).fill(0);

  constructor(store: Store, topic: string) {
    this.#store = store;
    this.#topic = topic;
  }

  /** One chunk a partition, in the order that is given; a partition is sent again when `isResent` says so. */
  async write(
    sendings: readonly Sending[],
    isResent: (partition: number) => boolean = () => false,
  ): Promise<Placed[]> {
    const records = Array.from({ length: PARTITION_COUNT }, (): QueueRecord[] => []);
    const placed = sendings.map((sending) => {
      const key = Buffer.from(sending.key);
      const partition = partitionOfKey(key, PARTITION_COUNT);
      const offset = this.#ends[partition]!++;
      records[partition]!.push({
        offset: BigInt(offset),
        timestampMs: sending.sendMs,
        key,
        value: Buffer.from(sending.value),
        headers: { [BACKFILL_HEADER]: '1' },
      });
      return { partition, offset };
    });
    for (const [partition, own] of records.entries())
      await this.#writeChunk(partition, own, isResent(partition));
    return placed;
  }

  async #writeChunk(
    partition: number,
    records: readonly QueueRecord[],
    isTwice: boolean,
  ): Promise<void> {
    const first = records[0]?.offset;
    const last = records.at(-1)?.offset;
    if (first === undefined || last === undefined) return;
    const chunkStore = createChunkStore(this.#store);
    const shard = partition % this.#store.shardCount;
    const runs = [runOf(records)];
    const chunk = { topic: this.#topic, epoch: 1, partition, first, last, shard, runs };
    const signal = new AbortController().signal;
    await chunkStore.writeChunk(chunk, signal);
    if (isTwice) await chunkStore.writeChunk(chunk, signal);
  }
}
