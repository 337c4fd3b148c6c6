import type { Store } from './store.js';

/** Indexes of the shards that did not answer within so many milliseconds. */
export async function silentShards(store: Store, answerMsMax: number): Promise<number[]> {
  const silent = await Promise.all(
    Array.from({ length: store.shardCount }, async (_, shard) =>
      (await doesAnswer(store, shard, answerMsMax)) ? [] : [shard],
    ),
  );
  return silent.flat();
}

async function doesAnswer(store: Store, shard: number, answerMsMax: number): Promise<boolean> {
  try {
    const client = await store.shard(shard);
    // A statement and not /ping, so that a wrong password is seen, too.
    const answer = await client.query({
      query: 'SELECT 1',
      format: 'JSONEachRow',
      abort_signal: AbortSignal.timeout(answerMsMax),
    });
    await answer.text();
    return true;
  } catch {
    return false;
  }
}
