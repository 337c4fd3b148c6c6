import { AtbdError } from '../../../model/error.js';
import { toQueueError } from '../kafka-error.js';
import { kafkaError } from '../kafka-internals.js';
import type { ProducedPartition } from './produce-request.js';

/** What is to be done with a batch after an answer, or after none. */
export type Outcome =
  | { readonly kind: 'done' }
  /** The same batch again, by the same seal: a broker that has it already says so. */
  | { readonly kind: 'again'; readonly error: unknown; readonly isUnknownTopic: boolean }
  /**
   * The broker has lost count of us: again, as a producer with a new number. It does not have the batch: that would be the
   * last one of ours, since one is on its way at a time, and the last five are known to it.
   */
  | { readonly kind: 'again-anew'; readonly error: unknown }
  /** The batch is larger than the topic takes, and may be sent in parts. */
  | { readonly kind: 'too-large'; readonly error: unknown }
  | { readonly kind: 'refused'; readonly error: unknown };

/** Kafka's numbers of what it says about a batch: https://kafka.apache.org/protocol#protocol_error_codes */
const NONE = 0;
const DUPLICATE_SEQUENCE_NUMBER = 46;
const UNKNOWN_TOPIC_OR_PARTITION = 3;
const UNKNOWN_TOPIC_ID = 100;
const MESSAGE_TOO_LARGE = 10;
const RECORD_LIST_TOO_LARGE = 18;

/** Sequence out of order, producer's epoch of before, producer unknown, producer fenced. */
const LOST_COUNT: ReadonlySet<number> = new Set([45, 47, 59, 90]);

/**
 * What passes: damaged on the way, leader not there or somewhere else, timed out (appended or not), broker or replica away, network,
 * too few replicas (before appending and after), disk failed, another leader's epoch, quota.
 */
const PASSING: ReadonlySet<number> = new Set([
  2, 3, 5, 6, 7, 8, 9, 13, 19, 20, 56, 74, 75, 89, 100,
]);

export function outcomeOf(answer: ProducedPartition): Outcome {
  const { errorCode } = answer;
  // It had the batch already, and forgot at which offset.
  if (errorCode === NONE || errorCode === DUPLICATE_SEQUENCE_NUMBER) return { kind: 'done' };
  const error = errorOf(answer);
  if (PASSING.has(errorCode)) {
    const isUnknownTopic =
      errorCode === UNKNOWN_TOPIC_OR_PARTITION || errorCode === UNKNOWN_TOPIC_ID;
    return { kind: 'again', error, isUnknownTopic };
  }
  if (LOST_COUNT.has(errorCode)) return { kind: 'again-anew', error };
  if (errorCode === MESSAGE_TOO_LARGE || errorCode === RECORD_LIST_TOO_LARGE) {
    return { kind: 'too-large', error };
  }
  return { kind: 'refused', error };
}

/** A failure for those who wait for the batch. */
export function sendFailed(topic: string, cause: unknown): AtbdError {
  return toQueueError(cause, `send to ${topic}`);
}

/** For a single record that the topic does not take. */
export function recordTooLarge(topic: string, byteCount: number, cause: unknown): AtbdError {
  return new AtbdError({
    code: 'QUEUE_FAILED',
    message: `cannot send to ${topic}: a record of ${byteCount} bytes is larger than the topic takes`,
    hint: "Raise the topic's max.message.bytes, or send less at once.",
    cause,
  });
}

function errorOf({ errorCode, message }: ProducedPartition): Error {
  const error = kafkaError(errorCode);
  if (message !== '') error.message = `${error.message} (${message})`;
  return error;
}
