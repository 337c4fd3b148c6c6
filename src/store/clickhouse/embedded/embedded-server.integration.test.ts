import { once } from 'node:events';
import { connect } from 'node:net';
import { totalmem } from 'node:os';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestStore, type TestStore } from '../../testing/test-store.js';

const GB = 1024 ** 3;

/** ClickHouse's code. */
const MEMORY_LIMIT_EXCEEDED = '241';

let testStore: TestStore;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 1 });
});
afterAll(() => testStore[Symbol.asyncDispose]());

async function ask(query: string): Promise<unknown[]> {
  const client = await testStore.store.shard(0);
  return (await client.query({ query, format: 'JSONEachRow' })).json();
}

/** Whether the server keeps a log of its queries, this one included. */
async function logsQueries(): Promise<unknown[]> {
  await ask('SELECT 1');
  await (await testStore.store.shard(0)).command({ query: 'SYSTEM FLUSH LOGS query_log' });
  return ask('SELECT count() > 0 AS any FROM system.query_log');
}

function httpPort(): number {
  return Number(new URL(testStore.connection.shards[0]!.url).port);
}

async function tcpPort(): Promise<number> {
  const [row] = await ask("SELECT port FROM system.clusters WHERE cluster = 'atbd'");
  return (row as { port: number }).port;
}

/** Connections of this kind that the server knows of, the question's own among them. */
async function openConnections(protocol: 'http' | 'tcp'): Promise<number> {
  const metric = protocol === 'http' ? 'HTTPConnection' : 'TCPConnection';
  const [row] = await ask(
    `SELECT toInt64(value) AS value FROM system.metrics WHERE metric = '${metric}'`,
  );
  return Number((row as { value: number | string }).value);
}

/** As the kernel does for a process that dies with bytes unread. */
async function resetConnection(port: number, request: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  if (request !== '') {
    socket.write(request);
    if (request.endsWith('\r\n\r\n')) await once(socket, 'data');
  }
  socket.resetAndDestroy();
  await once(socket, 'close');
}

describe('the embedded server', () => {
  it('brings what it confirms to the disk, for a power cut', async () => {
    const settings = await ask(
      "SELECT name, value FROM system.merge_tree_settings WHERE name IN ('fsync_after_insert', 'fsync_part_directory') ORDER BY name",
    );
    expect(settings).toEqual([
      { name: 'fsync_after_insert', value: '1' },
      { name: 'fsync_part_directory', value: '1' },
    ]);
  });

  it('has a limit of memory, a share of the machine, and keeps it', async () => {
    const [setting] = (await ask(
      "SELECT toUInt64(value) AS bytes FROM system.server_settings WHERE name = 'max_server_memory_usage'",
    )) as { bytes: string | number }[];
    const bytes = Number(setting?.bytes);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(Math.max(totalmem() / 2, GB));
    // 800 GB in one piece, so that the server refuses before it takes any of it.
    const greedy = ask(
      'SELECT length(range(100000000000)) AS n SETTINGS function_range_max_elements_in_block = 200000000000, max_memory_usage = 0',
    );
    await expect(greedy).rejects.toMatchObject({
      code: MEMORY_LIMIT_EXCEEDED,
      message: expect.stringContaining('(total) memory limit exceeded') as string,
    });
  });

  it.each([
    ['an HTTP connection, before a request', 'http', ''],
    [
      'an HTTP connection, with the answer unread',
      'http',
      'GET /ping HTTP/1.1\r\nHost: any\r\n\r\n',
    ],
    ['an HTTP connection, in a request', 'http', 'GET /ping HT'],
    ['a native connection, before its greeting', 'tcp', ''],
    ['a native connection, in its greeting', 'tcp', '\0\u0004te'],
  ] as const)('outlives the reset of %s', async (_title, protocol, request) => {
    const port = protocol === 'http' ? httpPort() : await tcpPort();
    const before = await openConnections(protocol);
    for (let round = 0; round < 3; round += 1) await resetConnection(port, request);
    // A server that does not outlive them refuses from then on, or is gone.
    await vi.waitFor(async () => {
      expect(await openConnections(protocol)).toBeLessThanOrEqual(before);
    });
    for (let round = 0; round < 20; round += 1)
      expect(await ask('SELECT 1 AS one')).toHaveLength(1);
  });

  it('has its query log also after a restart', async () => {
    expect(await logsQueries()).toEqual([{ any: 1 }]);
    await testStore.stopShard(0);
    await testStore.startShard(0);
    expect(await logsQueries()).toEqual([{ any: 1 }]);
  });
});
