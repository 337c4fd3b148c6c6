import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../model/clock.js';
import { AtbdError } from '../../../model/error.js';
import type { OwnedPartition, PartitionRange, QueueConsumer } from '../../../model/queue.js';
import { beginsAnew } from '../../begins-anew.js';
import { type Assignment, type GroupOptions, joinGroup } from './group-member.js';
import { kafkaErrorType, toQueueError } from '../kafka-error.js';
import type { Cluster } from '../kafka-internals.js';
import { KafkaPartition } from './kafka-partition.js';
import { fetchRound } from './partition-fetcher.js';
import { untilAborted } from '../../../model/until-aborted.js';

/** What the consumer asks the queue for, about topics it is assigned. */
export interface TopicFacts {
  describe(topic: string): Promise<{ identity: string; ranges: readonly PartitionRange[] }>;
  /** Changes when the topic gets partitions, or is made again; undefined while there is none. */
  outline(topic: string): Promise<string | undefined>;
  positions(
    groupId: string,
    topic: string,
  ): Promise<ReadonlyMap<number, { position: bigint; intent: string | null }>>;
}

export interface KafkaConsumerOptions extends GroupOptions {
  /** Coordination and fetching have connections of their own: a broker answers a connection's requests one by one. */
  readonly control: Cluster;
  readonly data: Cluster;
  readonly facts: TopicFacts;
  readonly clock: Clock;
  readonly readBytesMax: number;
}

/** The broker waits this long for enough bytes: what it adds to freshness at low rates. */
const FETCH_WAIT_MS = 100;
const FETCH_BYTES_MIN = 64 * 1024;

/** Heartbeats come this many times in a session timeout. */
const HEARTBEATS_A_SESSION = 4;

/** How often the leader looks whether the topics are as they were: Kafka does not say so by itself. */
const TOPIC_LOOK_MS = 3_000;

/** Before another attempt to join, fetch or find the coordinator. */
const RETRY_MS = 250;

/** The membership is over, and a new one is to be sought. */
const REJOIN = [
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
];

/**
 * A member of a Kafka consumer group (eager rebalancing). Each assignment carries its own generation,
 * so that the broker itself refuses the commit of a handler that outlived it.
 */
export class KafkaConsumer implements QueueConsumer {
  readonly #options: KafkaConsumerOptions;
  #memberId = '';
  #wasMember = false;

  constructor(options: KafkaConsumerOptions) {
    this.#options = options;
  }

  async run(
    onPartition: (partition: OwnedPartition) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const { control, data, topics } = this.#options;
    try {
      await Promise.all([control.connect(), data.connect()]);
      await Promise.all([
        control.addMultipleTargetTopics(topics),
        data.addMultipleTargetTopics(topics),
      ]);
    } catch (cause) {
      throw toQueueError(cause, 'connect to Kafka');
    }
    while (!signal.aborted) {
      // Before the join, so that what changes after it is noticed.
      const outlines = await this.#outlines().catch(() => undefined);
      const assignment = await this.#join(signal);
      if (assignment === undefined) continue;
      await this.#live({ ...assignment, outlines }, onPartition, signal);
    }
    await this.#leave();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#options.control.disconnect(), this.#options.data.disconnect()]);
  }

  /** undefined: not yet, try again. Rejects when it will never be. */
  async #join(signal: AbortSignal): Promise<Assignment | undefined> {
    try {
      const assignment = await joinGroup(this.#options.control, this.#options, this.#memberId);
      this.#memberId = assignment.memberId;
      return assignment;
    } catch (cause) {
      const type = kafkaErrorType(cause);
      if (type === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
      const error = toQueueError(cause, `join the group ${this.#options.groupId}`);
      if (!REJOIN.includes(type ?? '') && !this.#isPassing(error)) throw error;
      await this.#options.clock.sleep(RETRY_MS, signal).catch(() => undefined);
      return undefined;
    }
  }

  /** One generation: until a rebalance, the end, or a failure of `onPartition`, which is thrown. */
  async #live(
    assignment: Generation,
    onPartition: (partition: OwnedPartition) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const over = new AbortController();
    // Every partition listens to it, and so does what each waits for.
    setMaxListeners(0, over.signal);
    const stop = (): void => {
      over.abort(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const failures: unknown[] = [];
    const fail = (error: unknown): void => {
      if (!beginsAnew(error)) failures.push(error);
      over.abort(error);
    };
    const isDone = new AbortController();
    const heartbeats = this.#heartbeat(assignment, over, isDone.signal);
    const looks = this.#watchTopics(assignment, over, isDone.signal);
    try {
      const room = new Room();
      const partitions = await this.#open(assignment, over.signal, () => {
        room.open();
      });
      this.#wasMember = true;
      const handlers = partitions.map((partition) =>
        onPartition(partition).catch((error: unknown) => {
          if (!over.signal.aborted) fail(error);
        }),
      );
      const fetching = this.#fetchUntil(over.signal, partitions, room).catch(fail);
      await untilAborted(over.signal);
      // Work in flight is finished, or given up, before we come back to the group.
      await this.#finish(handlers);
      room.open();
      await fetching;
    } catch (error) {
      over.abort(error);
      const isOver = REJOIN.includes(kafkaErrorType(error) ?? '') || this.#isPassing(error);
      if (!isOver) failures.push(error);
    } finally {
      signal.removeEventListener('abort', stop);
      isDone.abort();
      await Promise.all([heartbeats, looks]);
    }
    if (this.#isPassing(over.signal.reason))
      await this.#options.clock.sleep(RETRY_MS, signal).catch(() => undefined);
    if (failures.length > 0) {
      await this.#leave();
      throw failures[0] instanceof Error ? failures[0] : new Error(String(failures[0]));
    }
  }

  /** Waits for the handlers, a session long at most: one that hangs must not keep the group waiting. */
  async #finish(handlers: readonly Promise<void>[]): Promise<void> {
    const patience = new AbortController();
    const tired = this.#options.clock
      .sleep(this.#options.sessionTimeoutMs, patience.signal)
      .catch(() => undefined);
    await Promise.race([Promise.all(handlers), tired]);
    patience.abort(new Error('the handlers are done'));
  }

  async #open(
    assignment: Assignment,
    signal: AbortSignal,
    onRoom: () => void,
  ): Promise<KafkaPartition[]> {
    const { facts, groupId, readBytesMax } = this.#options;
    const topics = [...new Set(assignment.partitions.map(({ topic }) => topic))];
    const known = await Promise.all(
      topics.map(async (topic) => {
        const [{ identity, ranges }, positions] = await Promise.all([
          facts.describe(topic),
          facts.positions(groupId, topic),
        ]);
        return { topic, identity, ranges, positions };
      }),
    );
    return known.flatMap(({ topic, identity, ranges, positions }) =>
      ranges
        .filter(({ partition }) =>
          assignment.partitions.some(
            (owned) => owned.topic === topic && owned.partition === partition,
          ),
        )
        .map(
          (range) =>
            new KafkaPartition({
              topic,
              partition: range.partition,
              topicIdentity: identity,
              committed: positions.get(range.partition) ?? null,
              range,
              signal,
              bufferBytesMax: readBytesMax,
              commit: ({ position, intent }) =>
                commitUnder(assignment, groupId, {
                  topic,
                  partition: range.partition,
                  position,
                  intent,
                }),
              onRoom,
            }),
        ),
    );
  }

  async #fetchUntil(
    signal: AbortSignal,
    partitions: readonly KafkaPartition[],
    room: Room,
  ): Promise<void> {
    const { data, clock, readBytesMax } = this.#options;
    const options = {
      waitMs: FETCH_WAIT_MS,
      bytesMin: FETCH_BYTES_MIN,
      partitionBytesMax: readBytesMax,
    };
    while (!signal.aborted) {
      try {
        const hadWishes = await fetchRound(data, partitions, options);
        if (!hadWishes) await room.opened(signal);
      } catch (cause) {
        const error = toQueueError(cause, 'fetch from Kafka');
        if (!error.isRetryable || error.code === 'QUEUE_FENCED') throw error;
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
        await data.refreshMetadata().catch(() => undefined);
      }
    }
  }

  /** Tells the coordinator that we live, and learns from it that the generation is over. */
  async #heartbeat(
    { coordinator, generationId, memberId }: Assignment,
    over: AbortController,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, groupId, sessionTimeoutMs } = this.#options;
    let lastAnswerMs = clock.nowMs();
    while (!signal.aborted) {
      await clock.sleep(sessionTimeoutMs / HEARTBEATS_A_SESSION, signal).catch(() => undefined);
      if (isAborted(signal)) return;
      try {
        await coordinator.heartbeat({ groupId, memberId, groupGenerationId: generationId });
        lastAnswerMs = clock.nowMs();
      } catch (error) {
        const type = kafkaErrorType(error) ?? '';
        if (type === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
        const isLost = REJOIN.includes(type) || clock.nowMs() - lastAnswerMs > sessionTimeoutMs;
        if (isLost && !over.signal.aborted) over.abort(toQueueError(error, 'stay in the group'));
      }
    }
  }

  /** Ends the generation when a topic has got partitions or was made again; the leader's next join brings all members to it. */
  async #watchTopics(
    { isLeader, outlines }: Generation,
    over: AbortController,
    signal: AbortSignal,
  ): Promise<void> {
    while (isLeader && !isAborted(signal)) {
      await this.#options.clock.sleep(TOPIC_LOOK_MS, signal).catch(() => undefined);
      if (isAborted(signal)) return;
      const now = await this.#outlines().catch(() => undefined);
      if (now !== undefined && now !== outlines && !over.signal.aborted) {
        over.abort(new Error('the topics are others than they were'));
      }
    }
  }

  async #outlines(): Promise<string> {
    const { facts, topics } = this.#options;
    return JSON.stringify(await Promise.all(topics.map((topic) => facts.outline(topic))));
  }

  /** What a member waits for: brokers come back, topics are made again, a log has a beginning. At the start a failure that may last is said at once. */
  #isPassing(error: unknown): boolean {
    if (beginsAnew(error)) return true;
    if (!(error instanceof AtbdError)) return false;
    return error.code === 'QUEUE_UNREACHABLE' || (this.#wasMember && error.isRetryable);
  }

  async #leave(): Promise<void> {
    if (this.#memberId === '') return;
    const { control, groupId } = this.#options;
    const memberId = this.#memberId;
    this.#memberId = '';
    // Without our word the group notices after the session timeout.
    await control
      .findGroupCoordinator({ groupId })
      .then((coordinator) => coordinator.leaveGroup({ groupId, memberId }))
      .catch(() => undefined);
  }
}

/** What was known of the topics before it began; undefined when nothing was. */
type Generation = Assignment & { readonly outlines: string | undefined };

async function commitUnder(
  { coordinator, generationId, memberId }: Assignment,
  groupId: string,
  at: { topic: string; partition: number; position: bigint; intent: string | null },
): Promise<void> {
  await coordinator.offsetCommit({
    groupId,
    groupGenerationId: generationId,
    memberId,
    topics: [
      {
        topic: at.topic,
        partitions: [
          { partition: at.partition, offset: at.position.toString(), metadata: at.intent ?? '' },
        ],
      },
    ],
  });
}

/** Lets the fetcher sleep until a partition has room. */
class Room {
  #wake: () => void = () => undefined;
  #isOpen = false;

  open(): void {
    this.#isOpen = true;
    this.#wake();
  }

  async opened(signal: AbortSignal): Promise<void> {
    if (!this.#isOpen && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener(
          'abort',
          () => {
            resolve();
          },
          { once: true },
        );
      });
    }
    this.#isOpen = false;
  }
}

/** A function, because the compiler believes that the signal is what it was before the await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
