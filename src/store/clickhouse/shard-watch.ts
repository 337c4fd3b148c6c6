import { systemClock } from '../../engine/model/clock.js';

/** How long an answer may be silent before the shards are asked for a sign of life, and how often after that. */
const LOOK_EVERY_MS = 1_000;

/** One miss may be a hiccup of a busy machine. */
const MISSES_MAX = 2;

/** What a question waits for. */
export interface ShardWatch {
  /** Shards (index from 0) that give no sign of life now. */
  readonly look: () => Promise<readonly number[]>;
  /** Shards that the question does without. */
  readonly missing: readonly number[];
  /** Aborted when a shard is lost, so that the servers end the question, too. */
  readonly giveUp: AbortController;
}

/** A shard that took a question and froze: its connection stays open, and its silence looks like work. */
export class ShardsLost extends Error {
  readonly shards: readonly number[];

  constructor(shards: readonly number[]) {
    super(`shard ${shards.join(', ')} stopped answering`);
    this.name = 'ShardsLost';
    this.shards = shards;
  }
}

/** Waits for `work` as long as the shards that it needs show life, however long it takes; rejects with ShardsLost else. */
export async function whileAllAnswer<T>(work: Promise<T>, watch: ShardWatch): Promise<T> {
  const isDone = new AbortController();
  try {
    return await Promise.race([work, untilLost(watch, isDone.signal)]);
  } catch (error) {
    if (error instanceof ShardsLost) watch.giveUp.abort(error);
    throw error;
  } finally {
    isDone.abort();
  }
}

/** Rejects when a shard was missed often enough in a row; stays pending when the work was done before. */
async function untilLost({ look, missing }: ShardWatch, isDone: AbortSignal): Promise<never> {
  let suspects: readonly number[] | undefined;
  for (let misses = 0; misses < MISSES_MAX;) {
    const isOver = await systemClock.sleep(LOOK_EVERY_MS, isDone).then(
      () => false,
      () => true,
    );
    if (isOver) return new Promise<never>(() => undefined);
    const away = (await look()).filter((shard) => !missing.includes(shard));
    suspects = away.filter((shard) => suspects?.includes(shard) ?? true);
    if (suspects.length > 0) misses += 1;
    else [misses, suspects] = [0, undefined];
  }
  throw new ShardsLost(suspects ?? []);
}
