import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreConnection } from '../../engine/model/connection.js';
import { freePorts } from '../../engine/testing/free-ports.js';
import { embeddedServerCommand, isServerReady } from '../clickhouse/embedded/embedded-server.js';
import { openStore, type Store } from '../clickhouse/store.js';
import { migrate } from '../migration/migrate.js';

/** Real ClickHouse shards for tests, migrated, in a temporary folder. */
export interface TestStore extends AsyncDisposable {
  readonly connection: StoreConnection;
  /** The same as the read-only user. */
  readonly reader: StoreConnection;
  readonly store: Store;
  /** Process ids, for measuring. */
  readonly pids: readonly number[];
  /** Where the shard's tables are; to be touched only while it is stopped. */
  dataPath(index: number): string;
  stopShard(index: number, signal?: NodeJS.Signals): Promise<void>;
  startShard(index: number): Promise<void>;
}

const READY_MS_MAX = 30_000;
const POLL_MS = 25;
const PASSWORD = 'only-for-tests';

export async function startTestStore({
  shardCount,
}: {
  readonly shardCount: number;
}): Promise<TestStore> {
  const dir = await mkdtemp(join(tmpdir(), 'atbd-store-'));
  const ports = await freePorts(2 * shardCount);
  const httpPorts = ports.slice(0, shardCount);
  const tcpPorts = ports.slice(shardCount);
  const children: ChildProcess[] = [];

  async function startShard(shard: number): Promise<void> {
    const { command, args } = await embeddedServerCommand({
      dir: join(dir, `shard-${shard}`),
      shard,
      httpPort: httpPorts[shard]!,
      tcpPorts,
      writer: { username: 'atbd', password: PASSWORD },
      reader: { username: 'atbd_reader', password: PASSWORD },
      clusterSecret: PASSWORD,
    });
    const child = spawn(command, args, { stdio: 'ignore' });
    children[shard] = child;
    const deadline = Date.now() + READY_MS_MAX;
    while (!(await isServerReady(`http://127.0.0.1:${httpPorts[shard]!}`))) {
      if (Date.now() > deadline || child.exitCode !== null)
        throw new Error(`shard ${shard} did not start`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async function stopShard(shard: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = children[shard];
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  await Promise.all(httpPorts.map((_, shard) => startShard(shard)));
  const shards = httpPorts.map((port) => ({ url: `http://127.0.0.1:${port}` }));
  const connection = { shards, database: 'atbd', username: 'atbd', password: PASSWORD };
  const store = openStore(connection);
  await migrate(store);
  return {
    connection,
    reader: { ...connection, username: 'atbd_reader' },
    store,
    get pids() {
      return children.map(({ pid }) => pid!);
    },
    dataPath: (shard) => join(dir, `shard-${shard}`, 'data'),
    startShard,
    stopShard,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await Promise.all(children.map((_, shard) => stopShard(shard)));
      await rm(dir, { recursive: true, force: true });
    },
  };
}
