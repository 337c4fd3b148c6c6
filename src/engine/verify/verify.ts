import { AtbdError } from '../model/error.js';
import type { TopicEpoch } from '../model/chunk.js';
import { decodeIntent } from '../model/intent.js';
import type {
  GroupPosition,
  GroupProgress,
  PartitionRange,
  TopicDescription,
} from '../model/queue.js';
import type { PartitionKey } from '../model/verify.js';
import type { OpenFrom } from '../model/verify-figures.js';
import type { WorkerCut } from './verify-figures.js';
import {
  verifyPartition,
  type PartitionAtCut,
  type PartitionReport,
  type VerifySources,
} from './verify-partition.js';

export interface VerifyOptions {
  readonly groupId: string;
  /** Only this topic; all when undefined. */
  readonly topic: string | undefined;
  /** Only what came into the queue from `fromMs` to before `toMs`; null is open. */
  readonly arrived?: { readonly fromMs: number | null; readonly toMs: number | null };
  readonly onProgress?: (progress: VerifyProgress) => void;
}

export interface VerifyProgress {
  readonly partitionsDone: number;
  readonly partitionCount: number;
  readonly rows: number;
}

/**
 * Compares queue, ledger and rows, per topic, epoch and partition. The cut is what the group had
 * committed at the start, so live traffic is neither waited for nor mistaken for a fault.
 */
export async function verify(
  options: VerifyOptions,
  sources: VerifySources,
): Promise<readonly PartitionReport[]> {
  const cuts = await takeCut(options, sources);
  const reports: PartitionReport[] = [];
  let rows = 0;
  for (const cut of cuts) {
    sources.signal.throwIfAborted();
    const report = await verifyPartition(cut, sources);
    rows += report.rows + report.deadLetters;
    reports.push(report);
    options.onProgress?.({ partitionsDone: reports.length, partitionCount: cuts.length, rows });
  }
  return reports;
}

interface TopicAtCut {
  readonly description: TopicDescription;
  readonly positions: ReadonlyMap<number, GroupPosition>;
  readonly progress: ReadonlyMap<number, GroupProgress>;
}

/** Every life of every partition to look at, with the queue's side of it; the queue is asked first. */
export async function takeCut(
  { groupId, topic, arrived }: VerifyOptions,
  { queue, store, signal }: VerifySources,
): Promise<PartitionAtCut[]> {
  const queueTopics = (await queue.listTopics()).filter((name) => !topic || name === topic);
  const live: TopicAtCut[] = [];
  for (const name of queueTopics) {
    const positions = await queue.groupPositions(groupId, name);
    const description = await queue.describeTopic(name);
    live.push({ description, positions, progress: await queue.groupProgress(groupId, name) });
  }
  const stored = await store.listPartitions(topic, signal);
  if (topic && live.length === 0 && stored.length === 0) throw topicNotFound(topic);
  const cuts: PartitionAtCut[] = [];
  for (const { description, positions, progress } of live) {
    const epochs = await store.listEpochs(description.name, signal);
    const { epoch, isRecorded } = currentEpoch(description, epochs, stored);
    const bounds = await boundsOf(description, arrived, queue);
    for (const range of description.partitions) {
      const key = { topic: description.name, epoch, partition: range.partition };
      const position = positions.get(range.partition)?.position ?? null;
      // A commit from before the topic was made again says nothing about its new life.
      const waiting = progress.get(range.partition)?.waiting ?? null;
      cuts.push({
        key,
        range,
        position: isRecorded ? position : null,
        waiting: isRecorded || position === null ? waiting : null,
        ...bounds(range),
      });
    }
  }
  const known = new Set(cuts.map((cut) => nameOf(cut.key)));
  // Of what the queue no longer has it cannot be asked when it came: it belongs to a time that has no beginning.
  for (const key of arrived?.fromMs == null ? stored : []) {
    if (known.has(nameOf(key))) continue;
    cuts.push({ key, range: null, position: null, waiting: null, from: null, until: null });
  }
  return cuts.sort((a, b) => byKey(a.key, b.key));
}

type Bounds = Pick<PartitionAtCut, 'from' | 'until'>;

/** The offsets of a time range, per partition. What the queue has trimmed came before what it has, nobody knows when: it is in a range that reaches so far. */
async function boundsOf(
  { name }: TopicDescription,
  arrived: VerifyOptions['arrived'],
  queue: VerifySources['queue'],
): Promise<(range: PartitionRange) => Bounds> {
  const { fromMs = null, toMs = null } = arrived ?? {};
  const from = fromMs === null ? undefined : await queue.offsetsAtTime(name, fromMs);
  const until = toMs === null ? undefined : await queue.offsetsAtTime(name, toMs);
  return ({ partition, start }) => {
    const first = from?.get(partition) ?? null;
    return { from: first === start ? null : first, until: until?.get(partition) ?? null };
  };
}

/**
 * Where the workers of a group are now: what they committed of each partition, and what they announced and have not finished.
 * What is stored meanwhile lies beyond the one or belongs to the other.
 */
export async function takeWorkerCut(
  groupId: string,
  { queue, store, signal }: VerifySources,
): Promise<WorkerCut> {
  const open: OpenFrom[] = [];
  const intents = new Set<string>();
  for (const topic of await queue.listTopics()) {
    const positions = await queue.groupPositions(groupId, topic);
    const description = await queue.describeTopic(topic);
    const epochs = await store.listEpochs(topic, signal);
    const { epoch, isRecorded } = currentEpoch(description, epochs, []);
    for (const { partition } of description.partitions) {
      const committed = positions.get(partition);
      const position = isRecorded ? (committed?.position ?? 0n) : 0n;
      open.push({ topic, epoch, partition, position });
      const intent = committed?.intent ?? null;
      // A worker that has nothing to do has a commit without a chunk: nothing is on its way.
      if (decodeIntent(intent)?.open) intents.add(`${topic}/${partition} ${String(intent)}`);
    }
  }
  return { open, intents };
}

/**
 * The latest epoch with the topic's identity. A topic that was made again and not read yet has none: it
 * gets the next number. Where no epoch was ever recorded, the latest that anything is stored under.
 */
function currentEpoch(
  { name, identity }: TopicDescription,
  epochs: readonly TopicEpoch[],
  stored: readonly PartitionKey[],
): { readonly epoch: number; readonly isRecorded: boolean } {
  const known = epochs.filter((epoch) => epoch.identity === identity).at(-1);
  if (known) return { epoch: known.epoch, isRecorded: true };
  const latest = epochs.at(-1);
  if (latest) return { epoch: latest.epoch + 1, isRecorded: false };
  const used = stored.filter((key) => key.topic === name).map((key) => key.epoch);
  return { epoch: Math.max(EPOCH_FIRST, ...used), isRecorded: true };
}

/** The epoch under which a topic is read first. */
const EPOCH_FIRST = 1;

function nameOf({ topic, epoch, partition }: PartitionKey): string {
  return `${topic}/${String(epoch)}/${String(partition)}`;
}

function byKey(a: PartitionKey, b: PartitionKey): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.epoch - b.epoch || a.partition - b.partition;
}

function topicNotFound(topic: string): AtbdError {
  return new AtbdError({
    code: 'TOPIC_NOT_FOUND',
    message: `cannot verify the topic "${topic}": neither the queue nor the store knows it`,
    hint: 'Run `atbd verify` without --topic to see all topics.',
  });
}
