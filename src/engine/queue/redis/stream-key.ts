/** Names of what atbd keeps in a Redis. A topic's name has no colon, so no two of them meet. */

/** Hash: topic → its identity and partition count. */
export const TOPICS_KEY = 'atbd:topics';

/** The stream that is a partition; what others add to it and read from it. */
export function streamKey(topic: string, partition: number): string {
  return `atbd:${topic}:${partition}`;
}

/** Hash of a partition: whether entries bring queue times of their own. */
export function metaKey(topic: string, partition: number): string {
  return `${streamKey(topic, partition)}:meta`;
}

/** Hash of a group's partition: owner and fence of the lease; position, intent and count of what was read. */
export function groupKey(topic: string, partition: number, groupId: string): string {
  return `${streamKey(topic, partition)}:group:${groupId}`;
}

/** What stands before and after the partition in `groupKey`, for scripts that go through all of them. */
export function aroundPartition(topic: string, groupId: string): readonly [string, string] {
  return [`atbd:${topic}:`, `:group:${groupId}`];
}

/** How far a producer has come in a partition; ends by itself. */
export function producerKey(topic: string, partition: number, producerId: string): string {
  return `${streamKey(topic, partition)}:producer:${producerId}`;
}

/** Set of the groups that ever held or committed a partition of a topic. */
export function groupsKey(topic: string): string {
  return `atbd:${topic}:groups`;
}

/** Sorted set of a group's members by when their session ends. */
export function membersKey(topic: string, groupId: string): string {
  return `atbd:${topic}:members:${groupId}`;
}
