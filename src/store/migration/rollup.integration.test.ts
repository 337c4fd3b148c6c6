import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Chunk } from '../../engine/model/chunk.js';
import { BACKFILL_HEADER, CHUNK_RECORDS_MAX } from '../../engine/model/limit.js';
import { createRandom, type Random } from '../../engine/model/random.js';
import { runOf } from '../../engine/model/record-run.js';
import { differencesOfRollups } from '../testing/recount-rollups.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { createChunkStore } from '../write/chunk-store.js';
import { migrate } from './migrate.js';

const signal = new AbortController().signal;
const SEED = 20261124;
const QUEUE_TIME_MS = Date.UTC(2026, 10, 23);
const DAY_MS = 86_400_000;
/** Over which the largest chunk is spread. */
const DAYS = 12;

type Event = Readonly<Record<string, unknown>>;

/** Any of the list; what stands in it twice comes twice as often. */
function oneOf<T>(random: Random, values: readonly T[]): T {
  return values[random.integerBelow(values.length)]!;
}

/** Words as they come: none, with quotes and wildcards, in other scripts, long ones. */
const WORDS = ['', '', 'buy', 'buy', 'o\'clock \\ "%', 'größe 🚀', 'x'.repeat(3_000)];
const NUMBERS = [undefined, undefined, 0, -0.25, 12.5, 4e6, 'nan', 'inf', 'twelve'];
const AMOUNTS = [undefined, '0', '12.30', '-0.000000001', '9999999999999999999999999999', '1e3'];

/** An event at any minute of three days and of two years that no minute can hold; few values, so that they meet. */
function anyEvent(random: Random): Event {
  const dayMs = random.integerBelow(3) * DAY_MS + random.integerBelow(3) * 20 * 60_000;
  const ts = new Date(QUEUE_TIME_MS - dayMs - random.integerBelow(3) * 15_000).toISOString();
  return {
    ts: oneOf(random, [ts, ts, ts, ts, '1969-12-31T23:59:59Z', '2150-01-01T00:00:00Z', 'when?']),
    kind: oneOf(random, ['span', 'span', 'metric', 'metric', 'log', 'record']),
    type: oneOf(random, WORDS),
    level: oneOf(random, ['', 'error']),
    service: oneOf(random, ['cart', 'pay']),
    operation: oneOf(random, WORDS),
    provider: oneOf(random, ['', 'acme']),
    status: oneOf(random, ['', 'ok', 'failed']),
    amount: oneOf(random, AMOUNTS),
    currency: oneOf(random, ['', 'EUR']),
    duration_ms: oneOf(random, NUMBERS),
    user_id: oneOf(random, ['', 'u-1', 'u-2', 'ü 🚀']),
    session_id: oneOf(random, ['', 's-1']),
    metric: oneOf(random, ['', 'cpu']),
    value: oneOf(random, NUMBERS),
    unit: oneOf(random, ['', '1']),
    pod: oneOf(random, ['', 'pod-1']),
  };
}

interface Place {
  readonly partition: number;
  readonly shard: number;
  readonly first?: number;
}

function chunkOf(topic: string, events: readonly unknown[], { first = 0, ...at }: Place): Chunk {
  const records = events.map((event, index) => ({
    offset: BigInt(first + index),
    timestampMs: QUEUE_TIME_MS,
    key: null,
    // A text is no event: a dead letter among them.
    value: Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)),
    headers: { [BACKFILL_HEADER]: '1' },
  }));
  const last = BigInt(first + events.length - 1);
  return { topic, epoch: 1, ...at, first: BigInt(first), last, runs: [runOf(records)] };
}

function shuffle<T>(random: Random, items: readonly T[]): T[] {
  const keyed = items.map((item) => [random.next(), item] as const);
  return keyed.toSorted(([a], [b]) => a - b).map(([, item]) => item);
}

async function send(store: TestStore, chunks: readonly Chunk[]): Promise<void> {
  const chunkStore = createChunkStore(store.store);
  for (const chunk of chunks) await chunkStore.writeChunk(chunk, signal);
}

async function rowsOf<Row>(store: TestStore, query: string): Promise<Row[]> {
  const client = await store.store.shard(0);
  return (await client.query({ query, format: 'JSONEachRow' })).json<Row>();
}

async function command(store: TestStore, query: string): Promise<void> {
  await (await store.store.shard(0)).command({ query });
}

const VIEWS = ['events_to_traffic_1m', 'events_to_sessions_1m', 'events_to_metrics_1m'];

describe.each([1, 3])('the roll-ups on %i shards', (shardCount) => {
  let testStore: TestStore;
  beforeAll(async () => {
    testStore = await startTestStore({ shardCount });
  });
  afterAll(() => testStore[Symbol.asyncDispose]());

  it('equal a recount of any events, in any order of arrival, however often they are sent', async () => {
    const random = createRandom(SEED + shardCount);
    const chunks = Array.from({ length: 8 }, (_, index) => {
      const events = Array.from({ length: 1 + random.integerBelow(400) }, (__, at) =>
        at % 50 === 49 ? 'no event' : anyEvent(random),
      );
      return chunkOf('any', events, { partition: index, shard: index % shardCount });
    });
    await send(testStore, shuffle(random, [...chunks, ...chunks, ...chunks.slice(0, 4)]));
    expect(await differencesOfRollups(testStore.store)).toEqual([]);
    const [counts] = await rowsOf<Record<string, string>>(
      testStore,
      `SELECT
         (SELECT sum(count) FROM traffic_1m) AS traffic, (SELECT sum(count) FROM requests_1m) AS requests,
         (SELECT count() FROM users_1m) AS users, (SELECT sum(count) FROM sessions_1m) AS sessions,
         (SELECT sum(count) FROM metrics_1m) AS metrics,
         (SELECT countIf(toYear(ts) NOT IN (1969, 2150)) FROM events) = traffic AS is_all,
         (SELECT count() FROM events) > traffic AS has_outliers`,
    );
    // Equal and empty would be no proof.
    expect(Object.values(counts!).every((count) => Number(count) > 0)).toBe(true);
  });

  it('say the same of the same events in another order', async () => {
    const random = createRandom(SEED);
    // Two values at one time, and sums of halves, which are exact in any order.
    const events = Array.from({ length: 300 }, () => ({
      ...{ ts: '2026-11-23T10:00:00Z', kind: 'metric', metric: 'cpu', unit: '1', service: 'order' },
      ...{ value: random.integerBelow(1000) / 2, host: oneOf(random, ['a', 'b']) },
    }));
    const figures = async (host: string): Promise<unknown> =>
      rowsOf(
        testStore,
        `SELECT minute, host LIKE '%b' AS is_b, sum(count), sum(sum), min(min), max(max), max(last)
         FROM metrics_1m WHERE service = 'order' AND host LIKE '${host}-%' GROUP BY ALL ORDER BY is_b`,
      );
    for (const name of ['one', 'other']) {
      const ordered = name === 'one' ? events : events.toReversed();
      const named = ordered.map((event) => ({ ...event, host: `${name}-${event.host}` }));
      const place = { partition: 0, shard: shardCount - 1 };
      const [early, late] = [named.slice(0, 100), named.slice(100)];
      const chunks = [chunkOf(name, early, place), chunkOf(name, late, { ...place, first: 100 })];
      await send(testStore, name === 'one' ? chunks : chunks.toReversed());
    }
    expect(await figures('one')).toHaveLength(2);
    expect(await figures('one')).toEqual(await figures('other'));
  });
});

describe('the roll-ups of one shard', () => {
  let testStore: TestStore;
  beforeAll(async () => {
    testStore = await startTestStore({ shardCount: 1 });
  });
  afterAll(() => testStore[Symbol.asyncDispose]());

  it.each(VIEWS)('are whole when an insert failed at %s and is sent again', async (view) => {
    const random = createRandom(SEED);
    const events = Array.from({ length: 2_000 }, () => anyEvent(random));
    const chunk = chunkOf(view, events, { partition: 0, shard: 0 });
    const [before] = await rowsOf<{ sql: string }>(
      testStore,
      `SELECT create_table_query AS sql FROM system.tables WHERE database = 'atbd' AND name = '${view}'`,
    );
    await command(testStore, `DROP VIEW ${view} SYNC`);
    const failing = before!.sql.replace('WHERE ', 'WHERE throwIf(offset >= 0) = 0 AND ');
    expect(failing).not.toBe(before!.sql);
    await command(testStore, failing);
    await expect(send(testStore, [chunk])).rejects.toThrow('cannot store a chunk');
    // Torn: the events are there, what the view fills is not.
    expect(await differencesOfRollups(testStore.store)).not.toEqual([]);
    await command(testStore, `DROP VIEW ${view} SYNC`);
    await command(testStore, before!.sql);
    await send(testStore, [chunk, chunk]);
    expect(await differencesOfRollups(testStore.store)).toEqual([]);
  });

  it('take a chunk of the largest size as one block, with a key a record, over many days', async () => {
    const events = Array.from({ length: CHUNK_RECORDS_MAX }, (_, index) => ({
      ts: new Date(QUEUE_TIME_MS - (index % DAYS) * DAY_MS - index * 10).toISOString(),
      ...{ kind: index % 2 === 0 ? 'metric' : 'span', type: `type ${index % 100_000}` },
      ...{ user_id: `user ${index}`, session_id: `session ${index}`, operation: 'view' },
      ...{
        metric: 'cpu',
        value: index,
        pod: `pod ${index}`,
        duration_ms: index / 4,
        amount: '1.5',
      },
    }));
    const chunk = chunkOf('keys', events, { partition: 0, shard: 0 });
    await command(testStore, 'SYSTEM STOP MERGES');
    await send(testStore, [chunk, chunk, chunk]);
    // A part a day and table: had the views' answers come in several blocks, there would be more.
    expect(
      await rowsOf(
        testStore,
        `SELECT table, max(parts) AS parts FROM (
           SELECT table, partition, count() AS parts FROM system.parts
           WHERE active AND table LIKE '%_1m_local' AND partition < '2026-11-20' GROUP BY ALL
         ) GROUP BY table ORDER BY table`,
      ),
    ).toEqual([
      { table: 'metrics_1m_local', parts: 1 },
      { table: 'sessions_1m_local', parts: 1 },
      { table: 'traffic_1m_local', parts: 1 },
    ]);
    expect(await differencesOfRollups(testStore.store)).toEqual([]);
    await command(testStore, 'SYSTEM START MERGES');
  });
});

/** Takes a shard back to what it was before migration 0003. */
async function withoutRollups(store: TestStore): Promise<void> {
  const made = await rowsOf<{ name: string }>(
    store,
    `SELECT name FROM system.tables
     WHERE database = 'atbd' AND (name LIKE '%\\_1m%' OR name LIKE 'rollup\\_state%')
     ORDER BY engine != 'MaterializedView'`,
  );
  for (const { name } of made) await command(store, `DROP TABLE ${name} SYNC`);
  await command(store, `DELETE FROM migrations WHERE name LIKE '0003%'`);
}

async function completeFrom(store: TestStore): Promise<unknown> {
  return rowsOf(
    store,
    'SELECT DISTINCT toString(complete_from) AS complete_from, uniqExact(rollup) AS rollups FROM rollup_state GROUP BY 1',
  );
}

describe('a store from before the roll-ups', () => {
  let testStore: TestStore;
  beforeAll(async () => {
    testStore = await startTestStore({ shardCount: 1 });
  });
  afterAll(() => testStore[Symbol.asyncDispose]());

  const eventAt = (ts: string) => ({ ts, service: 'cart', user_id: 'u-1', level: 'info' });

  it('is complete from the beginning while it is empty', async () => {
    await withoutRollups(testStore);
    await migrate(testStore.store);
    expect(await completeFrom(testStore)).toEqual([
      { complete_from: '1970-01-01 00:00:00', rollups: 5 },
    ]);
  });

  it('has its roll-ups from the minute after its newest event on, also when old chunks are sent again', async () => {
    await withoutRollups(testStore);
    const events = ['2026-11-22T10:00:10Z', '2026-11-22T10:07:59.9Z', '2150-01-01T00:00:00Z'];
    const old = chunkOf('old', events.map(eventAt), { partition: 0, shard: 0 });
    await send(testStore, [old]);
    await migrate(testStore.store);
    expect(await completeFrom(testStore)).toEqual([
      { complete_from: '2026-11-22 10:08:00', rollups: 5 },
    ]);
    // Before that minute they are not whole, or the record would be needless.
    expect(await differencesOfRollups(testStore.store)).not.toEqual([]);
    const later = ['2026-11-22T10:07:00Z', '2026-11-22T10:08:00Z', '2026-11-23T00:00:00Z'];
    await send(testStore, [old, chunkOf('new', later.map(eventAt), { partition: 0, shard: 0 })]);
    const fromMinute = '2026-11-22 10:08:00';
    expect(await differencesOfRollups(testStore.store, { fromMinute })).toEqual([]);
    await migrate(testStore.store);
    expect(await completeFrom(testStore)).toHaveLength(1);
  });

  it('waits for the inserts that began before its views were there', async () => {
    await withoutRollups(testStore);
    const event = JSON.stringify(eventAt('2026-11-24T10:00:00Z'));
    const client = await testStore.store.shard(0);
    // An insert that has looked up its views and takes its time; what it reads sleeps, row by row.
    const insert = client.command({
      query: `INSERT INTO intake (offset, queue_time, is_backfill, reason, key, raw) SELECT number, toDateTime64('2026-11-24 10:00:00', 3, 'UTC'), 0, '', '', {event:String}
              FROM numbers(10) WHERE sleepEachRow(0.2) = 0 SETTINGS max_block_size = 1`,
      query_params: { event },
      clickhouse_settings: { insert_deduplication_token: 'slow:e1:p0:0-9:s0' },
    });
    await untilInsertRuns(testStore);
    await migrate(testStore.store);
    await insert;
    expect(await completeFrom(testStore)).toEqual([
      { complete_from: '2026-11-24 10:01:00', rollups: 5 },
    ]);
  });
});

async function untilInsertRuns(store: TestStore): Promise<void> {
  for (;;) {
    const rows = await rowsOf(
      store,
      `SELECT 1 FROM system.processes WHERE query_kind = 'Insert' AND query LIKE 'INSERT INTO intake%'`,
    );
    if (rows.length > 0) return;
  }
}
