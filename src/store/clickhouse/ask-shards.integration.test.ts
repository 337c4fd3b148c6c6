import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { writeEvents } from '../testing/write-events.js';
import { defineQuery } from './define-query.js';
import { DEFAULT_LIMITS } from './question-limits.js';
import type { ReadProgress } from './read-progress.js';
import { openStore } from './store.js';

const SHARDS = [0, 1, 2];
const ROWS_A_SHARD = 20_000;

let testStore: TestStore;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: SHARDS.length });
  for (const shard of SHARDS) {
    const events = Array.from({ length: ROWS_A_SHARD }, (_, index) => ({
      ts: new Date(Date.UTC(2026, 10, 2) + SHARDS.length * index + shard).toISOString(),
      message: `m${SHARDS.length * index + shard}`,
    }));
    await writeEvents(testStore.store, events, { topic: 'many', shard, partition: shard });
  }
});
afterAll(() => testStore[Symbol.asyncDispose]());

const LIMIT = 5;

const first = defineQuery({
  name: 'first_messages',
  params: z.object({}),
  row: z.object({ n: z.coerce.number() }),
  sql: `SELECT toUInt64(substring(message, 2)) AS n FROM events_local ORDER BY ts LIMIT ${LIMIT}`,
  merge: { compare: (a, b) => a.n - b.n, limit: LIMIT },
});

const all = defineQuery({
  name: 'all_messages',
  params: z.object({}),
  row: z.object({ n: z.coerce.number(), padding: z.string() }),
  // Wide rows, so that an answer is more than what the pipes between hold.
  sql: `SELECT toUInt64(substring(message, 2)) AS n, repeat('x', 3000) AS padding FROM events_local ORDER BY ts LIMIT 1000000`,
  merge: { compare: (a, b) => a.n - b.n, limit: 1_000_000 },
});

/** Asked by the clients' own connections, as the commands do. */
function openReader() {
  return openStore(testStore.reader);
}

describe('a question to each shard', () => {
  it('merges what they say', async () => {
    await using store = openReader();
    expect((await first(store, {})).rows.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4]);
    const { rows, missingShards } = await all(store, {});
    expect(missingShards).toEqual([]);
    expect(rows.map(({ n }) => n)).toEqual(
      Array.from({ length: SHARDS.length * ROWS_A_SHARD }, (_, index) => index),
    );
  });

  it('may ask some of them alone', async () => {
    await using store = openReader();
    const { rows } = await first(store, {}, { shards: [1] });
    expect(rows.map(({ n }) => n)).toEqual([1, 4, 7, 10, 13]);
  });

  it('is answered without a shard that is down, which it names, and not at all when all are required', async () => {
    await using store = openReader();
    await testStore.stopShard(1);
    try {
      const { rows, missingShards } = await first(store, {});
      expect(rows.map(({ n }) => n)).toEqual([0, 2, 3, 5, 6]);
      expect(missingShards).toEqual([1]);
      await expect(first(store, {}, { requireAll: true })).rejects.toMatchObject({
        code: 'CLICKHOUSE_UNREACHABLE',
        message: 'cannot ask first_messages: shard 1 does not answer',
      });
      expect(await first(store, {}, { shards: [1] })).toEqual({ rows: [], missingShards: [1] });
    } finally {
      await testStore.startShard(1);
    }
    expect((await first(store, {})).missingShards).toEqual([]);
  });

  it('is answered without a shard that is frozen', async () => {
    await using store = openReader();
    process.kill(testStore.pids[2]!, 'SIGSTOP');
    try {
      const { rows, missingShards } = await first(store, {});
      expect(rows.map(({ n }) => n)).toEqual([0, 1, 3, 4, 6]);
      expect(missingShards).toEqual([2]);
    } finally {
      process.kill(testStore.pids[2]!, 'SIGCONT');
    }
  });

  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'is an error when a shard is lost in the middle of its answer (%s)',
    async (signal) => {
      await using store = openReader();
      const rows = all.stream(store, {})[Symbol.asyncIterator]();
      expect((await rows.next()).value).toMatchObject({ n: 0 });
      process.kill(testStore.pids[1]!, signal);
      try {
        const rest = async (): Promise<void> => {
          while ((await rows.next()).done !== true);
        };
        await expect(rest()).rejects.toMatchObject({
          code: 'CLICKHOUSE_UNREACHABLE',
          message: 'cannot read the whole answer of all_messages',
        });
      } finally {
        if (signal === 'SIGKILL') {
          await testStore.stopShard(1);
          await testStore.startShard(1);
        } else {
          process.kill(testStore.pids[1]!, 'SIGCONT');
        }
      }
    },
  );

  it('ends on every shard when it is aborted, and with the fault of its own text', async () => {
    const stop = new AbortController();
    await using store = openReader();
    const rows = all.stream(store, {}, { signal: stop.signal })[Symbol.asyncIterator]();
    await rows.next();
    stop.abort();
    await expect(
      (async () => {
        while ((await rows.next()).done !== true);
      })(),
    ).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const wrong = defineQuery({
      name: 'wrong_text',
      params: z.object({}),
      row: z.object({}),
      sql: 'SELECT no_such_column FROM events_local LIMIT 1',
      merge: { compare: () => 0, limit: 1 },
    });
    await expect(wrong(store, {})).rejects.toMatchObject({ code: 'CLICKHOUSE_REFUSED' });
  });

  it('counts what all shards read together', async () => {
    const read: ReadProgress[] = [];
    await using store = openReader();
    await all(store, {}, { onProgress: (progress) => read.push(progress) });
    expect(read.at(-1)?.rows).toBe(SHARDS.length * ROWS_A_SHARD);
    const scan = { unit: 'rows', max: 2 * ROWS_A_SHARD } as const;
    await using few = openStore(testStore.reader, { ...DEFAULT_LIMITS, scan });
    await expect(all(few, {})).rejects.toMatchObject({
      code: 'SCAN_LIMIT_EXCEEDED',
      message: 'cannot read the whole answer of all_messages: that reads more than 40,000 rows',
    });
  });
});
