import { DEFAULT_TOPIC, INGEST_GROUP_ID } from '../../../engine/model/limit.js';
import type { QueueConnection } from '../../../engine/model/connection.js';
import { openQueue } from '../../../engine/queue/open-queue.js';
import type { StackReport } from './describe-stack.js';

/** A queue that does not answer by then is reported as unknown: `status` is for trouble, too. */
const ANSWER_MS_MAX = 3_000;

/** Records of the topic that the ingest workers have not stored yet. */
export async function ingestLag(connection: QueueConnection): Promise<StackReport['lag']> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`the queue did not answer within ${ANSWER_MS_MAX / 1000} s`));
    }, ANSWER_MS_MAX);
  });
  try {
    return { records: await Promise.race([measure(connection), tooLate]), error: null };
  } catch (error) {
    return { records: null, error: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function measure(connection: QueueConnection): Promise<number> {
  await using queue = await openQueue(connection);
  const progress = await queue.groupProgress(INGEST_GROUP_ID, DEFAULT_TOPIC);
  return Number([...progress.values()].reduce((sum, { waiting }) => sum + waiting, 0n));
}
