import type {
  PartitionRange,
  QueueRecord,
  ReadOptions,
  RecordBatch,
} from '../../../model/queue.js';
import { countBefore, type RecordRun, recordsOf } from '../../../model/record-run.js';
import type { Cluster } from '../kafka-internals.js';
import { type FetchTarget, fetchRound } from './partition-fetcher.js';

const FETCH = { waitMs: 100, bytesMin: 1, partitionBytesMax: 4 * 1024 * 1024 };

/** Reads without a group: nothing of it stays on the broker. See `Queue.read`. */
export async function* readPartitions(
  cluster: Cluster,
  ranges: readonly PartitionRange[],
  { topic, fromOffsets, untilOffsets, signal }: ReadOptions,
): AsyncGenerator<RecordBatch> {
  const targets = ranges.flatMap(({ partition, start }) => {
    const from = fromOffsets.get(partition);
    if (from === undefined) return [];
    const until = untilOffsets === undefined ? undefined : (untilOffsets.get(partition) ?? from);
    return [new ReadTarget(topic, partition, { from: from < start ? start : from, until })];
  });
  await cluster.connect();
  await cluster.addMultipleTargetTopics([topic]);
  while (!signal.aborted && targets.some((target) => target.wantedOffset() !== undefined)) {
    await fetchRound(cluster, targets, FETCH);
    for (const target of targets) {
      const records = target.take();
      if (isAborted(signal)) return;
      if (records.length > 0) yield { topic, partition: target.partition, records };
      target.throwIfRejected();
    }
  }
}

class ReadTarget implements FetchTarget {
  readonly topic: string;
  readonly partition: number;
  readonly #until: bigint | undefined;
  #next: bigint;
  #runs: RecordRun[] = [];
  #failure: Error | undefined;

  constructor(
    topic: string,
    partition: number,
    { from, until }: { readonly from: bigint; readonly until: bigint | undefined },
  ) {
    this.topic = topic;
    this.partition = partition;
    this.#next = from;
    this.#until = until;
  }

  wantedOffset(): bigint | undefined {
    return this.#until !== undefined && this.#next >= this.#until ? undefined : this.#next;
  }

  accept(_fetchedFrom: bigint, run: RecordRun | undefined, nextOffset: bigint): void {
    this.#next = nextOffset;
    if (run === undefined) return;
    const count = this.#until === undefined ? run.recordCount : countBefore(run, this.#until);
    if (count > 0) this.#runs.push(run.slice(0, count));
  }

  reject(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error));
  }

  take(): readonly QueueRecord[] {
    const runs = this.#runs;
    this.#runs = [];
    return recordsOf(runs);
  }

  throwIfRejected(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
