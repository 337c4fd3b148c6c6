import kafkajs from 'kafkajs';
import type { Broker, Cluster, JoinedGroup } from '../kafka-internals.js';

// kafkajs is CommonJS, and Node does not see all of its names.
const { AssignerProtocol } = kafkajs;

/** One membership: what it was given, under which generation. */
export interface Assignment {
  readonly coordinator: Broker;
  readonly generationId: number;
  readonly memberId: string;
  /** It says who gets what; when it joins again, all do. */
  readonly isLeader: boolean;
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
}

export interface GroupOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
}

/** Name and version that the members of our groups agree on. */
const PROTOCOL_NAME = 'atbd-round-robin';
const PROTOCOL_VERSION = 1;

/**
 * Joins (or rejoins, with the member id of before) and takes what the leader assigns; when we are
 * the leader, we assign. Rejects with Kafka's own errors: a rebalance in between is one of them.
 */
export async function joinGroup(
  cluster: Cluster,
  options: GroupOptions,
  memberId: string,
): Promise<Assignment> {
  const { groupId, topics, sessionTimeoutMs, rebalanceTimeoutMs } = options;
  const coordinator = await cluster.findGroupCoordinator({ groupId });
  const joined = await coordinator.joinGroup({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: rebalanceTimeoutMs,
    memberId,
    groupProtocols: [
      {
        name: PROTOCOL_NAME,
        metadata: AssignerProtocol.MemberMetadata.encode({
          version: PROTOCOL_VERSION,
          topics: [...topics],
          userData: Buffer.alloc(0),
        }),
      },
    ],
  });
  const isLeader = joined.leaderId === joined.memberId;
  if (isLeader) await cluster.refreshMetadata();
  const { memberAssignment } = await coordinator.syncGroup({
    groupId,
    generationId: joined.generationId,
    memberId: joined.memberId,
    groupAssignment: isLeader ? assign(cluster, joined, topics) : [],
  });
  const decoded = AssignerProtocol.MemberAssignment.decode(memberAssignment);
  return {
    coordinator,
    generationId: joined.generationId,
    memberId: joined.memberId,
    isLeader,
    partitions: Object.entries(decoded?.assignment ?? {}).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    ),
  };
}

/** Every partition to one member in turn, sorted: the same members and partitions give the same assignment. */
function assign(
  cluster: Cluster,
  { members }: JoinedGroup,
  topics: readonly string[],
): { memberId: string; memberAssignment: Buffer }[] {
  const memberIds = members.map(({ memberId }) => memberId).sort();
  const all = [...topics].sort().flatMap((topic) =>
    cluster
      .findTopicPartitionMetadata(topic)
      .map(({ partitionId }) => ({ topic, partition: partitionId }))
      .sort((a, b) => a.partition - b.partition),
  );
  return memberIds.map((memberId, index) => {
    const assignment: Record<string, number[]> = {};
    for (const [at, { topic, partition }] of all.entries()) {
      if (at % memberIds.length === index) (assignment[topic] ??= []).push(partition);
    }
    const memberAssignment = AssignerProtocol.MemberAssignment.encode({
      version: PROTOCOL_VERSION,
      assignment,
      userData: Buffer.alloc(0),
    });
    return { memberId, memberAssignment };
  });
}
