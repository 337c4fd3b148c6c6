import type { Clock } from '../model/clock.js';
import { AtbdError } from '../model/error.js';
import type { Queue, RecordBatch, TopicDescription } from '../model/queue.js';

/** What following needs of a queue. */
export type FollowedQueue = Pick<Queue, 'describeTopic' | 'read'>;

export interface FollowOptions {
  readonly queue: FollowedQueue;
  readonly topic: string;
  /** The topic's identity that `positions` belong to. */
  readonly identity: string;
  /** Where to begin, per partition; one that is missing was added later and is read from its start. */
  readonly positions: ReadonlyMap<number, bigint>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly observer: FollowObserver;
}

export interface FollowObserver {
  /** The queue does not answer; it is asked again until it does. Once per interruption. */
  onInterrupted(error: AtbdError): void;
  onReconnected(): void;
  /** A partition was added while following. */
  onPartitionAdded(partition: number): void;
  /** The topic was deleted and made again: positions start anew. */
  onTopicReplaced(identity: string): void;
}

/** How often the topic is asked for new partitions: they matter within seconds, and asking is cheap. */
const PARTITION_CHECK_MS = 3000;

/** Between two attempts to reach a queue that does not answer. */
const RECONNECT_MS = 1000;

/**
 * The records of a topic as they arrive, over all partitions, each exactly once and in offset order per partition;
 * ends at abort (quietly). Survives an unreachable queue and new partitions. The reader sets the
 * pace: nothing is fetched far ahead of it. An error that waiting does not cure is thrown.
 */
export async function* followTopic(options: FollowOptions): AsyncIterable<RecordBatch> {
  const { signal, clock, observer } = options;
  const place = { identity: options.identity, positions: new Map(options.positions) };
  let isInterrupted = false;
  while (!signal.aborted) {
    try {
      const topic = await options.queue.describeTopic(options.topic);
      if (isInterrupted) observer.onReconnected();
      isInterrupted = false;
      adoptTopic(place, topic, observer);
      yield* readUntilChanged(options, topic, place.positions);
    } catch (error) {
      if (isAborted(signal)) return;
      if (!(error instanceof AtbdError) || !error.isRetryable) throw error;
      if (!isInterrupted) observer.onInterrupted(error);
      isInterrupted = true;
      await clock.sleep(RECONNECT_MS, signal).catch(() => undefined);
    }
  }
}

interface Place {
  identity: string;
  readonly positions: Map<number, bigint>;
}

function adoptTopic(place: Place, topic: TopicDescription, observer: FollowObserver): void {
  if (topic.identity !== place.identity) {
    place.identity = topic.identity;
    place.positions.clear();
    observer.onTopicReplaced(topic.identity);
    for (const { partition, start } of topic.partitions) place.positions.set(partition, start);
    return;
  }
  for (const { partition, start } of topic.partitions) {
    if (place.positions.has(partition)) continue;
    place.positions.set(partition, start);
    observer.onPartitionAdded(partition);
  }
}

/** Reads until the topic is no longer as it was, and keeps `positions` at what was handed on. */
async function* readUntilChanged(
  options: FollowOptions,
  known: TopicDescription,
  positions: Map<number, bigint>,
): AsyncIterable<RecordBatch> {
  const { queue, clock } = options;
  const change = new AbortController();
  const signal = AbortSignal.any([options.signal, change.signal]);
  const watching = watchForChange(known, { queue, signal, clock }).then((isChanged) => {
    if (isChanged) change.abort();
  });
  try {
    const batches = queue.read({ topic: known.name, fromOffsets: new Map(positions), signal });
    for await (const batch of batches) {
      const last = batch.records.at(-1);
      if (last) positions.set(batch.partition, last.offset + 1n);
      yield batch;
    }
  } finally {
    change.abort();
    await watching;
  }
}

/** Resolves true when the topic has other partitions or another identity; false at abort. */
async function watchForChange(
  known: TopicDescription,
  { queue, signal, clock }: Pick<FollowOptions, 'queue' | 'signal' | 'clock'>,
): Promise<boolean> {
  while (!signal.aborted) {
    await clock.sleep(PARTITION_CHECK_MS, signal).catch(() => undefined);
    if (isAborted(signal)) return false;
    try {
      const now = await queue.describeTopic(known.name);
      if (now.identity !== known.identity) return true;
      if (now.partitions.length !== known.partitions.length) return true;
    } catch (error) {
      // The reading side meets the same trouble and reports it; a topic that is gone ends the reading.
      if (error instanceof AtbdError && error.code === 'TOPIC_NOT_FOUND') return true;
    }
  }
  return false;
}

/** Asked through a function, because the compiler takes a checked flag for unchangeable. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
