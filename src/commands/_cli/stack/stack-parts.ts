import { join } from 'node:path';
import { DEFAULT_BACKOFF } from '../../../engine/deploy/backoff.js';
import type { PartSpec, ProcessSpec, TaskSpec } from '../../../engine/deploy/part.js';
import { systemClock } from '../../../engine/model/clock.js';
import { DEFAULT_TOPIC } from '../../../engine/model/limit.js';
import { openQueue } from '../../../engine/queue/open-queue.js';
import {
  embeddedServerCommand,
  isServerReady,
} from '../../../store/clickhouse/embedded/embedded-server.js';
import { openStore } from '../../../store/clickhouse/store.js';
import { migrate } from '../../../store/migration/migrate.js';
import type { AtbdHome } from '../atbd-home.js';
import { LOCAL_CONTEXT } from '../config/local-context.js';
import { readSecret } from '../config/secret.js';
import { localStoreConnections, resolveContext } from '../context.js';
import { CLUSTER_SECRET } from './prepare-stack.js';
import { BIN, END_WITH_PARENT } from './start-in-background.js';
import type { StackRecord } from './stack-record.js';
import { readWorkerState, workerStatePath } from './worker-state.js';

/** Stages: queue and shards side by side, then the schema, then the workers. */
const STAGE = { foundation: 0, schema: 1, worker: 2 };

/** Generous: a shard with much data reads its parts first. */
const READY_TIMEOUT_MS = 60_000;

/** A worker finishes its chunk, a shard its inserts; then force. */
const STOP_TIMEOUT_MS = 10_000;

/** Trimming is over in milliseconds; a queue that does not answer would never end. */
const TRIM_STOP_TIMEOUT_MS = 2_000;

/** How often the queue lets go of what is read and old. */
const RETENTION_INTERVAL_MS = 60_000;

const LIMITS = {
  readyTimeoutMs: READY_TIMEOUT_MS,
  stopTimeoutMs: STOP_TIMEOUT_MS,
  backoff: DEFAULT_BACKOFF,
};

/** What a local stack consists of, ready to be supervised. */
export async function stackParts(home: AtbdHome, record: StackRecord): Promise<PartSpec[]> {
  const shards = await Promise.all(record.shards.map((_, index) => shardPart(home, record, index)));
  return [queuePart(record), ...shards, schemaPart(home, record), ingestPart(home)];
}

async function shardPart(home: AtbdHome, record: StackRecord, shard: number): Promise<ProcessSpec> {
  const secret = (name: string): Promise<string> =>
    readSecret({ passwordFile: join(home.secret, name) }, home.record);
  const ports = record.shards[shard];
  if (ports === undefined) throw new Error(`BUG: there is no shard ${shard}`);
  const { command, args } = await embeddedServerCommand({
    dir: join(home.data, `shard-${shard}`),
    shard,
    httpPort: ports.httpPort,
    tcpPorts: record.shards.map(({ tcpPort }) => tcpPort),
    writer: { username: record.username, password: await secret(record.username) },
    reader: { username: record.readerUsername, password: await secret(record.readerUsername) },
    clusterSecret: await secret(CLUSTER_SECRET),
  });
  return {
    kind: 'process',
    name: `shard-${shard}`,
    stage: STAGE.foundation,
    ...LIMITS,
    command,
    args,
    env: {},
    isReady: () => isServerReady(`http://127.0.0.1:${ports.httpPort}`),
  };
}

/**
 * Makes the topic, with a partition a shard: an insert costs a shard nearly the same whatever its size, and this machine pays for
 * all of them. Then keeps the embedded log and the streams of a Redis within their bounds; a Kafka looks after itself.
 */
function queuePart({ shards }: StackRecord): TaskSpec {
  return {
    kind: 'task',
    name: 'queue',
    stage: STAGE.foundation,
    ...LIMITS,
    stopTimeoutMs: TRIM_STOP_TIMEOUT_MS,
    run: async ({ signal, onReady }) => {
      const context = await resolveContext({ name: LOCAL_CONTEXT });
      await using queue = await openQueue(context.queue);
      await queue.createTopic(DEFAULT_TOPIC, { partitionCount: shards.length });
      onReady();
      for await (const _tick of every(RETENTION_INTERVAL_MS, signal)) {
        await queue.enforceRetention?.();
      }
    },
  };
}

function schemaPart(home: AtbdHome, record: StackRecord): TaskSpec {
  return {
    kind: 'task',
    name: 'schema',
    stage: STAGE.schema,
    ...LIMITS,
    run: async ({ onReady }) => {
      const { store: connection } = await localStoreConnections(record, home);
      await using store = openStore(connection);
      await migrate(store);
      onReady();
    },
  };
}

function ingestPart(home: AtbdHome): ProcessSpec {
  const name = 'ingest-1';
  const stateFile = workerStatePath(home.run, name);
  return {
    kind: 'process',
    name,
    stage: STAGE.worker,
    ...LIMITS,
    command: process.execPath,
    args: ['--import', END_WITH_PARENT, BIN, 'worker', 'ingest', '--context', LOCAL_CONTEXT],
    // A free port at each start: it stands in the state file, where `status` finds it.
    env: {
      ATBD_HOME: home.root,
      ATBD_STATE_FILE: stateFile,
      ATBD_METRICS_LISTEN: '127.0.0.1:0',
    },
    isReady: async (pid) => (await readWorkerState(stateFile, pid)) !== undefined,
  };
}

/** Ticks until the signal is aborted. */
async function* every(intervalMs: number, signal: AbortSignal): AsyncGenerator<void> {
  for (;;) {
    try {
      await systemClock.sleep(intervalMs, signal);
    } catch {
      return;
    }
    yield;
  }
}
