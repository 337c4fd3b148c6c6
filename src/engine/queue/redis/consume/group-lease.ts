import { AtbdError } from '../../../model/error.js';
import type { GroupPosition } from '../../../model/queue.js';
import { type LeasePlan, planLeases } from '../../plan-leases.js';
import { idOfOffset } from '../entry-id.js';
import type { RedisLink, Reply } from '../link/redis-link.js';
import { COMMIT } from '../script/commit.js';
import { CLAIM, KEEP_SESSION, RELEASE } from '../script/lease.js';
import { toStreamFacts } from '../script/stream-facts.js';
import {
  aroundPartition,
  groupKey,
  groupsKey,
  membersKey,
  streamKey,
  TOPICS_KEY,
} from '../stream-key.js';
import { toTopicRow } from '../topic-row.js';
import type { ClaimedState } from './redis-partition.js';

/** A member of a group, as it presents itself. */
export interface GroupMember {
  readonly groupId: string;
  readonly memberId: string;
  readonly sessionTimeoutMs: number;
}

/** A partition that a member holds; `fence` is its proof at every commit. */
export interface Lease {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly fence: string;
}

/** What a member should do in a topic now. */
export interface TopicAssignment {
  readonly topicId: string;
  readonly held: readonly Lease[];
  readonly claims: readonly number[];
  readonly releases: ReadonlySet<number>;
}

/** Gives a sign of life and says what is due; undefined when there is no such topic. */
export async function keepSession(
  link: RedisLink,
  member: GroupMember,
  topic: string,
): Promise<TopicAssignment | undefined> {
  const { groupId, memberId, sessionTimeoutMs } = member;
  const input = {
    keys: [TOPICS_KEY, membersKey(topic, groupId)],
    args: [topic, memberId, String(sessionTimeoutMs), ...aroundPartition(topic, groupId)],
  };
  const reply = await link.scriptOnce(KEEP_SESSION, input, `stay in the group ${groupId}`);
  if (reply === null) return undefined;
  const [row = null, members, leases] = reply as readonly Reply[];
  const { id: topicId } = toTopicRow(row);
  const rows = (leases as readonly (readonly Reply[])[]).map(([owner, fence], partition) => ({
    partition,
    owner: String(owner),
    fence: String(fence),
  }));
  const alive = (members as readonly Reply[]).map(String);
  const plan = planFor(memberId, alive, rows);
  return {
    topicId,
    held: rows
      .filter(({ owner }) => owner === memberId)
      .map(({ partition, fence }) => ({ topic, topicId, partition, fence })),
    claims: plan.claims.map(Number),
    releases: new Set(plan.releases.map(Number)),
  };
}

function planFor(
  memberId: string,
  alive: readonly string[],
  rows: readonly { readonly partition: number; readonly owner: string }[],
): LeasePlan {
  const partitions = rows.map(({ partition, owner }) => ({
    name: String(partition),
    memberId: alive.includes(owner) ? owner : null,
  }));
  return planLeases(memberId, alive, partitions);
}

/** Takes a partition; undefined when somebody else was faster. */
export async function claim(
  link: RedisLink,
  member: GroupMember,
  at: Omit<Lease, 'fence'>,
): Promise<{ readonly lease: Lease; readonly state: ClaimedState } | undefined> {
  const { topic, topicId, partition } = at;
  const { groupId, memberId } = member;
  const input = {
    keys: [
      TOPICS_KEY,
      membersKey(topic, groupId),
      groupKey(topic, partition, groupId),
      streamKey(topic, partition),
      groupsKey(topic),
    ],
    args: [topic, topicId, memberId, groupId],
  };
  const reply = await link.scriptOnce(CLAIM, input, `take ${topic}/${partition}`);
  if (reply === null) return undefined;
  const [fence, position, intent, read, facts = null] = reply as readonly Reply[];
  const committed = toGroupPosition(position, intent);
  const readCount = read === null ? null : Number(read);
  const state = { committed, readCount, facts: toStreamFacts(facts) };
  return { lease: { ...at, fence: String(fence) }, state };
}

export async function release(link: RedisLink, member: GroupMember, lease: Lease): Promise<void> {
  const { topic, partition, fence } = lease;
  const input = {
    keys: [groupKey(topic, partition, member.groupId)],
    args: [member.memberId, fence],
  };
  await link.script(RELEASE, input, `let go of ${topic}/${partition}`);
}

/** Stores position and intent if the lease still holds; rejects with QUEUE_FENCED. */
export async function commitUnder(
  {
    link,
    member,
    lease,
  }: { readonly link: RedisLink; readonly member: GroupMember; readonly lease: Lease },
  { position, intent }: GroupPosition,
  readCount: number | null,
): Promise<void> {
  const { topic, topicId, partition, fence } = lease;
  const { groupId, memberId } = member;
  const input = {
    keys: [TOPICS_KEY, groupKey(topic, partition, groupId), streamKey(topic, partition)],
    args: [
      ...[topic, topicId, memberId, fence, position.toString()],
      ...(intent === null ? ['0', ''] : ['1', intent]),
      readCount === null ? '' : String(readCount),
      position === 0n ? '0-0' : idOfOffset(position - 1n),
      groupId,
    ],
  };
  const outcome = await link.script(COMMIT, input, `commit ${topic}/${partition}`);
  if (String(outcome) === 'stored') return;
  throw new AtbdError({
    code: 'QUEUE_FENCED',
    message: `cannot commit ${topic}/${partition} for group ${groupId}: another member owns it now`,
    hint: 'This member was silent for longer than its session timeout; the new owner goes on from the last commit.',
  });
}

export function toGroupPosition(
  position: Reply | undefined,
  intent: Reply | undefined,
): GroupPosition | null {
  if (position === null || position === undefined) return null;
  const text = intent === null || intent === undefined ? null : String(intent);
  return { position: BigInt(String(position)), intent: text };
}
