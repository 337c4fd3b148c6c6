import type { ReadOptions, RecordBatch } from '../../model/queue.js';
import { recordsOf } from '../../model/record-run.js';
import type { LogFile, TopicRow } from './log-file.js';
import { type PartitionId, tailOf, topicNotFound } from './partition-log.js';
import { PartitionReader } from './partition-reader.js';
import type { TailWatch } from './tail-watch.js';

/** One batch holds about this much: small enough to show at once, large enough for full speed. */
const BATCH_BYTES_MAX = 1024 * 1024;

/** How long one wait for new records lasts; only a bound, waiting goes on. */
const WAIT_MS = 60_000;

interface Source {
  readonly id: PartitionId;
  readonly reader: PartitionReader;
  readonly until: number | undefined;
}

/** `Queue.read` of the embedded log: partitions in turn, a batch each. */
export async function* readPartitions(
  { topic, fromOffsets, untilOffsets, signal }: ReadOptions,
  { file, watch, row }: { file: LogFile; watch: TailWatch; row: () => TopicRow },
): AsyncIterable<RecordBatch> {
  const { id: topicId, partitionCount } = row();
  let sources: Source[] = [];
  for (const [partition, from] of fromOffsets) {
    if (partition >= partitionCount) throw topicNotFound(`${topic}/${partition}`);
    const id = { topic, topicId, partition };
    const start = Math.max(Number(from), tailOf(file, id).start);
    const until = untilOffsets?.get(partition);
    sources.push({
      id,
      reader: new PartitionReader(file, id, start),
      until: until === undefined ? undefined : Number(until),
    });
  }
  sources = sources.filter(isOpen);
  while (sources.length > 0) {
    if (signal.aborted) return;
    file.refresh();
    let hasRead = false;
    for (const { id, reader, until } of sources) {
      skipTrimmed(file, id, reader);
      const runs = reader.take(BATCH_BYTES_MAX, until);
      if (runs.length === 0) continue;
      hasRead = true;
      yield { topic, partition: id.partition, records: recordsOf(runs) };
      if (isAborted(signal)) return;
    }
    sources = sources.filter(isOpen);
    if (!hasRead && sources.length > 0) await waitForMore(sources, watch, signal);
  }
}

/** A call, because the signal may have changed since it was last asked. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function isOpen({ reader, until }: Source): boolean {
  return until === undefined || reader.cursor < until;
}

/** Offsets before the log's start begin at its start, also when that moves on while we read. */
function skipTrimmed(file: LogFile, id: PartitionId, reader: PartitionReader): void {
  const { start } = tailOf(file, id);
  if (!reader.hasRest && reader.cursor < start) reader.seek(start);
}

async function waitForMore(
  sources: readonly Source[],
  watch: TailWatch,
  signal: AbortSignal,
): Promise<void> {
  try {
    await watch.wait(() => sources.some(({ reader }) => reader.hasBytes(1)), WAIT_MS, signal);
  } catch (error) {
    // An abort ends the reading quietly.
    if (!signal.aborted) throw error;
  }
}
