import { AtbdError, type ErrorCode } from '../../model/error.js';

/** Kafka's error types that mean that somebody else owns the partition now. */
const FENCED = [
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
];
const FORBIDDEN = [
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
];

const HINTS: Partial<Record<ErrorCode, string>> = {
  QUEUE_UNREACHABLE: 'See whether the brokers are up and named right: atbd context show',
  PERMISSION_DENIED:
    'Look at user, password and rights: atbd context show, and the ACLs of the cluster',
  QUEUE_FENCED: 'Another member owns the partition now; nothing needs to be done.',
  TOPIC_NOT_FOUND: 'See its name, or make it: atbd ingest and the workers make theirs.',
  OFFSET_OUT_OF_RANGE: 'The queue has dropped these records already (retention).',
};

/** Kafka's own error type such as ILLEGAL_GENERATION, also of a cause that was wrapped by retries. */
export function kafkaErrorType(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('type' in at && typeof at.type === 'string') return at.type;
  }
  return undefined;
}

export function topicNotFound(topic: string, cause?: unknown): AtbdError {
  return new AtbdError({
    code: 'TOPIC_NOT_FOUND',
    message: `cannot find the topic ${JSON.stringify(topic)} in Kafka`,
    hint: 'Check its name; `atbd ingest` makes the topic it sends to.',
    cause,
  });
}

/** An error of kafkajs as one of ours. kafkajs puts no secret into its messages. */
export function toQueueError(error: unknown, doing: string): AtbdError {
  if (error instanceof AtbdError) return error;
  const code = codeOf(error);
  return new AtbdError({
    code,
    message: `cannot ${doing}`,
    hint: HINTS[code] ?? 'Try again; the broker says what is wrong.',
    cause: error,
  });
}

function codeOf(error: unknown): ErrorCode {
  const type = kafkaErrorType(error) ?? '';
  if (FENCED.includes(type)) return 'QUEUE_FENCED';
  if (FORBIDDEN.includes(type)) return 'PERMISSION_DENIED';
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'UNKNOWN_TOPIC_ID')
    return 'TOPIC_NOT_FOUND';
  if (type === 'OFFSET_OUT_OF_RANGE') return 'OFFSET_OUT_OF_RANGE';
  const names = namesOf(error);
  if (names.some((name) => name === 'KafkaJSSASLAuthenticationError')) return 'PERMISSION_DENIED';
  return names.some((name) => CONNECTION_ERRORS.includes(name))
    ? 'QUEUE_UNREACHABLE'
    : 'QUEUE_FAILED';
}

const CONNECTION_ERRORS = [
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'KafkaJSRequestTimeoutError',
  'KafkaJSGroupCoordinatorNotFound',
];

function namesOf(error: unknown): string[] {
  const names: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) names.push(at.name);
  return names;
}
