import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { writeEvents } from '../testing/write-events.js';
import { defineQuery } from './define-query.js';
import { isServerReady } from './embedded/embedded-server.js';
import { DEFAULT_LIMITS, type QuestionLimits } from './question-limits.js';
import type { ReadProgress } from './read-progress.js';
import { openStore } from './store.js';

let testStore: TestStore;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 3 });
});
afterAll(async () => {
  await testStore[Symbol.asyncDispose]();
});

const echo = defineQuery({
  name: 'echo',
  params: z.object({ text: z.string() }),
  row: z.object({ text: z.string() }),
  sql: 'SELECT {text:String} AS text LIMIT 1',
});

const countEvents = defineQuery({
  name: 'count_events',
  params: z.object({}),
  row: z.object({ n: z.coerce.number() }),
  sql: 'SELECT count() AS n FROM events LIMIT 1',
});

const slow = defineQuery({
  name: 'slow_for_test',
  params: z.object({}),
  row: z.object({ n: z.coerce.number() }),
  sql: 'SELECT sum(sleepEachRow(0.1)) AS n FROM numbers(500) LIMIT 1',
  settings: { max_block_size: 1, function_sleep_max_microseconds_per_block: 0 },
});

describe('defineQuery', () => {
  it.each([
    'plain',
    "it's",
    '"double"',
    'back\\slash \\n \\x41',
    'tab\there, line\nthere, return\r, NUL\0.',
    '100 % {text:String} {}',
    '😀 né 中文 \u202E',
    "'; DROP TABLE events_local; --",
    'x'.repeat(10_000),
    '',
  ])('hands %j through as data', async (text) => {
    expect((await echo(testStore.store, { text })).rows).toEqual([{ text }]);
  });

  it('refuses rows that are not what was promised', async () => {
    const wrong = defineQuery({
      name: 'wrong',
      params: z.object({}),
      row: z.object({ n: z.string() }),
      sql: 'SELECT 1 AS n LIMIT 1',
    });
    await expect(wrong(testStore.store, {})).rejects.toThrow();
  });

  it('ends the query on the server when it is aborted', async () => {
    const stop = new AbortController();
    // Questions are asked as the reader, and it is his queries that end with their connection.
    await using reader = openStore(testStore.reader);
    const asked = slow(reader, {}, { signal: stop.signal });
    await until(async () => (await runningCount()) === 1);
    stop.abort();
    await expect(asked).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await until(async () => (await runningCount()) === 0);
  });

  it('says so when somebody else ended the query', async () => {
    await using reader = openStore(testStore.reader);
    const asked = slow(reader, {});
    await until(async () => (await runningCount()) === 1);
    const client = await testStore.store.shard(0);
    await client.command({ query: `KILL QUERY WHERE user = 'atbd_reader'` });
    await expect(asked).rejects.toMatchObject({
      code: 'QUERY_CANCELLED',
      message: 'cannot ask slow_for_test',
    });
  });

  it('answers in part and names the shard that did not answer, and refuses when all are required', async () => {
    expect((await countEvents(testStore.store, {})).missingShards).toEqual([]);
    for (const shard of [2, 0]) {
      await testStore.stopShard(shard);
      const answer = await countEvents(testStore.store, {});
      expect(answer).toEqual({ rows: [{ n: 0 }], missingShards: [shard] });
      await expect(countEvents(testStore.store, {}, { requireAll: true })).rejects.toMatchObject({
        code: 'CLICKHOUSE_UNREACHABLE',
      });
      await testStore.startShard(shard);
    }
    expect((await countEvents(testStore.store, {})).missingShards).toEqual([]);
  });

  it.each([2, 0])('does not wait for shard %i when it is frozen and not dead', async (shard) => {
    const pid = testStore.pids[shard]!;
    process.kill(pid, 'SIGSTOP');
    try {
      // The signal takes a moment to reach every thread.
      await until(async () => !(await isServerReady(testStore.connection.shards[shard]!.url)));
      const startedMs = performance.now();
      const answer = await countEvents(testStore.store, {});
      expect(answer).toEqual({ rows: [{ n: 0 }], missingShards: [shard] });
      expect(performance.now() - startedMs).toBeLessThan(FROZEN_ANSWER_MS_MAX);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });
});

describe('the limits of a question', () => {
  const ROWS = 40_000;
  const SHARDS = 3;

  beforeAll(async () => {
    const events = Array.from({ length: ROWS }, (_, index) => ({
      ts: new Date(Date.UTC(2026, 10, 2) + index).toISOString(),
      message: `m${index}`,
    }));
    for (const shard of [0, 1, 2])
      await writeEvents(testStore.store, events, { topic: 'many', shard, partition: shard });
  });

  const longest = defineQuery({
    name: 'longest_message',
    params: z.object({}),
    row: z.object({ n: z.number() }),
    sql: `SELECT toUInt32(max(length(message))) AS n FROM events WHERE topic = 'many' LIMIT 1`,
  });

  const newest = defineQuery({
    name: 'newest_message',
    params: z.object({ day: z.string() }),
    row: z.object({ message: z.string() }),
    sql: `
      SELECT message FROM events WHERE ts >= {day:DateTime64(9, 'UTC')}
      ORDER BY ts DESC, topic DESC, epoch DESC, partition DESC, offset DESC LIMIT 3`,
    stopsEarly: true,
  });

  const manyMessages = defineQuery({
    name: 'many_messages',
    params: z.object({}),
    row: z.object({ n: z.coerce.number() }),
    sql: `SELECT uniqExact(repeat(message, 200)) AS n FROM events WHERE topic = 'many' LIMIT 1`,
  });

  function askWith(limits: Partial<QuestionLimits>) {
    return openStore(testStore.reader, { ...DEFAULT_LIMITS, ...limits });
  }

  it.each([
    [{ unit: 'rows', max: SHARDS * ROWS - 1 }, '119,999 rows'],
    [{ unit: 'bytes', max: 20_000 }, '20,000 bytes'],
  ] as const)('hold what all shards read together: %j', async (scan, amount) => {
    await using store = askWith({ scan });
    await expect(longest(store, {})).rejects.toMatchObject({
      code: 'SCAN_LIMIT_EXCEEDED',
      exitCode: 9,
      message: `cannot ask longest_message: that reads more than ${amount}`,
      hint: 'Ask for a shorter time (--since, --from, --to) or name a service (--service), or allow more: --max-scan.',
    });
  });

  it('let through what just fits', async () => {
    await using store = askWith({ scan: { unit: 'rows', max: 200_000 } });
    expect((await longest(store, {})).rows).toEqual([{ n: 6 }]);
  });

  it('count what is really read where a question stops early', async () => {
    const day = '2026-11-02 00:00:00';
    const seen: ReadProgress[] = [];
    await using store = openStore(testStore.reader);
    const { rows } = await newest(store, { day }, { onProgress: (read) => seen.push(read) });
    expect(rows).toHaveLength(3);
    const read = seen.at(-1)!;
    expect(read.rows).toBeGreaterThan(0);
    expect(read.rows).toBeLessThan(SHARDS * ROWS);
    await using enough = askWith({ scan: { unit: 'rows', max: SHARDS * ROWS - 1 } });
    expect((await newest(enough, { day })).rows).toEqual(rows);
    await using few = askWith({ scan: { unit: 'rows', max: 10 } });
    await expect(newest(few, { day })).rejects.toMatchObject({
      code: 'SCAN_LIMIT_EXCEEDED',
      message: 'cannot read the whole answer of newest_message: that reads more than 10 rows',
    });
  });

  it('tell what was read, the same rows as without being told', async () => {
    const seen: ReadProgress[] = [];
    await using store = openStore(testStore.reader);
    const answer = await longest(store, {}, { onProgress: (read) => seen.push(read) });
    expect(answer).toEqual({ rows: [{ n: 6 }], missingShards: [] });
    expect(seen.at(-1)?.rows).toBeGreaterThanOrEqual(SHARDS * ROWS);
  });

  it('end a question that takes too long', async () => {
    await using store = askWith({ seconds: 1 });
    await expect(slow(store, {})).rejects.toMatchObject({
      code: 'TIMEOUT',
      exitCode: 7,
      message: expect.stringMatching(/slow_for_test: it is not done after 1 s$/) as string,
      hint: expect.stringContaining('--timeout (at most 300s)') as string,
    });
  });

  it('end a question that needs too much memory, and do not say that the server is busy', async () => {
    await using store = askWith({ memoryBytes: 4 * 1024 ** 2 });
    await expect(manyMessages(store, {})).rejects.toMatchObject({
      code: 'MEMORY_LIMIT_EXCEEDED',
      exitCode: 1,
      message: 'cannot ask many_messages: it needs more than 4 MiB on a shard',
    });
  });

  it('are sent with each question', async () => {
    const seconds = defineQuery({
      name: 'settings',
      params: z.object({}),
      row: z.object({ seconds: z.string(), bytes: z.string() }),
      sql: `SELECT toString(getSetting('max_execution_time')) AS seconds, toString(getSetting('max_memory_usage')) AS bytes LIMIT 1`,
    });
    expect((await seconds(testStore.store, {})).rows).toEqual([
      { seconds: '300', bytes: '2147483648' },
    ]);
  });

  it('may ask for all shards', async () => {
    await using store = askWith({ requireAll: true });
    await testStore.stopShard(1);
    try {
      await expect(longest(store, {})).rejects.toMatchObject({
        code: 'CLICKHOUSE_UNREACHABLE',
        message: 'cannot ask longest_message: shard 1 does not answer',
      });
    } finally {
      await testStore.startShard(1);
    }
  });
});

describe('a shard that freezes while a question runs', () => {
  beforeAll(async () => {
    for (const shard of [0, 1, 2]) {
      const events = Array.from({ length: SLOW_ROWS }, () => ({ ts: '2026-11-01T10:00:00Z' }));
      await writeEvents(testStore.store, events, { topic: 'slow', shard, partition: shard });
    }
  });

  /** Half a second a row, on each shard. */
  const slowCount = defineQuery({
    name: 'slow_count',
    params: z.object({}),
    row: z.object({ n: z.coerce.number() }),
    sql: `SELECT count() + 0 * sum(sleepEachRow(0.5)) AS n FROM events WHERE topic = 'slow' LIMIT 1`,
  });

  it.each([2, 0])('is left out of the answer, shard %i', async (shard) => {
    await using reader = openStore(testStore.reader);
    const pid = testStore.pids[shard]!;
    const asked = slowCount(reader, {});
    try {
      await until(async () => (await runningCount(shard)) === 1);
      process.kill(pid, 'SIGSTOP');
      expect(await asked).toEqual({ rows: [{ n: 2 * SLOW_ROWS }], missingShards: [shard] });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('is an error when the answer has begun: what was read is not asked for again', async () => {
    const wide = defineQuery({
      name: 'wide_rows',
      params: z.object({}),
      row: z.object({ n: z.coerce.number() }),
      // Rows that fill the server's buffer, so that each is sent at once.
      sql: `SELECT number AS n, repeat(repeat('x', 1000), 3000) AS x, sleepEachRow(0.2) AS s FROM numbers(100) LIMIT 100`,
      settings: { max_block_size: 1 },
    });
    await using reader = openStore(testStore.reader);
    const rows = wide.stream(reader, {})[Symbol.asyncIterator]();
    expect((await rows.next()).value).toEqual({ n: 0 });
    process.kill(testStore.pids[0]!, 'SIGSTOP');
    try {
      const rest = async (): Promise<void> => {
        while ((await rows.next()).done !== true);
      };
      await expect(rest()).rejects.toMatchObject({
        code: 'CLICKHOUSE_UNREACHABLE',
        message: 'cannot read the whole answer of wide_rows',
        cause: { message: 'shard 0 stopped answering' },
      });
    } finally {
      process.kill(testStore.pids[0]!, 'SIGCONT');
    }
  });
});

/** Enough that the question runs on while the shard is stopped. */
const SLOW_ROWS = 6;

/** Two looks at who is there, and a handshake that is not answered; without them it is minutes. */
const FROZEN_ANSWER_MS_MAX = 15_000;

async function runningCount(shard = 0): Promise<number> {
  const client = await testStore.store.shard(shard);
  const answer = await client.query({
    query: `SELECT count() AS n FROM system.processes WHERE query LIKE '%sleepEachRow%' AND query NOT LIKE '%processes%' AND user = 'atbd_reader'`,
    format: 'JSONEachRow',
  });
  const [row] = await answer.json<{ n: number }>();
  return row!.n;
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error('it did not come true in 20 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
