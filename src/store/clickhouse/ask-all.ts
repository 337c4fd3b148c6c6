import type { AtbdError } from '../../engine/model/error.js';
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

/** What is asked of the first shard that answers. */
export interface FirstAsk<T> {
  readonly name: string;
  /** Rejects when a shard does not answer, instead of answering in part. */
  readonly requireAll: boolean;
  readonly toError: (cause: unknown) => AtbdError;
  readonly send: (target: FirstTarget) => Promise<T>;
}

/** Where it goes; the answer hangs on all shards but those that are missing. */
export interface FirstTarget {
  readonly shard: number;
  readonly missing: readonly number[];
  /** To be sent with the question. */
  readonly settings: Readonly<Record<string, string | number>>;
}

/** Asks the first shard that answers, and it asks the others (see `askFirst`). */
export async function askAll(
  store: Store,
  query: QueryText,
  options: AskOptions,
): Promise<AskedAll> {
  const onProgress = watchProgress(store, query, options);
  return askFirst(store, {
    name: query.name,
    requireAll: options.requireAll ?? store.limits.requireAll,
    toError: (cause) => toStoreError(cause, `ask ${query.name}`, store.limits),
    send: ({ shard, missing, settings }) =>
      sendQuery(
        store,
        { ...query, settings: { ...query.settings, ...settings } },
        {
          ...{ shard, missing, signal: options.signal, onProgress },
          look: () => findMissingShards(store),
        },
      ),
  });
}

/**
 * Who is there is asked before each question: a shard that is frozen and not dead would hold up its connection for minutes. With
 * every shard there a whole answer is asked for, and the server refuses it when one goes away meanwhile; only then it may answer
 * in part. Each round has fewer shards, so they end.
 */
export async function askFirst<T>(
  store: Store,
  ask: FirstAsk<T>,
): Promise<{ readonly answer: T; readonly missingShards: readonly number[] }> {
  let missing = await findMissingShards(store);
  for (;;) {
    try {
      return await askThoseThere(store, ask, missing);
    } catch (cause) {
      const error = ask.toError(cause);
      if (!isAway(error)) throw error;
      const lost = await lostShards(cause, store);
      if (lost.every((shard) => missing.includes(shard))) throw error;
      missing = union(missing, lost);
    }
  }
}

async function askThoseThere<T>(
  store: Store,
  { name, requireAll, send }: FirstAsk<T>,
  missing: readonly number[],
): Promise<{ readonly answer: T; readonly missingShards: readonly number[] }> {
  const shard = allShards(store).find((index) => !missing.includes(index));
  if (shard === undefined || (requireAll && missing.length > 0)) throw shardsAway(name, missing);
  if (missing.length === 0) {
    return { answer: await send({ shard, missing, settings: {} }), missingShards: [] };
  }
  const answer = await send({ shard, missing, settings: IN_PART_SETTINGS });
  // Once more, for a shard that went away between the first look and the question.
  return { answer, missingShards: union(missing, await findMissingShards(store)) };
}

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
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
