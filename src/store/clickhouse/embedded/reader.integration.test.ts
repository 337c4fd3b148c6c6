import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { startTestStore, type TestStore } from '../../testing/test-store.js';

let testStore: TestStore;
let reader: ClickHouseClient;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 2 });
  const { shards, username, password } = testStore.reader;
  reader = createClient({ url: shards[0]!.url, username, password, database: 'atbd' });
});
afterAll(async () => {
  await reader.close();
  await testStore[Symbol.asyncDispose]();
});

describe('the read-only user', () => {
  it.each(['events', 'dead_letters', 'ledger', 'events_local', 'partition_shards'])(
    'reads %s, on all shards',
    async (table) => {
      const answer = await reader.query({
        query: `SELECT count() AS n FROM ${table} LIMIT 1`,
        format: 'JSONEachRow',
      });
      expect(await answer.json()).toHaveLength(1);
    },
  );

  // The embedded build checks no path here: the kernel does (landlock.ts).
  it.each([
    '/etc/hostname',
    '/etc/passwd',
    '/proc/self/environ',
    '/proc/1/environ',
    'package.json',
  ])("cannot: SELECT file('%s')", async (path) => {
    await expect(reader.command({ query: `SELECT file('${path}')` })).rejects.toThrow(
      /Permission denied|doesn't exist|CANNOT_OPEN_FILE/,
    );
  });

  it.each([
    "SELECT * FROM file('/etc/hostname', 'LineAsString') LIMIT 1",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString') LIMIT 1",
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/key', 'LineAsString') LIMIT 1",
    "SELECT * FROM remote('127.0.0.1:1', 'system', 'one') LIMIT 1",
    "SELECT * FROM cluster('atbd', 'system', 'one') LIMIT 1",
    "SELECT * FROM executable('id', 'LineAsString', 'x String') LIMIT 1",
    'SELECT * FROM system.users LIMIT 1',
    'SELECT * FROM system.processes LIMIT 1',
    "INSERT INTO events_local (message) VALUES ('x')",
    "INSERT INTO FUNCTION file('/tmp/x', 'TSV', 'a String') VALUES ('x')",
    'ALTER TABLE events_local DELETE WHERE 1',
    'TRUNCATE TABLE events_local',
    'DROP TABLE events_local',
    'CREATE TABLE atbd.mine (a Int8) ENGINE = Memory',
    "KILL QUERY WHERE user = 'atbd'",
    'SYSTEM FLUSH LOGS',
    'SYSTEM SHUTDOWN',
    'SELECT count() FROM events SETTINGS max_execution_time = 100000',
    'SELECT count() FROM events SETTINGS max_memory_usage = 100000000000',
    // 0 means without limit.
    'SELECT count() FROM events SETTINGS max_memory_usage = 0',
    'SELECT count() FROM events SETTINGS max_execution_time = 0',
  ])('cannot: %s', async (query) => {
    await expect(reader.command({ query })).rejects.toThrow(
      /Not enough privileges|shouldn't be (greater|less)/,
    );
  });
});
