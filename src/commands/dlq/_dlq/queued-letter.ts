import type { DeadLetter } from '../../../engine/model/dead-letter.js';
import type { QueueConnection } from '../../../engine/model/connection.js';
import type { QueueRecord } from '../../../engine/model/queue.js';
import { openQueue } from '../../../engine/queue/open-queue.js';
import { startDeadline } from '../../_cli/deadline.js';

/** A queue that does not answer by then is done without: the letter itself is in the store. */
const ANSWER_MS_MAX = 5_000;

/** The record as the queue still has it, or why that is not known. */
export type QueuedLetter =
  | { readonly kind: 'found'; readonly record: QueueRecord }
  | { readonly kind: 'gone'; readonly why: string };

/** Looks for the record in the queue: headers are there only, and the whole of what was too large to be stored. */
export async function findInQueue(
  letter: DeadLetter,
  {
    connection,
    identity,
  }: { readonly connection: QueueConnection; readonly identity: string | undefined },
  signal: AbortSignal,
): Promise<QueuedLetter> {
  using deadline = startDeadline(ANSWER_MS_MAX);
  const end = AbortSignal.any([signal, deadline.signal]);
  const late = new Promise<never>((_, reject) => {
    end.addEventListener(
      'abort',
      () => {
        reject(new Error(`the queue did not answer within ${ANSWER_MS_MAX / 1000} s`));
      },
      { once: true },
    );
  });
  try {
    return await Promise.race([read(letter, { connection, identity }, end), late]);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'gone', why: error instanceof Error ? error.message : String(error) };
  }
}

async function read(
  { topic, partition, offset, raw }: DeadLetter,
  {
    connection,
    identity,
  }: { readonly connection: QueueConnection; readonly identity: string | undefined },
  signal: AbortSignal,
): Promise<QueuedLetter> {
  await using queue = await openQueue(connection);
  const described = await queue.describeTopic(topic);
  if (identity !== undefined && described.identity !== identity) {
    return { kind: 'gone', why: 'the topic was made again since' };
  }
  const range = described.partitions.find((each) => each.partition === partition);
  if (!range || offset < range.start || offset >= range.end) {
    return { kind: 'gone', why: 'the queue no longer has it' };
  }
  const batches = queue.read({
    topic,
    fromOffsets: new Map([[partition, offset]]),
    untilOffsets: new Map([[partition, offset + 1n]]),
    signal,
  });
  for await (const { records } of batches) {
    const record = records.find((each) => each.offset === offset);
    const begin = record?.value?.subarray(0, raw.length) ?? Buffer.alloc(0);
    if (record && begin.equals(raw)) return { kind: 'found', record };
  }
  return { kind: 'gone', why: 'the queue has another record there' };
}
