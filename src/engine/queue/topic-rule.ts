import { AtbdError } from '../model/error.js';

/** Kafka's own bound on partitions of a sensible topic is near; a queue of our own asks each of them at every look. */
const PARTITION_COUNT_MAX = 1024;

/** Kafka's rule for topic names, so that a name works on every queue. */
const TOPIC_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/;

/** Rejects with USAGE_INVALID a name or a partition count that not every queue would take. */
export function checkNewTopic(name: string, partitionCount: number): void {
  if (!TOPIC_NAME.test(name))
    throw invalidTopic(name, 'its name has other than A-Z a-z 0-9 . _ -, or over 249 of them');
  if (
    !Number.isInteger(partitionCount) ||
    partitionCount < 1 ||
    partitionCount > PARTITION_COUNT_MAX
  ) {
    throw invalidTopic(
      name,
      `${partitionCount} is not a partition count from 1 to ${PARTITION_COUNT_MAX}`,
    );
  }
}

function invalidTopic(name: string, what: string): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot make topic ${JSON.stringify(name)}: ${what}`,
    hint: 'Choose a name and a partition count that Kafka would take too.',
  });
}
