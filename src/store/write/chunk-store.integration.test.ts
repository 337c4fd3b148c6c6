import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Chunk } from '../../engine/model/chunk.js';
import type { QueueRecord } from '../../engine/model/queue.js';
import { encodeRows } from '../../engine/model/record-row.js';
import { type RecordRun, runOf } from '../../engine/model/record-run.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { createChunkStore } from './chunk-store.js';

let testStore: TestStore;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 2 });
});
afterAll(async () => {
  await testStore[Symbol.asyncDispose]();
});

const QUEUE_TIME_MS = Date.UTC(2026, 10, 23, 12);

function record(offset: number, value: string | null): QueueRecord {
  return {
    offset: BigInt(offset),
    timestampMs: QUEUE_TIME_MS,
    key: null,
    value: value === null ? null : Buffer.from(value),
    headers: undefined,
  };
}

function chunkOf(topic: string, records: readonly QueueRecord[], last = records.length - 1): Chunk {
  const runs = records.length === 0 ? [] : [runOf(records)];
  return { topic, epoch: 1, partition: 0, first: 0n, last: BigInt(last), shard: 1, runs };
}

async function rows<Row>(sql: string, topic: string): Promise<Row[]> {
  const client = await testStore.store.shard(0);
  const answer = await client.query({ query: sql, query_params: { topic }, format: 'JSONEachRow' });
  return answer.json<Row>();
}

const signal = new AbortController().signal;

describe('ChunkStore', () => {
  it('stores events, dead letters and one ledger line, and the same again changes nothing', async () => {
    const store = createChunkStore(testStore.store);
    const chunk = chunkOf(
      'same',
      [
        record(
          0,
          '{"ts":"2026-11-23T11:59:59.123456789Z","service":"pay","level":"ERROR","message":"no"}',
        ),
        record(2, 'not json'),
        record(3, null),
        record(4, '[1]'),
      ],
      6,
    );
    for (let sent = 0; sent < 3; sent += 1) await store.writeChunk(chunk, signal);

    const where = 'WHERE topic = {topic:String}';
    expect(
      await rows(`SELECT toString(ts) AS ts, level, offset FROM events ${where}`, 'same'),
    ).toEqual([{ ts: '2026-11-23 11:59:59.123456789', level: 'error', offset: 0 }]);
    expect(
      await rows(`SELECT offset, reason FROM dead_letters ${where} ORDER BY offset`, 'same'),
    ).toEqual([
      { offset: 2, reason: 'invalid_json' },
      { offset: 3, reason: 'tombstone' },
      { offset: 4, reason: 'not_an_object' },
    ]);
    expect(
      await rows(`SELECT first, last, stored, dead, reasons FROM ledger ${where}`, 'same'),
    ).toEqual([
      {
        first: 0,
        last: 6,
        stored: 1,
        dead: 3,
        reasons: { invalid_json: 1, not_an_object: 1, tombstone: 1 },
      },
    ]);
    expect(await store.ledgerEnd({ topic: 'same', epoch: 1, partition: 0 })).toBe(7n);
  });

  it('keeps a range without records in the ledger, once', async () => {
    const store = createChunkStore(testStore.store);
    for (let sent = 0; sent < 2; sent += 1) await store.writeChunk(chunkOf('hole', [], 9), signal);
    expect(
      await rows(
        'SELECT first, last, stored, dead FROM ledger WHERE topic = {topic:String}',
        'hole',
      ),
    ).toEqual([{ first: 0, last: 9, stored: 0, dead: 0 }]);
  });

  it("reads lengths that are padded, as Kafka's records bring them", async () => {
    const head = encodeRows([record(0, null)]).subarray(0, 17);
    const value = Buffer.from(JSON.stringify({ service: 'pay', message: 'x'.repeat(60) }));
    const padded = (bytes: Buffer) => Buffer.concat([Buffer.from([bytes.length | 0x80, 0]), bytes]);
    const bytes = Buffer.concat([
      head,
      Buffer.from([0]),
      padded(Buffer.alloc(70, 'k')),
      padded(value),
    ]);
    const run = { ...runOf([record(0, null)]), recordCount: 1, rows: () => bytes } as RecordRun;
    const chunk = { ...chunkOf('padded', [], 0), runs: [run] };
    await createChunkStore(testStore.store).writeChunk(chunk, signal);
    expect(
      await rows(
        `SELECT service, length(message) AS length FROM events WHERE topic = {topic:String}`,
        'padded',
      ),
    ).toEqual([{ service: 'pay', length: 60 }]);
  });

  it.each(['plain', 'with:e7:p9:1-2:s3', 'größe', '$^.*'])(
    'finds the address of a chunk of topic %j in its token',
    async (topic) => {
      const chunk = { ...chunkOf(topic, [record(5, '{}')], 9), epoch: 4, partition: 3, first: 5n };
      await createChunkStore(testStore.store).writeChunk(chunk, signal);
      expect(
        await rows(
          'SELECT topic, epoch, partition, first, last, stored FROM ledger WHERE topic = {topic:String}',
          topic,
        ),
      ).toEqual([{ topic, epoch: 4, partition: 3, first: 5, last: 9, stored: 1 }]);
    },
  );

  it('stores nothing of a topic that is on a shard which the context does not name', async () => {
    const store = createChunkStore(testStore.store);
    await store.assignShards('wide', 2);
    const client = await testStore.store.shard(0);
    await client.command({
      query: `INSERT INTO partition_shards (topic, partition, version, shard) VALUES ('wide', 1, 2, 2)`,
    });
    await expect(store.assignShards('wide', 2)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'cannot store wide: its partition 1 belongs to shard 2, and this context has 2',
    });
  });

  it('assigns partitions once, the same on every shard, and keeps epochs', async () => {
    const store = createChunkStore(testStore.store);
    expect([...(await store.assignShards('t', 3))]).toEqual([
      [0, 0],
      [1, 1],
      [2, 0],
    ]);
    expect([...(await store.assignShards('t', 4))]).toEqual([
      [0, 0],
      [1, 1],
      [2, 0],
      [3, 1],
    ]);
    await store.addEpoch({ topic: 't', epoch: 1, identity: 'one' });
    await store.addEpoch({ topic: 't', epoch: 1, identity: 'one' });
    expect(await store.listEpochs('t')).toEqual([{ topic: 't', epoch: 1, identity: 'one' }]);
  });
});
