// Fills a store with the simulated shop's events, by the inserts that the ingest worker makes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createShop } from '../../dist/engine/generate/create-shop.js';
import { runOf } from '../../dist/engine/model/record-run.js';
import { partitionOfKey } from '../../dist/engine/queue/partition-of-key.js';
import { createChunkStore } from '../../dist/store/write/chunk-store.js';

/** A shop of this size makes 2M events in 2.8 hours, 20M in 28. */
const EVENTS_PER_SECOND = 200;
export const FROM_MS = Date.UTC(2026, 10, 20);
const STEP_MS = 10_000;
const PARTITION_COUNT = 6;
const CHUNK_RECORDS = 50_000;
const CHUNK_BYTES = 14 * 1024 * 1024;
/** Ids and words of events are noted once in so many, to be asked for later. */
const NOTE_EVERY = 1_009;

/** One shop that goes on from call to call, so that more is more of the same. */
export class Loader {
  #shop;
  #nowMs = FROM_MS;
  #chunkStore;
  #shardCount;
  #lanes = Array.from({ length: PARTITION_COUNT }, () => ({ records: [], bytes: 0, offset: 0n }));
  #inFlight = new Map();
  count = 0;
  bytes = 0;
  /** Ids of actions, and of orders that stand in messages; in the order of time. */
  opIds = [];
  orderWords = [];

  constructor(store, shardCount, eventsMax) {
    const toMs = FROM_MS + Math.ceil(eventsMax / EVENTS_PER_SECOND) * 2_000;
    this.#chunkStore = createChunkStore(store);
    this.#shardCount = shardCount;
    this.#shop = createShop({
      ...{ seed: 11, fromMs: FROM_MS, toMs, eventsPerSecond: EVENTS_PER_SECOND },
      ...{ userCount: 50_000, isDiurnal: false, faults: [], share: { index: 0, count: 1 } },
    });
  }

  /** Up to which event time all is stored. */
  get untilMs() {
    return this.#nowMs;
  }

  /** Goes on until there are so many events; hands each line to `onLine`. */
  async loadUntil(count, onLine) {
    while (this.count < count) {
      this.#nowMs += STEP_MS;
      this.#shop.advance(this.#nowMs, ({ key, value }) => {
        this.#take(key, value);
        onLine?.(value);
      });
      for (const [partition, lane] of this.#lanes.entries()) {
        if (lane.records.length < CHUNK_RECORDS && lane.bytes < CHUNK_BYTES) continue;
        await this.#send(partition);
      }
    }
    for (const partition of this.#lanes.keys()) await this.#send(partition);
    await Promise.all(this.#inFlight.values());
  }

  #take(key, value) {
    const lane = this.#lanes[partitionOfKey(Buffer.from(key), PARTITION_COUNT)];
    const bytes = Buffer.from(value);
    const offset = lane.offset + BigInt(lane.records.length);
    lane.records.push({
      offset,
      timestampMs: this.#nowMs,
      key: null,
      value: bytes,
      headers: undefined,
    });
    lane.bytes += bytes.length;
    this.bytes += bytes.length + 1;
    this.count += 1;
    if (this.count % NOTE_EVERY === 0) this.#note(value);
  }

  #note(value) {
    const { op_id: opId, message = '' } = JSON.parse(value);
    if (opId) this.opIds.push(opId);
    const [order] = message.match(/\bo-\d+/) ?? [];
    if (order) this.orderWords.push(order);
  }

  /** One insert at a time per partition, as the worker does. */
  async #send(partition) {
    const lane = this.#lanes[partition];
    await this.#inFlight.get(partition);
    if (lane.records.length === 0) return;
    const { records, offset: first } = lane;
    const last = first + BigInt(records.length - 1);
    Object.assign(lane, { records: [], bytes: 0, offset: last + 1n });
    const chunk = {
      ...{ topic: 'events', epoch: 1, partition, shard: partition % this.#shardCount, first, last },
      runs: [runOf(records)],
    };
    this.#inFlight.set(partition, this.#chunkStore.writeChunk(chunk, new AbortController().signal));
  }
}

/** Size of what is written to it, as `zstd -3` packs it; null where there is no zstd. */
export async function startZstd() {
  const zstd = spawn('zstd', ['-3', '-q', '-c'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const isThere = await Promise.race([
    once(zstd, 'spawn').then(() => true),
    once(zstd, 'error').then(() => false),
  ]);
  if (!isThere) return null;
  let packed = 0;
  let lines = [];
  zstd.stdout.on('data', (data) => (packed += data.length));
  const flush = () => {
    zstd.stdin.write(`${lines.join('\n')}\n`);
    lines = [];
  };
  return {
    write(line) {
      lines.push(line);
      if (lines.length === 10_000) flush();
    },
    async end() {
      if (lines.length > 0) flush();
      zstd.stdin.end();
      await once(zstd, 'close');
      return packed;
    },
  };
}
