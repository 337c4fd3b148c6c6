import { shardsAway, type AskOptions } from './ask-shards.js';
import { checkScan, type ReadProgress } from './read-progress.js';
import {
  allShards,
  type Answer,
  doingOf,
  findMissingShards,
  isAway,
  type QueryText,
  sendQuery,
} from './send-query.js';
import { toStoreError } from './server-error.js';
import { ShardsLost } from './shard-watch.js';
import type { Store } from './store.js';

/** An answer and the shards (index from 0) that have no part in it. */
export interface AskedAll {
  readonly answer: Answer;
  readonly missingShards: readonly number[];
}

/** A shard that is away is left out at once; one that is frozen takes connections, and is given this long to say hello. */
const IN_PART_SETTINGS = {
  skip_unavailable_shards: 1,
  handshake_timeout_ms: 1_000,
  connections_with_failover_max_tries: 1,
};

/**
 * Asks the first shard that answers, and it asks the others. Who is there is asked before each question: a shard that is frozen and
 * not dead would hold up its connection for minutes. With every shard there a whole answer is asked for, and the server
 * refuses it when one goes away meanwhile; only then it may answer in part. Each round has fewer shards, so they end.
 */
export async function askAll(
  store: Store,
  query: QueryText,
  options: AskOptions,
): Promise<AskedAll> {
  let missing = await findMissingShards(store);
  for (;;) {
    try {
      return await askThoseThere(store, query, { ...options, missing });
    } catch (cause) {
      const error = toStoreError(cause, `ask ${query.name}`, store.limits);
      if (!isAway(error)) throw error;
      const lost = await lostShards(cause, store);
      if (lost.every((shard) => missing.includes(shard))) throw error;
      missing = union(missing, lost);
    }
  }
}

/** A question, and the shards that it has to do without. */
interface Asking extends AskOptions {
  readonly missing: readonly number[];
}

async function askThoseThere(store: Store, query: QueryText, options: Asking): Promise<AskedAll> {
  const { missing } = options;
  if (missing.length === 0) {
    return { answer: await send(store, query, options), missingShards: [] };
  }
  const isWhole = options.requireAll ?? store.limits.requireAll;
  if (missing.length === store.shardCount || isWhole) throw shardsAway(query, missing);
  const inPart = { ...query, settings: { ...query.settings, ...IN_PART_SETTINGS } };
  const answer = await send(store, inPart, options);
  // Once more, for a shard that went away between the first look and the question.
  return { answer, missingShards: union(missing, await findMissingShards(store)) };
}

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}

/** Sends to the first shard that is there; the answer hangs on all others, too. */
function send(store: Store, query: QueryText, options: Asking): Promise<Answer> {
  const { signal, missing } = options;
  const shard = allShards(store).find((index) => !missing.includes(index));
  if (shard === undefined) throw new Error('BUG: no shard is left to ask');
  return sendQuery(store, query, {
    ...{ shard, missing, signal, look: () => findMissingShards(store) },
    onProgress: watchProgress(store, query, options),
  });
}

/** The server adds up what all shards read, and refuses what would be too much: all but what stops early. */
function watchProgress(
  { limits: { scan } }: Store,
  query: QueryText,
  { onProgress }: AskOptions,
): ((progress: ReadProgress) => void) | undefined {
  const isWatched = query.stopsEarly && scan !== null;
  if (!isWatched) return onProgress;
  return (progress) => {
    onProgress?.(progress);
    checkScan(progress, scan, doingOf(query));
  };
}

/** Those that the watch saw freeze, or else those that do not answer now. */
async function lostShards(cause: unknown, store: Store): Promise<readonly number[]> {
  return cause instanceof ShardsLost ? cause.shards : findMissingShards(store);
}
