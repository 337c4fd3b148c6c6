import { AtbdError } from '../../model/error.js';
import type { GroupPosition } from '../../model/queue.js';
import type { LeaseRow, LogFile, MemberRow } from './log-file.js';
import type { PartitionId } from './partition-log.js';
import { nameOf } from '../held-partitions.js';
import { type LeasePlan, planLeases } from '../plan-leases.js';
import { isGone, type ProcessIdentity } from './process-identity.js';

/** A member of a group, as it presents itself. */
export interface GroupMember {
  readonly groupId: string;
  readonly memberId: string;
  readonly process: ProcessIdentity;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
}

/** A partition that a member holds; `fence` is its proof at every commit. */
export interface Lease extends PartitionId {
  readonly fence: number;
}

/** Heartbeats per session: two may be late before others take over. */
const HEARTBEATS_PER_SESSION = 3;

/** After every string that a member id can be; ends the search of a group's members. */
const AFTER_MEMBER_IDS = '\uffff';

/** Whether this member has something to write: a heartbeat, a death to record, or partitions to take. */
export function needsSync(file: LogFile, member: GroupMember, nowMs: number): boolean {
  const own = file.members.get([member.groupId, member.memberId]);
  const heartbeatMs = member.sessionTimeoutMs / HEARTBEATS_PER_SESSION;
  if (!own || own.expiresMs - nowMs < member.sessionTimeoutMs - heartbeatMs) return true;
  const { alive, dead } = membersOf(file, member, nowMs);
  return dead.length > 0 || planFor(file, member, alive).claims.length > 0;
}

/** Partitions that this member holds now, and those of them it should let go. */
export interface Assignment {
  readonly leases: readonly Lease[];
  readonly releases: ReadonlySet<string>;
}

/** Renews the member, removes dead ones and takes the partitions that are due. Within a write. */
export function syncMember(file: LogFile, member: GroupMember, nowMs: number): void {
  void file.members.put([member.groupId, member.memberId], {
    process: member.process,
    expiresMs: nowMs + member.sessionTimeoutMs,
    topics: member.topics,
  });
  const { alive, dead } = membersOf(file, member, nowMs);
  for (const memberId of dead) void file.members.remove([member.groupId, memberId]);
  const claims = new Set(planFor(file, member, alive).claims);
  for (const id of partitionsOf(file, member.topics)) {
    if (!claims.has(nameOf(id))) continue;
    const fence = (leaseOf(file, member.groupId, id)?.fence ?? 0) + 1;
    putLease(file, member.groupId, id, { memberId: member.memberId, fence });
  }
}

export function assignmentOf(file: LogFile, member: GroupMember, nowMs: number): Assignment {
  const leases: Lease[] = [];
  for (const id of partitionsOf(file, member.topics)) {
    const lease = leaseOf(file, member.groupId, id);
    if (lease?.memberId === member.memberId) leases.push({ ...id, fence: lease.fence });
  }
  const { alive } = membersOf(file, member, nowMs);
  return { leases, releases: new Set(planFor(file, member, alive).releases) };
}

/** Lets go of a partition, if it is still held. Within a write. */
export function releaseLease(file: LogFile, member: GroupMember, lease: Lease): void {
  const row = leaseOf(file, member.groupId, lease);
  if (row?.fence !== lease.fence || row.memberId !== member.memberId) return;
  putLease(file, member.groupId, lease, { memberId: null, fence: row.fence });
}

/** Ends the membership. Within a write, after the leases are released. */
export function leaveGroup(file: LogFile, member: GroupMember): void {
  void file.members.remove([member.groupId, member.memberId]);
}

/** Stores position and intent if the lease still holds. Within a write. */
export function commitPosition(
  file: LogFile,
  { member, lease, position }: { member: GroupMember; lease: Lease; position: GroupPosition },
): void {
  const row = leaseOf(file, member.groupId, lease);
  if (row?.fence !== lease.fence || row.memberId !== member.memberId) {
    throw new AtbdError({
      code: 'QUEUE_FENCED',
      message: `cannot commit ${lease.topic}/${lease.partition} for group ${member.groupId}: another member owns it now`,
      hint: 'This member was silent for longer than its session timeout; the new owner goes on from the last commit.',
    });
  }
  void file.positions.put([member.groupId, lease.topicId, lease.partition], {
    position: Number(position.position),
    intent: position.intent,
  });
}

export function positionOf(file: LogFile, groupId: string, id: PartitionId): GroupPosition | null {
  const row = file.positions.get([groupId, id.topicId, id.partition]);
  return row ? { position: BigInt(row.position), intent: row.intent } : null;
}

function planFor(file: LogFile, member: GroupMember, alive: ReadonlySet<string>): LeasePlan {
  const partitions = partitionsOf(file, member.topics).map((id) => {
    const owner = leaseOf(file, member.groupId, id)?.memberId ?? null;
    return { name: nameOf(id), memberId: owner !== null && alive.has(owner) ? owner : null };
  });
  return planLeases(member.memberId, [...alive], partitions);
}

function membersOf(file: LogFile, member: GroupMember, nowMs: number) {
  const alive = new Set([member.memberId]);
  const dead: string[] = [];
  const range = file.members.getRange({
    start: [member.groupId, ''],
    end: [member.groupId, AFTER_MEMBER_IDS],
  });
  for (const { key, value } of range) {
    const [, memberId] = key;
    if (memberId === member.memberId) continue;
    if (isDead(value, member.process, nowMs)) dead.push(memberId);
    else if (sharesTopics(value, member)) alive.add(memberId);
  }
  return { alive, dead };
}

function isDead(row: MemberRow, self: ProcessIdentity, nowMs: number): boolean {
  return row.expiresMs <= nowMs || isGone(row.process, self);
}

function sharesTopics(row: MemberRow, member: GroupMember): boolean {
  return row.topics.some((topic) => member.topics.includes(topic));
}

function partitionsOf(file: LogFile, topics: readonly string[]): PartitionId[] {
  return topics.flatMap((topic) => {
    const row = file.topics.get(topic);
    if (!row) return [];
    return Array.from({ length: row.partitionCount }, (_, partition) => ({
      topic,
      topicId: row.id,
      partition,
    }));
  });
}

function leaseOf(file: LogFile, groupId: string, id: PartitionId): LeaseRow | undefined {
  return file.leases.get([groupId, id.topicId, id.partition]);
}

function putLease(file: LogFile, groupId: string, id: PartitionId, row: LeaseRow): void {
  void file.leases.put([groupId, id.topicId, id.partition], row);
}
