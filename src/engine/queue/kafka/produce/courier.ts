import type { Clock } from '../../../model/clock.js';
import { topicNotFound } from '../kafka-error.js';
import type { BrokerLink } from './broker-link.js';
import { PartitionLane, type ProducerIdentity } from './partition-lane.js';
import { backoffMs, type Patience } from './patience.js';
import type { PendingBatch } from './pending-batch.js';
import { type Outcome, outcomeOf, recordTooLarge, sendFailed } from './produce-outcome.js';

/** One request holds at most this much, or a single larger batch: far below a broker's default limit of 100 MiB. */
const REQUEST_BYTES_MAX = 8 * 1024 * 1024;

export interface CourierOptions {
  readonly link: BrokerLink;
  /** For all partitions, until a broker loses count. */
  readonly identity: ProducerIdentity;
  readonly clock: Clock;
  readonly patience: Patience;
}

/**
 * Brings batches to the leaders of their partitions: one request at a time to each, with the next batch of every
 * partition it leads, and again until it is known what became of them. Batches of a partition arrive once and in order.
 */
export class Courier {
  readonly #options: CourierOptions;
  /** By topic and partition; who was served last is last. */
  readonly #lanes = new Map<string, PartitionLane>();
  readonly #busyLeaders = new Set<string>();

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  /** The batch waits for `dispatch`. */
  add(topic: string, partition: number, batch: PendingBatch): void {
    const name = nameOf({ topic, partition });
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = new PartitionLane(topic, partition, this.#options.identity);
      this.#lanes.set(name, lane);
    }
    lane.add(batch);
  }

  /** Sends what can be sent now; the rest follows by itself. */
  dispatch(): void {
    for (const [leader, lanes] of this.#readyByLeader()) {
      if (this.#busyLeaders.has(leader)) continue;
      this.#busyLeaders.add(leader);
      void this.#deliver(leader, lanes);
    }
  }

  #readyByLeader(): Map<string, PartitionLane[]> {
    const { link } = this.#options;
    const ready = new Map<string, PartitionLane[]>();
    const stuck: PartitionLane[] = [];
    for (const lane of this.#lanes.values()) {
      if (!lane.isReady) continue;
      const leader = lane.hasIdentity ? link.leaderOf(lane.topic, lane.partition) : undefined;
      if (leader === undefined) stuck.push(lane);
      else ready.set(leader, [...(ready.get(leader) ?? []), lane]);
    }
    const mayRetry = (lane: PartitionLane): boolean =>
      this.#mayRetry(lane, { error: lane.trouble ?? NO_LEADER, isUnknownTopic: false });
    this.#retry(stuck.filter(mayRetry));
    return ready;
  }

  async #deliver(leader: string, lanes: readonly PartitionLane[]): Promise<void> {
    const taken = this.#fitting(lanes);
    const batches = taken.map((lane) => ({
      topic: lane.topic,
      partition: lane.partition,
      bytes: lane.take(),
    }));
    const outcomes = await this.#produce(leader, batches);
    this.#busyLeaders.delete(leader);
    this.#retry(
      taken.filter((lane) => this.#settle(lane, outcomes.get(nameOf(lane)) ?? UNANSWERED)),
    );
    this.dispatch();
  }

  /** As many as fit into a request, and those in turn. */
  #fitting(lanes: readonly PartitionLane[]): PartitionLane[] {
    const fitting: PartitionLane[] = [];
    let bytes = 0;
    for (const lane of lanes) {
      bytes += lane.headBytes;
      if (bytes > REQUEST_BYTES_MAX && fitting.length > 0) break;
      fitting.push(lane);
      const name = nameOf(lane);
      this.#lanes.delete(name);
      this.#lanes.set(name, lane);
    }
    return fitting;
  }

  async #produce(
    leader: string,
    batches: Parameters<BrokerLink['produce']>[1],
  ): Promise<ReadonlyMap<string, Outcome>> {
    try {
      const answers = await this.#options.link.produce(leader, batches);
      return new Map(answers.map((answer) => [nameOf(answer), outcomeOf(answer)]));
    } catch (error) {
      const outcome: Outcome = { kind: 'again', error, isUnknownTopic: false };
      return new Map(batches.map((batch) => [nameOf(batch), outcome]));
    }
  }

  /** Returns whether the lane must be tried again after a rest. */
  #settle(lane: PartitionLane, outcome: Outcome): boolean {
    switch (outcome.kind) {
      case 'done':
        lane.done();
        return false;
      case 'again':
        return this.#mayRetry(lane, outcome);
      case 'again-anew':
        lane.forget();
        return this.#mayRetry(lane, { error: outcome.error, isUnknownTopic: false });
      case 'too-large':
        if (lane.headRecordCount > 1) lane.split();
        else lane.fail(recordTooLarge(lane.topic, lane.headBytes, outcome.error));
        return false;
      case 'refused':
        lane.fail(sendFailed(lane.topic, outcome.error));
        return false;
    }
  }

  /** Gives up the head when nothing came through for too long. */
  #mayRetry(lane: PartitionLane, { error, isUnknownTopic }: Trouble): boolean {
    const { clock, link, patience } = this.#options;
    const failingMs = lane.failingMs(clock.nowMs(), error);
    // However long the lane fails, each batch is tried again: the brokers may be back.
    if (lane.attempts === 0 || !patience.isOver({ failingMs, isUnknownTopic })) return true;
    if (isUnknownTopic) link.forget(lane.topic);
    lane.fail(isUnknownTopic ? topicNotFound(lane.topic, error) : sendFailed(lane.topic, error));
    return false;
  }

  #retry(lanes: readonly PartitionLane[]): void {
    if (lanes.length === 0) return;
    for (const lane of lanes) lane.rest();
    void this.#recover(lanes);
  }

  /** After a rest: who leads what, and a new number for whom a broker does not know any more. */
  async #recover(lanes: readonly PartitionLane[]): Promise<void> {
    const { clock, link } = this.#options;
    const attempts = Math.min(...lanes.map((lane) => lane.attempts));
    await clock.sleep(backoffMs(attempts));
    // What fails here shows again in the next attempt.
    await link.refresh().catch(() => undefined);
    const stuck: PartitionLane[] = [];
    for (const lane of lanes) {
      const error = lane.hasIdentity ? undefined : await this.#identify(lane);
      if (error === undefined) lane.wake();
      else if (this.#mayRetry(lane, { error, isUnknownTopic: false })) stuck.push(lane);
    }
    this.#retry(stuck);
    this.dispatch();
  }

  /** Returns what stood in the way. */
  async #identify(lane: PartitionLane): Promise<unknown> {
    try {
      lane.begin(await this.#options.link.newIdentity());
      return undefined;
    } catch (error) {
      return error;
    }
  }
}

interface Trouble {
  readonly error: unknown;
  readonly isUnknownTopic: boolean;
}

const NO_LEADER = new Error('the partition has no leader now');

const UNANSWERED: Outcome = {
  kind: 'again',
  error: new Error('the broker did not say what became of the batch'),
  isUnknownTopic: false,
};

function nameOf({
  topic,
  partition,
}: {
  readonly topic: string;
  readonly partition: number;
}): string {
  return `${topic}/${partition}`;
}
