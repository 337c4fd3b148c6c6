import { isUtf8 } from 'node:buffer';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mapChunks } from '../../engine/edge/topic/map-chunks.js';
import type { MappedRecord } from '../../engine/edge/topic/mapped-record.js';
import { chunkLimitsOf } from '../../engine/edge/topic/mapped-limit.js';
import { createTopicMappers } from '../../engine/edge/topic/topic-mapper.js';
import type { TopicSpec } from '../../engine/edge/topic/topic-spec.js';
import type { Chunk } from '../../engine/model/chunk.js';
import {
  BACKFILL_HEADER,
  CHUNK_BYTES_MAX,
  CHUNK_RECORDS_MAX,
  VALUE_BYTES_MAX,
} from '../../engine/model/limit.js';
import type { QueueRecord } from '../../engine/model/queue-record.js';
import { encodeRows } from '../../engine/model/record-row.js';
import { countWithin, runOf } from '../../engine/model/record-run.js';
import { ByteMutator } from '../../engine/testing/fuzz/byte-mutator.js';
import { type FuzzRound, fuzzRounds } from '../../engine/testing/fuzz/fuzz-plan.js';
import { VALID_VALUES } from '../../engine/testing/fuzz/valid-values.js';
import { startTestStore, type TestStore } from '../../store/testing/test-store.js';
import { createChunkStore } from '../../store/write/chunk-store.js';

const STRING_COUNT = 80_000;
const ROUND_SIZE = 10_000;
const QUEUE_TIME_MS = Date.UTC(2026, 10, 23, 11, 1);

/** Queues say strange times, too. */
const STRANGE_TIMES = [0, -1, 1, Number.NaN, 4_102_444_800_000, 9e15, 1.5];
const STRANGE_TIME_EVERY = 97;
const BACKFILL_EVERY = 211;

/** A record that is none, one that is too large, and one that says nothing, in each round. */
const LETTERS = [null, Buffer.alloc(VALUE_BYTES_MAX + 1, '{'), Buffer.alloc(0)];

const TOPICS: readonly TopicSpec[] = [
  { name: 'own', format: 'atbd' },
  { name: 'json', format: 'json', service: 'shop' },
  { name: 'own', format: 'atbd' },
  { name: 'text', format: 'text', pattern: 'combined' },
  { name: 'own', format: 'atbd' },
  { name: 'debezium', format: 'debezium', columns: { id: 'order_id' } },
  { name: 'own', format: 'atbd' },
  { name: 'otlp', format: 'otlp-json' },
];
const MAPPERS = createTopicMappers(TOPICS);

let testStore: TestStore;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 1 });
});
afterAll(() => testStore[Symbol.asyncDispose]());

function recordsOf({ seed, stringCount }: FuzzRound, { format }: TopicSpec): QueueRecord[] {
  const values = new ByteMutator(VALID_VALUES[format], seed);
  const keys = new ByteMutator([Buffer.from('key-1'), Buffer.from('\u{1f600}')], seed);
  return Array.from({ length: stringCount }, (_, index) => ({
    offset: BigInt(index),
    timestampMs:
      index % STRANGE_TIME_EVERY === 0
        ? STRANGE_TIMES[index % STRANGE_TIMES.length]!
        : QUEUE_TIME_MS,
    key: keys.next(),
    value: index < LETTERS.length ? LETTERS[index]! : values.next(),
    headers: index % BACKFILL_EVERY === 0 ? { [BACKFILL_HEADER]: '1' } : undefined,
  }));
}

/** As large as the worker would make them. */
function chunksOf(records: readonly QueueRecord[], { seed }: FuzzRound, spec: TopicSpec): Chunk[] {
  const limits = chunkLimitsOf(spec.format) ?? {
    recordsMax: CHUNK_RECORDS_MAX,
    bytesMax: CHUNK_BYTES_MAX,
  };
  const chunks: Chunk[] = [];
  for (let from = 0; from < records.length;) {
    const to = from + countWithin(runOf(records.slice(from)), limits);
    const runs = [runOf(records.slice(from, to))];
    const range = { first: BigInt(from), last: BigInt(to - 1) };
    chunks.push({ topic: spec.name, epoch: 1, partition: seed, shard: 0, ...range, runs });
    from = to;
  }
  return chunks;
}

async function bytesOf(query: string, partition: number): Promise<Buffer> {
  const client = await testStore.store.shard(0);
  const { stream } = await client.exec({ query, query_params: { partition } });
  return buffer(stream);
}

async function rowsOf<Row>(query: string, partition: number): Promise<Row[]> {
  const client = await testStore.store.shard(0);
  const settings = { output_format_json_quote_64bit_integers: 0 } as const;
  const answer = await client.query({
    ...{ query, query_params: { partition }, format: 'JSONCompactEachRow' },
    clickhouse_settings: settings,
  });
  return answer.json<Row>();
}

/** Where something is, and how many events or why none. */
type Place = readonly [offset: number, what: number | string];

/** What the store has of a partition. */
async function storedOf(partition: number) {
  const own = 'WHERE partition = {partition:UInt32}';
  const [sums] = await rowsOf<readonly unknown[]>(
    `SELECT sum(stored), sum(dead), sum(more), sumMap(reasons) FROM atbd.ledger_local ${own}`,
    partition,
  );
  const events = await rowsOf<Place>(
    `SELECT offset, count() FROM atbd.events_local ${own} GROUP BY offset ORDER BY offset`,
    partition,
  );
  const letters = await rowsOf<Place>(
    `SELECT offset, reason FROM atbd.dead_letters_local ${own} ORDER BY offset`,
    partition,
  );
  // In the form that records have on their way in.
  const letterRows = await bytesOf(
    `SELECT offset, queue_time, toUInt8(0), if(raw = '' AND reason = 'tombstone' OR reason = 'value_too_large', toString(reason), ''), key, raw
     FROM atbd.dead_letters_local ${own} ORDER BY offset FORMAT RowBinary`,
    partition,
  );
  return { sums, events, letters, letterRows };
}

/** The same, by what became of each record. */
function expectedOf(records: readonly QueueRecord[], outcomes: readonly Place[]) {
  const events = outcomes.filter(([, what]) => typeof what === 'number');
  const letters = outcomes.filter(([, what]) => typeof what === 'string');
  const reasons: Record<string, number> = {};
  for (const [, reason] of letters) reasons[reason] = (reasons[reason] ?? 0) + 1;
  const more = events.reduce((sum, [, count]) => sum + Number(count) - 1, 0);
  const dead = letters.map(([offset]) => ({ ...records[offset]!, headers: undefined }));
  return {
    sums: [events.length, letters.length, more, reasons],
    ...{ events, letters, letterRows: encodeRows(dead) },
  };
}

function asPlace({ offset }: QueueRecord, mapped: MappedRecord): Place {
  return [Number(offset), mapped.kind === 'events' ? mapped.values.length : mapped.reason];
}

/** Our own events are judged by the store: what it calls a letter has to be one. */
function judged(record: QueueRecord, storedReason: string | undefined): Place {
  const { value } = record;
  const at = Number(record.offset);
  if (value === null) return [at, 'tombstone'];
  if (value.length > VALUE_BYTES_MAX) return [at, 'value_too_large'];
  const kind = kindOf(value);
  const isRefused = storedReason === 'invalid_json' && isBeyondStore(value.toString());
  if (isRefused || kind === 'invalid_json') return [at, 'invalid_json'];
  return [at, kind === 'object' ? 1 : kind];
}

/** JSON by the letter, but not to the server's parser: half a surrogate pair, numbers of more than 64 bits. */
const BEYOND_STORE = /\\ud[89a-f]|\d{19}|\de[+-]?\d/i;
/** So deep it may be, and a little deeper. */
const DEPTH_BEYOND_STORE = 900;

/** Whether the server may refuse what is valid JSON. */
function isBeyondStore(text: string): boolean {
  return BEYOND_STORE.test(text) || depthOf(text) >= DEPTH_BEYOND_STORE;
}

/** How many lists and objects lie in one another, in valid JSON. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]}]/gs)) {
    if (token === '[' || token === '{') deepest = Math.max(deepest, (depth += 1));
    else if (token === ']' || token === '}') depth -= 1;
  }
  return deepest;
}

function kindOf(value: Buffer): 'object' | 'not_an_object' | 'invalid_json' {
  if (!isUtf8(value)) return 'invalid_json';
  try {
    // The server passes over a byte order mark.
    const parsed: unknown = JSON.parse(value.toString().replace(/^\ufeff/, ''));
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isObject ? 'object' : 'not_an_object';
  } catch {
    return 'invalid_json';
  }
}

/** Who is in one list alone, the first few, with the bytes: a whole round in a message would say nothing. */
function differencesOf(
  records: readonly QueueRecord[],
  stored: readonly Place[],
  expected: readonly Place[],
): string[] {
  const onlyOf = (of: readonly Place[], others: readonly Place[], name: string): string[] => {
    const known = new Set(others.map(String));
    const missing = of.filter((place) => !known.has(String(place)));
    return missing.map(([at, what]) => {
      const bytes = records[at]?.value?.toString('latin1').slice(0, 2_000);
      return `${name} ${at} as ${what}: ${bytes}`;
    });
  };
  const differences = [
    ...onlyOf(stored, expected, 'stored'),
    ...onlyOf(expected, stored, 'expected'),
  ];
  return differences.slice(0, 10);
}

it('stores every mutated record as events or as a dead letter with its bytes', async () => {
  const store = mapChunks(createChunkStore(testStore.store), MAPPERS);
  for (const round of fuzzRounds(STRING_COUNT, ROUND_SIZE)) {
    const where = `ATBD_FUZZ_SEED=${round.seed} ATBD_FUZZ_STRINGS=${round.stringCount}`;
    const spec = TOPICS[round.seed % TOPICS.length]!;
    const records = recordsOf(round, spec);
    for (const chunk of chunksOf(records, round, spec))
      await store.writeChunk(chunk, new AbortController().signal);
    const stored = await storedOf(round.seed);
    const map = MAPPERS.get(spec.name);
    const reasons = new Map(stored.letters);
    const outcomes = records.map((record, at) =>
      map ? asPlace(record, map(record)) : judged(record, reasons.get(at)?.toString()),
    );
    const expected = expectedOf(records, outcomes);
    expect(differencesOf(records, stored.letters, expected.letters), where).toEqual([]);
    expect(differencesOf(records, stored.events, expected.events), where).toEqual([]);
    expect(stored.sums, where).toEqual(expected.sums);
    expect(stored.letterRows.equals(expected.letterRows), `${where}: bytes of letters`).toBe(true);
  }
}, 1_200_000);
