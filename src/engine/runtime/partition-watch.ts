import type { PartitionActivity, PartitionName } from '../ingest/partition-ingest.js';
import { observerOf } from '../ingest/observe-all.js';
import type { IngestObserver } from '../ingest/partition-ingest.js';
import type { Chunk } from '../model/chunk.js';
import type { Clock } from '../model/clock.js';
import type { RecordRun } from '../model/record-run.js';

/** An insert may take this long without an answer: the client gives up after 330 s, and the attempt counts as a failure then. */
const INSERT_MS_MAX = 360_000;

/** A read waits a second, a commit and the look-ups at the start for their clients' time-outs: all far below. */
const OTHER_MS_MAX = 180_000;

/** A partition that does not move any more. */
export interface StuckPartition extends PartitionName {
  readonly doing: 'insert' | 'read or commit';
  readonly silentMs: number;
}

interface Watched extends PartitionName {
  lastMoveMs: number;
  isInserting: boolean;
  /** Queue time of the first record of the chunk on its way. */
  oldestMs: number | undefined;
  /** Nothing that waits now came before this; undefined as long as nothing is known. */
  waitingSinceMs: number | undefined;
}

/** Follows what the partitions of this worker do, so that others can say how far behind they are and whether they move. */
export class PartitionWatch {
  readonly observer: IngestObserver;
  readonly #clock: Clock;
  readonly #owned = new Map<string, Watched>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.observer = observerOf({
      onActivity: (at, activity) => {
        this.#take(at, activity);
      },
      onStep: (_step, chunk) => {
        this.#moved(chunk);
      },
      onRetry: () => {
        // It is not said whose attempt failed; but a worker that fails and tries again is not stuck.
        for (const watched of this.#owned.values()) watched.lastMoveMs = clock.nowMs();
      },
    });
  }

  /** The partitions that this worker owns now. */
  get owned(): readonly PartitionName[] {
    return [...this.#owned.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  /** Those that have not moved for longer than anything they wait for may take. */
  stuck(): readonly StuckPartition[] {
    const nowMs = this.#clock.nowMs();
    return [...this.#owned.values()]
      .map(({ topic, partition, isInserting, lastMoveMs }) => ({
        topic,
        partition,
        doing: isInserting ? ('insert' as const) : ('read or commit' as const),
        silentMs: nowMs - lastMoveMs,
      }))
      .filter(
        ({ doing, silentMs }) => silentMs > (doing === 'insert' ? INSERT_MS_MAX : OTHER_MS_MAX),
      );
  }

  /**
   * How long the oldest record that is not stored has been in the queue, when there is one: exact for a chunk on its way, else at most
   * that much. undefined: the partition is not ours, or nothing of it was read yet.
   */
  waitingMs(at: PartitionName): number | undefined {
    const watched = this.#owned.get(nameOf(at));
    const sinceMs = watched?.oldestMs ?? watched?.waitingSinceMs;
    return sinceMs === undefined ? undefined : Math.max(0, this.#clock.nowMs() - sinceMs);
  }

  #take(at: PartitionName, activity: PartitionActivity): void {
    if (activity.kind === 'assigned') this.#owned.set(nameOf(at), this.#begin(at));
    if (activity.kind === 'released') this.#owned.delete(nameOf(at));
    const watched = this.#owned.get(nameOf(at));
    if (watched === undefined) return;
    const nowMs = this.#clock.nowMs();
    watched.lastMoveMs = nowMs;
    if (activity.kind === 'caughtUp') watched.waitingSinceMs = nowMs;
    if (activity.kind === 'inserting') {
      watched.isInserting = true;
      watched.oldestMs = firstQueueTimeMs(activity.chunk);
    }
    if (activity.kind === 'inserted') {
      watched.isInserting = false;
      watched.oldestMs = undefined;
      watched.waitingSinceMs = lastQueueTimeMs(activity.chunk) ?? watched.waitingSinceMs;
    }
  }

  #begin({ topic, partition }: PartitionName): Watched {
    return {
      topic,
      partition,
      lastMoveMs: this.#clock.nowMs(),
      isInserting: false,
      oldestMs: undefined,
      waitingSinceMs: undefined,
    };
  }

  #moved(at: PartitionName): void {
    const watched = this.#owned.get(nameOf(at));
    if (watched !== undefined) watched.lastMoveMs = this.#clock.nowMs();
  }
}

function nameOf({ topic, partition }: PartitionName): string {
  return `${topic}/${partition}`;
}

function firstQueueTimeMs({ runs }: Chunk): number | undefined {
  return queueTimeMs(runs[0], 0);
}

function lastQueueTimeMs({ runs }: Chunk): number | undefined {
  const run = runs.at(-1);
  return queueTimeMs(run, (run?.recordCount ?? 0) - 1);
}

/** One record is made an object, whatever the size of its run. */
function queueTimeMs(run: RecordRun | undefined, index: number): number | undefined {
  return run?.slice(index, index + 1).records()[0]?.timestampMs;
}
