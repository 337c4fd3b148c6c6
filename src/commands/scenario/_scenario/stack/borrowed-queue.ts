import { systemClock } from '../../../../engine/model/clock.js';
import { AtbdError } from '../../../../engine/model/error.js';
import { DEFAULT_TOPIC } from '../../../../engine/model/limit.js';
import type { Queue } from '../../../../engine/model/queue.js';
import { openQueue } from '../../../../engine/queue/open-queue.js';
import { atbdHome, userConfigPath } from '../../../_cli/atbd-home.js';
import type { QueueSpec } from '../../../_cli/config/config-schema.js';
import { queueConnection } from '../../../_cli/context.js';

/** A broker deletes a topic behind our back; this is long for it. */
const DELETED_MS_MAX = 30_000;
const POLL_MS = 100;

/**
 * Refuses a Kafka or Redis on which the topic of a story is there already: a story counts what it has sent, and its worker
 * commits for the group of all ingest workers.
 */
export async function checkBorrowedQueue(spec: QueueSpec): Promise<void> {
  await using queue = await open(spec);
  if (!(await hasTopic(queue))) return;
  throw new AtbdError({
    code: 'CONFIG_INVALID',
    message: `cannot run a story on this ${NAMES[queue.kind]}: it has a topic "${DEFAULT_TOPIC}" already`,
    hint: 'A story makes that topic and deletes it in the end: name one that is for tests.',
  });
}

/** Deletes the topic that a story has made, and waits until the broker no longer names it. */
export async function returnBorrowedQueue(spec: QueueSpec): Promise<void> {
  await using queue = await open(spec);
  if (!(await hasTopic(queue))) return;
  await queue.deleteTopic(DEFAULT_TOPIC);
  const untilMs = systemClock.nowMs() + DELETED_MS_MAX;
  while ((await hasTopic(queue)) && systemClock.nowMs() < untilMs) await systemClock.sleep(POLL_MS);
}

const NAMES = { embedded: 'queue', kafka: 'Kafka', redis: 'Redis' } as const;

async function open(spec: QueueSpec): Promise<Queue> {
  return openQueue(await queueConnection(spec, userConfigPath(), atbdHome(), undefined));
}

async function hasTopic(queue: Queue): Promise<boolean> {
  return (await queue.listTopics()).includes(DEFAULT_TOPIC);
}
