import { expect, it } from 'vitest';
import type { Chunk, ChunkStore } from '../../model/chunk.js';
import { recordCountOf } from '../../model/chunk.js';
import type { QueueRecord } from '../../model/queue-record.js';
import { encodeRows } from '../../model/record-row.js';
import { runOf } from '../../model/record-run.js';
import { mapChunks } from './map-chunks.js';
import { createTopicMappers } from './topic-mapper.js';

const FIRST = 2n ** 60n;

function recordsOf(values: readonly (string | null)[]): QueueRecord[] {
  return values.map((value, index) => ({
    offset: FIRST + BigInt(index),
    timestampMs: 1_795_470_590_910,
    key: Buffer.from('k'),
    value: value === null ? null : Buffer.from(value),
    headers: index === 1 ? { 'atbd-backfill': '1' } : undefined,
  }));
}

function chunkOf(topic: string, values: readonly (string | null)[]): Chunk {
  const last = FIRST + BigInt(values.length - 1);
  const address = { topic, epoch: 1, partition: 0, first: FIRST, last, shard: 0 };
  return { ...address, runs: [runOf(recordsOf(values))] };
}

/** What the store was given. */
async function written(chunk: Chunk): Promise<Chunk> {
  const chunks: Chunk[] = [];
  const store = {
    writeChunk: (each: Chunk) => {
      chunks.push(each);
      return Promise.resolve();
    },
  } as Partial<ChunkStore> as ChunkStore;
  const mappers = createTopicMappers([
    { name: 'foreign', format: 'json' },
    { name: 'own', format: 'atbd' },
    { name: 'otlp', format: 'otlp-json' },
  ]);
  await mapChunks(store, mappers).writeChunk(chunk, new AbortController().signal);
  return chunks[0]!;
}

const rowsOf = ({ runs }: Chunk): Buffer => Buffer.concat(runs.map((run) => run.rows()));

/** As `encodeRows` has it, and the first of its record's events; only a dead letter has a key. */
function asMapped(record: QueueRecord): Buffer {
  const row = encodeRows([record.value === null ? record : { ...record, key: null }]);
  return Buffer.concat([row, Buffer.alloc(4)]);
}

const VALUES = ['{"msg":"a"}', '{"msg":"b","severity":"WARN"}', null, '{"msg"'];

it('rows of a foreign topic are those of its events, at the same places and times', async () => {
  const chunk = await written(chunkOf('foreign', VALUES));
  const events = ['{"message":"a"}', '{"level":"warn","message":"b"}', null];
  const expected = Buffer.concat(recordsOf(events).map(asMapped));
  const rows = rowsOf(chunk);
  expect(rows.subarray(0, expected.length)).toEqual(expected);
  expect(rows.subarray(expected.length).toString('latin1')).toContain(
    'invalid_json\x01k\x06{"msg"',
  );
  expect(chunk).toMatchObject({ topic: 'foreign', first: FIRST, last: FIRST + 3n, shard: 0 });
  expect(recordCountOf(chunk)).toBe(4);
});

it('a chunk that is sent again is the same bytes, however its records were read', async () => {
  const values = Array.from({ length: 1_700 }, (_, index) => VALUES[index % VALUES.length]!);
  const chunk = chunkOf('foreign', values);
  const [run] = chunk.runs;
  const cut = { ...chunk, runs: [run!.slice(0, 1), run!.slice(1, 650), run!.slice(650, 1_700)] };
  expect(rowsOf(await written(cut))).toEqual(rowsOf(await written(chunk)));
});

it('events of one record are rows at its offset, numbered', async () => {
  const logRecords = ['a', 'b', 'c'].map((stringValue) => ({ body: { stringValue } }));
  const request = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  const chunk = await written(chunkOf('otlp', [request, null]));
  const [first, tombstone] = recordsOf(['', null]);
  const expected = logRecords.map(({ body }, item) => {
    const value = Buffer.from(JSON.stringify({ kind: 'log', message: body.stringValue }));
    const number = Buffer.from([item, 0, 0, 0]);
    return Buffer.concat([encodeRows([{ ...first!, key: null, value }]), number]);
  });
  expect(rowsOf(chunk)).toEqual(Buffer.concat([...expected, asMapped(tombstone!)]));
  expect(chunk.hasItems).toBe(true);
});

it('a chunk of our own format is passed on as it is', async () => {
  const chunk = chunkOf('own', VALUES);
  expect(await written(chunk)).toBe(chunk);
  const unknown = chunkOf('nobody described it', VALUES);
  expect(await written(unknown)).toBe(unknown);
});
