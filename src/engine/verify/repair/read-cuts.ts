import type { Chunk } from '../../model/chunk.js';
import type { Queue, QueueRecord } from '../../model/queue.js';
import { type RunLimits, runOf } from '../../model/record-run.js';
import type { RepairStore } from '../../model/repair.js';
import type { PartitionKey, VerifyStore } from '../../model/verify.js';
import { AtbdError } from '../../model/error.js';

/** What a repair needs: the queue, the store as verify reads it and as a repair writes it. */
export interface RepairSources {
  readonly queue: Pick<Queue, 'describeTopic' | 'read'>;
  readonly store: VerifyStore;
  readonly repair: RepairStore;
  /** Makes of a chunk what the ingest worker would send: of a foreign topic the rows that its records become. */
  readonly mapChunk: (chunk: Chunk) => Promise<Chunk>;
  readonly signal: AbortSignal;
}

interface CutRange extends PartitionKey {
  readonly first: bigint;
  readonly last: bigint;
  readonly shard: number;
}

/** Records held at once where a range may be cut; a fraction of what an insert may hold, because the store keeps them in memory meanwhile. */
export const CUT_LIMITS: RunLimits = { recordsMax: 50_000, bytesMax: 16 * 1024 * 1024 };

/**
 * The records of a range as the worker would send them, in chunks that follow each other without a gap; without `limits` it is one.
 * Rejects with OFFSET_OUT_OF_RANGE when the queue did not have all of the range until the end: what was not read must not be taken
 * for what is not there.
 */
export async function* readCuts(
  range: CutRange,
  limits: RunLimits | null,
  sources: RepairSources,
): AsyncGenerator<Chunk> {
  const { identity } = await sources.queue.describeTopic(range.topic);
  await checkEpoch(range, identity, sources);
  const guarded = async (chunk: Chunk): Promise<Chunk> => {
    await checkThere(range, identity, sources);
    return sources.mapChunk(chunk);
  };
  const { topic, partition, last } = range;
  const batches = sources.queue.read({
    topic,
    fromOffsets: new Map([[partition, range.first]]),
    untilOffsets: new Map([[partition, last + 1n]]),
    signal: sources.signal,
  });
  let first = range.first;
  let taken: QueueRecord[] = [];
  let bytes = 0;
  for await (const { records } of batches) {
    for (const record of records) {
      taken.push(record);
      bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
      const isFull = limits && (taken.length >= limits.recordsMax || bytes >= limits.bytesMax);
      if (isFull !== true || record.offset >= last) continue;
      yield await guarded(chunkOf(range, { first, last: record.offset }, taken));
      first = record.offset + 1n;
      taken = [];
      bytes = 0;
    }
  }
  sources.signal.throwIfAborted();
  yield await guarded(chunkOf(range, { first, last }, taken));
}

function chunkOf(
  { topic, epoch, partition, shard }: CutRange,
  { first, last }: { readonly first: bigint; readonly last: bigint },
  records: readonly QueueRecord[],
): Chunk {
  const runs = records.length === 0 ? [] : [runOf(records)];
  return { topic, epoch, partition, first, last, shard, runs };
}

/** A topic that was made again has other records at the same offsets. */
async function checkEpoch(
  range: CutRange,
  identity: string,
  { store, signal }: RepairSources,
): Promise<void> {
  const epochs = await store.listEpochs(range.topic, signal);
  const known = epochs.filter((epoch) => epoch.identity === identity).at(-1);
  if (epochs.length > 0 && known?.epoch !== range.epoch) throw goneMeanwhile(range);
}

async function checkThere(
  range: CutRange,
  identity: string,
  { queue }: RepairSources,
): Promise<void> {
  const now = await queue.describeTopic(range.topic);
  const partition = now.partitions.find((each) => each.partition === range.partition);
  if (now.identity !== identity || partition === undefined || partition.start > range.first)
    throw goneMeanwhile(range);
}

function goneMeanwhile({ topic, partition, first, last }: CutRange): AtbdError {
  return new AtbdError({
    code: 'OFFSET_OUT_OF_RANGE',
    message: `cannot read ${topic}/${partition} offsets ${String(first)}–${String(last)}: the queue has trimmed them meanwhile, or the topic was made again`,
    hint: 'Run it again: it says what is no longer in the queue.',
  });
}
