import { IngestCounters } from '../../../../engine/ingest/ingest-counters.js';
import { runIngestWorker } from '../../../../engine/ingest/ingest-worker.js';
import { systemClock } from '../../../../engine/model/clock.js';
import { INGEST_GROUP_ID } from '../../../../engine/model/limit.js';
import type { Queue, QueueMessage } from '../../../../engine/model/queue.js';
import { openQueue } from '../../../../engine/queue/open-queue.js';
import { createChunkStore } from '../../../../store/write/chunk-store.js';
import type { TestContext } from '../../../_cli/testing/test-context.js';

/** Between two looks at a condition. */
const POLL_MS = 20;

/** Sends messages to a topic, which is made where it is not there, and lets a real worker store all it has. */
export async function fillTopic(
  context: TestContext,
  topic: string,
  messages: readonly QueueMessage[],
  { partitionCount = 1 }: { readonly partitionCount?: number } = {},
): Promise<void> {
  await using queue = await openQueue(context.queue);
  await queue.createTopic(topic, { partitionCount });
  await using producer = await queue.createProducer();
  await producer.send(topic, messages);
  await storeAll(context, queue, topic);
}

/** Lets a real worker store what waits in the topic. */
export async function storeAll(context: TestContext, queue: Queue, topic: string): Promise<void> {
  const stop = new AbortController();
  const running = runIngestWorker(
    {
      queue,
      store: createChunkStore(context.testStore.store),
      clock: systemClock,
      observer: new IngestCounters(() => undefined),
      topics: [topic],
      limits: { recordsMax: 2_000, bytesMax: 16 * 1024 * 1024 },
    },
    stop.signal,
  );
  while (await isWaiting(queue, topic)) await systemClock.sleep(POLL_MS);
  stop.abort();
  await running;
}

async function isWaiting(queue: Queue, topic: string): Promise<boolean> {
  const progress = await queue.groupProgress(INGEST_GROUP_ID, topic);
  return [...progress.values()].some(({ waiting }) => waiting > 0n);
}
