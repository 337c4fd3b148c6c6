import { AtbdError } from '../../engine/model/error.js';
import { addUpProgress, checkScan, type ReadProgress } from './read-progress.js';
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

/** How a question is asked. */
export interface AskOptions {
  readonly signal?: AbortSignal;
  /** Rejects when a shard does not answer, instead of answering in part. */
  readonly requireAll?: boolean;
  readonly onProgress?: (progress: ReadProgress) => void;
}

/** How shards are asked for their own tables. */
export interface AskShardsOptions extends AskOptions {
  /** Those that are asked; all when left out. */
  readonly shards?: readonly number[];
}

/** What one shard says of its own tables. */
export interface ShardAnswer {
  readonly shard: number;
  readonly answer: Answer;
}

/** The shards that answer, and those (index from 0) that do not. */
export interface ShardAnswers {
  readonly answers: readonly ShardAnswer[];
  readonly missingShards: readonly number[];
}

/**
 * Asks each shard for its own tables, all at once, and resolves when every one has begun to answer or is known to be away. All answers
 * are to be read or closed; when one of them breaks off, the others end, too.
 *
 * A question to a Distributed table costs the shard that is asked twice as much, before it reads anything, as one to its own
 * table, and more with every column (docs/benchmarks.md).
 */
export async function askShards(
  store: Store,
  query: QueryText,
  options: AskShardsOptions = {},
): Promise<ShardAnswers> {
  const stop = new AbortController();
  const { shards = allShards(store) } = options;
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const listeners = progressListeners(store, query, options);
  const asked = await Promise.allSettled(
    shards.map((shard) =>
      askShard(store, query, { shard, signal, onProgress: listeners?.[shard] }).catch(
        (error: unknown) => {
          // The others' answers are of no use any more.
          stop.abort(error);
          throw error;
        },
      ),
    ),
  );
  const settled = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const begun = settled.flatMap(({ shard, answer }) => (answer ? [{ shard, answer }] : []));
  const missingShards = settled.flatMap(({ shard, answer }) => (answer ? [] : [shard]));
  const isWhole = options.requireAll ?? store.limits.requireAll;
  const isTooFew =
    missingShards.length === store.shardCount || (isWhole && missingShards.length > 0);
  if (settled.length === shards.length && !isTooFew) {
    const answers = begun.map(({ shard, answer }) => ({ shard, answer: stopping(answer, stop) }));
    return { answers, missingShards };
  }
  for (const { answer } of begun) answer.close();
  throw isTooFew ? shardsAway(query.name, missingShards) : stop.signal.reason;
}

/** One for each shard; undefined when nobody listens. */
function progressListeners(
  { shardCount, limits: { scan } }: Store,
  query: QueryText,
  { onProgress }: AskOptions,
): ((progress: ReadProgress) => void)[] | undefined {
  if (onProgress === undefined && scan === null) return undefined;
  return addUpProgress(shardCount, (progress) => {
    onProgress?.(progress);
    if (scan !== null) checkScan(progress, scan, doingOf(query));
  });
}

interface Asking {
  readonly shard: number;
  readonly signal: AbortSignal;
  readonly onProgress: ((progress: ReadProgress) => void) | undefined;
}

/** Without an answer when the shard is away. */
async function askShard(
  store: Store,
  query: QueryText,
  { shard, signal, onProgress }: Asking,
): Promise<{ readonly shard: number; readonly answer?: Answer }> {
  const look = (): Promise<readonly number[]> => findMissingShards(store, [shard]);
  try {
    const options = { shard, look, missing: [], signal, onProgress };
    return { shard, answer: await sendQuery(store, query, options) };
  } catch (cause) {
    const error = toStoreError(cause, `ask ${query.name}`, store.limits);
    if (!isAway(error)) throw error;
    if (cause instanceof ShardsLost || (await look()).length > 0) return { shard };
    throw error;
  }
}

/** The answer; the others' end when it breaks off. */
function stopping(answer: Answer, stop: AbortController): Answer {
  async function* read(): AsyncGenerator<readonly unknown[]> {
    try {
      yield* answer;
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  }
  return {
    [Symbol.asyncIterator]: read,
    close: () => {
      answer.close();
    },
  };
}

/** An answer would lack what is asked for. */
export function shardsAway(name: string, missing: readonly number[]): AtbdError {
  return new AtbdError({
    code: 'CLICKHOUSE_UNREACHABLE',
    message: `cannot ask ${name}: shard ${missing.join(', ')} does not answer`,
    hint: 'See whether the shards are up: atbd status',
  });
}
