import { topicNotFound } from './link/redis-error.js';
import type { RedisLink, Reply } from './link/redis-link.js';
import { TOPICS_KEY } from './stream-key.js';

/** A topic as the hash of topics has it: `<identity> <partition count>`. */
export interface TopicRow {
  readonly id: string;
  readonly partitionCount: number;
}

export function toTopicRow(reply: Reply): TopicRow {
  const [id = '', partitionCount = ''] = String(reply).split(' ');
  return { id, partitionCount: Number(partitionCount) };
}

/** Rejects with TOPIC_NOT_FOUND. */
export async function readTopicRow(link: RedisLink, topic: string): Promise<TopicRow> {
  const reply = await link.command(['HGET', TOPICS_KEY, topic], `find the topic ${topic}`);
  if (reply === null) throw topicNotFound(topic);
  return toTopicRow(reply);
}
