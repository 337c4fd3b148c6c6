import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { TopicSpec } from '../../../engine/edge/topic/topic-spec.js';
import type { QueueConnection } from '../../../engine/model/connection.js';
import { startTestStore, type TestStore } from '../../../store/testing/test-store.js';

/** Real shards and a context that names them and a queue, for commands that are run as a user does. */
export interface TestContext extends AsyncDisposable {
  readonly testStore: TestStore;
  readonly queue: QueueConnection;
  /** What a command needs in its environment to use this context. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where the queue is; `embedded` lies in the context's own folder. */
export type TestQueue =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'kafka'; readonly brokers: readonly string[] }
  | { readonly kind: 'redis'; readonly url: string };

export async function startTestContext({
  queue,
  shardCount,
  topics,
}: {
  readonly queue: TestQueue;
  readonly shardCount: number;
  readonly topics?: readonly TopicSpec[];
}): Promise<TestContext> {
  const dir = await mkdtemp(join(tmpdir(), 'atbd-context-'));
  const testStore = await startTestStore({ shardCount });
  const { connection: store, reader } = testStore;
  const connection: QueueConnection =
    queue.kind === 'embedded' ? { kind: 'embedded', path: join(dir, 'queue') } : queue;
  const config = {
    current: 'test',
    contexts: {
      test: {
        queue: connection,
        ...(topics && { topics }),
        store: {
          kind: 'clickhouse',
          shards: store.shards.map(({ url }) => url),
          username: store.username,
          passwordEnv: 'ATBD_TEST_PASSWORD',
          reader: { username: reader.username, passwordEnv: 'ATBD_TEST_PASSWORD' },
        },
      },
    },
  };
  const configPath = join(dir, 'config.yaml');
  await writeFile(configPath, stringify(config), { mode: 0o600 });
  return {
    testStore,
    queue: connection,
    env: {
      ATBD_CONFIG: configPath,
      ATBD_HOME: join(dir, 'home'),
      ATBD_CONTEXT: 'test',
      ATBD_TEST_PASSWORD: store.password,
    },
    async [Symbol.asyncDispose]() {
      await testStore[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
