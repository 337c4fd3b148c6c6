import { createTopicMappers } from '../../../engine/edge/topic/topic-mapper.js';
import type { TopicSpec } from '../../../engine/edge/topic/topic-spec.js';
import type { QueueRecord } from '../../../engine/model/queue-record.js';
import type { TailRecord } from '../../../engine/tail/read-event.js';

/** Reads the records of a topic that the context describes as the ingest worker does; undefined for our own format. */
export function createReadTopic(
  topic: string,
  topics: readonly TopicSpec[],
): ((record: QueueRecord) => readonly TailRecord[]) | undefined {
  const map = createTopicMappers(topics).get(topic);
  if (map === undefined) return undefined;
  return (record) => {
    const mapped = map(record);
    if (mapped.kind === 'deadLetter') return [mapped];
    return mapped.values.map((value) => {
      const event = JSON.parse(value.toString('utf8')) as Readonly<Record<string, unknown>>;
      return { kind: 'event', event };
    });
  };
}
