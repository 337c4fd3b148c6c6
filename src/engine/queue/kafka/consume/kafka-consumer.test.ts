import kafkajs from 'kafkajs';
import { expect, it } from 'vitest';
import { AtbdError, type ErrorCode } from '../../../model/error.js';
import type { Broker, Cluster } from '../kafka-internals.js';
import { KafkaConsumer } from './kafka-consumer.js';

const { AssignerProtocol } = kafkajs;
const TOPIC = 'events';

/** A coordinator that gives partition 0 to whoever comes. */
function clusterOfOne(): Cluster {
  const coordinator = {
    joinGroup: () =>
      Promise.resolve({ generationId: 1, memberId: 'm', leaderId: 'other', members: [] }),
    syncGroup: () =>
      Promise.resolve({
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: 1,
          assignment: { [TOPIC]: [0] },
          userData: Buffer.alloc(0),
        }),
      }),
    heartbeat: () => Promise.resolve(),
    leaveGroup: () => Promise.resolve(),
  } as unknown as Broker;
  return {
    connect: () => Promise.resolve(),
    addMultipleTargetTopics: () => Promise.resolve(),
    findGroupCoordinator: () => Promise.resolve(coordinator),
  } as unknown as Cluster;
}

/** A member whose question for the group's positions fails once, as when the broker that is asked has just died. */
function consumerThatFailsOnce(code: ErrorCode): KafkaConsumer {
  let questionCount = 0;
  return new KafkaConsumer({
    groupId: 'group',
    topics: [TOPIC],
    sessionTimeoutMs: 1_000,
    rebalanceTimeoutMs: 1_000,
    readBytesMax: 1,
    control: clusterOfOne(),
    data: clusterOfOne(),
    clock: { nowMs: () => 0, sleep: () => new Promise(setImmediate) },
    facts: {
      outline: () => Promise.resolve('one partition'),
      describe: () =>
        Promise.resolve({ identity: 'i', ranges: [{ partition: 0, start: 0n, end: 0n }] }),
      positions: () => {
        questionCount += 1;
        if (questionCount > 1) return Promise.resolve(new Map());
        return Promise.reject(new AtbdError({ code, message: 'cannot ask', hint: 'none' }));
      },
    },
  });
}

it('joins again when a broker dies while it finds out where the group is', async () => {
  const stop = new AbortController();
  const owned: number[] = [];
  await consumerThatFailsOnce('QUEUE_UNREACHABLE').run((partition) => {
    owned.push(partition.partition);
    partition.pause();
    stop.abort();
    return Promise.resolve();
  }, stop.signal);
  expect(owned).toEqual([0]);
});

it('ends with an error that waiting does not heal', async () => {
  const running = consumerThatFailsOnce('PERMISSION_DENIED').run(
    () => Promise.resolve(),
    new AbortController().signal,
  );
  await expect(running).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
});
