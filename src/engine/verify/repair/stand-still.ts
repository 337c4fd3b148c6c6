import type { Clock } from '../../model/clock.js';
import { decodeIntent } from '../../model/intent.js';
import type { OwnedPartition, Queue } from '../../model/queue.js';
import { untilAborted } from '../../model/until-aborted.js';

export interface StandStillSources {
  readonly queue: Pick<Queue, 'listTopics' | 'describeTopic' | 'createConsumer'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Why workers do not stand still. */
export type Unrest = 'workers_up' | 'chunk_open';

/** Longer than a member that died keeps its partitions (Kafka: 30 s). */
const JOIN_MS_MAX = 45_000;

type Outcome<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: Unrest };

/**
 * Does something while no worker of the group can write, by being the group: a member that owns every partition. Where another
 * member has one, or a chunk is announced that somebody will send again, it does nothing and says why. What takes a partition away
 * meanwhile aborts the signal, and waits for the work to end.
 */
export async function whileWorkersStandStill<T>(
  groupId: string,
  { queue, clock, signal }: StandStillSources,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Outcome<T>> {
  const topics = await queue.listTopics();
  const descriptions = await Promise.all(topics.map((topic) => queue.describeTopic(topic)));
  const total = descriptions.reduce((sum, { partitions }) => sum + partitions.length, 0);
  const held = new Held(total);
  const leave = new AbortController();
  const until = AbortSignal.any([leave.signal, signal]);
  await using consumer = await queue.createConsumer({ groupId, topics });
  const running = consumer.run((partition) => held.hold(partition), until);
  try {
    if (!(await isWithin(held.all, running, { clock, until }))) return { kind: 'workers_up' };
    if (held.hasOpenChunk) return { kind: 'chunk_open' };
    return { kind: 'done', value: await work(AbortSignal.any([signal, held.lost])) };
  } finally {
    held.finish();
    leave.abort();
    await running;
  }
}

async function isWithin(
  all: Promise<void>,
  running: Promise<void>,
  { clock, until }: { readonly clock: Clock; readonly until: AbortSignal },
): Promise<boolean> {
  const timer = new AbortController();
  const stop = AbortSignal.any([timer.signal, until]);
  const timeout = clock.sleep(JOIN_MS_MAX, stop).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([all.then(() => true), running.then(() => false), timeout]);
  } finally {
    timer.abort();
    until.throwIfAborted();
  }
}

/** The partitions that are ours, for as long as they are and the work goes on. */
class Held {
  readonly #total: number;
  readonly #owned = new Map<string, OwnedPartition>();
  readonly #all = new AbortController();
  readonly #finished = new AbortController();
  readonly #lost = new AbortController();
  #isWhole = false;

  constructor(total: number) {
    this.#total = total;
    this.#check();
  }

  get all(): Promise<void> {
    return untilAborted(this.#all.signal);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get hasOpenChunk(): boolean {
    return [...this.#owned.values()].some(
      ({ committed }) => (decodeIntent(committed?.intent ?? null)?.open ?? null) !== null,
    );
  }

  finish(): void {
    this.#finished.abort();
  }

  async hold(partition: OwnedPartition): Promise<void> {
    const name = `${partition.topic}/${partition.partition}`;
    this.#owned.set(name, partition);
    this.#check();
    await untilAborted(partition.signal);
    this.#owned.delete(name);
    if (!this.#isWhole) return;
    this.#lost.abort(new Error(`a worker has taken ${name}`));
    await untilAborted(this.#finished.signal);
  }

  #check(): void {
    if (this.#owned.size < this.#total) return;
    this.#isWhole = true;
    this.#all.abort();
  }
}
