import { INGEST_GROUP_ID } from '../../../engine/model/limit.js';
import type { Queue } from '../../../engine/model/queue.js';
import { until } from './test-worker.js';

/** Resolves when the workers have committed all that the topic holds. */
export async function untilStored(queue: Queue, topic: string): Promise<void> {
  const waiting = async (): Promise<bigint> => {
    const progress = await queue.groupProgress(INGEST_GROUP_ID, topic);
    return [...progress.values()].reduce((sum, partition) => sum + partition.waiting, 0n);
  };
  await until(
    async () => ((await waiting()) === 0n ? true : undefined),
    async () => `${await waiting()} records wait`,
  );
}
