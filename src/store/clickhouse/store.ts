import type { ClickHouseClient } from '@clickhouse/client';
import type { StoreConnection } from '../../engine/model/connection.js';
import { DEFAULT_LIMITS, type QuestionLimits } from './question-limits.js';

/**
 * The shards as one user. Cheap to open: the client library is loaded and connections are made with
 * the first question. Close it to let the process end.
 */
export interface Store extends AsyncDisposable {
  readonly shardCount: number;
  readonly database: string;
  /** Of each question that is asked through it. */
  readonly limits: QuestionLimits;
  /** The client of one shard (index from 0). */
  shard(index: number): Promise<ClickHouseClient>;
}

/** Longer than any statement of ours takes without a sign of life: progress headers keep a connection awake. */
const REQUEST_TIMEOUT_MS = 330_000;

/** Two chunks a partition may be on their way, beside questions. */
const CONNECTIONS_MAX = 32;

export function openStore(
  connection: StoreConnection,
  limits: QuestionLimits = DEFAULT_LIMITS,
): Store {
  const clients = new Map<number, Promise<ClickHouseClient>>();
  return {
    shardCount: connection.shards.length,
    database: connection.database,
    limits,
    shard(index) {
      const known = clients.get(index);
      if (known !== undefined) return known;
      const client = createShardClient(connection, index);
      clients.set(index, client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients.values()) await (await client).close();
    },
  };
}

async function createShardClient(
  connection: StoreConnection,
  index: number,
): Promise<ClickHouseClient> {
  const shard = connection.shards[index];
  if (shard === undefined) throw new Error(`BUG: there is no shard ${index}`);
  const { createClient, ClickHouseLogLevel } = await import('@clickhouse/client');
  return createClient({
    url: shard.url,
    database: connection.database,
    username: connection.username,
    password: connection.password,
    request_timeout: REQUEST_TIMEOUT_MS,
    max_open_connections: CONNECTIONS_MAX,
    compression: { response: false, request: false },
    // Long values (a pasted list of ids, say) go into the body: proxies refuse long URLs, and the server counts a value there
    // by its encoded length, three times as long.
    use_multipart_params_auto: true,
    // Its warnings would reach the terminal raw; every failure comes to us as an error anyway.
    log: { level: ClickHouseLogLevel.OFF },
  });
}
