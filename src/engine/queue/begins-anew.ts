import { AtbdError, type ErrorCode } from '../model/error.js';

/** The log's beginning moved past us, the topic was deleted (and may be made again), or somebody else took over: all is other than it was when we came to own it. */
const OTHER_THAN_IT_WAS: readonly ErrorCode[] = [
  'OFFSET_OUT_OF_RANGE',
  'TOPIC_NOT_FOUND',
  'QUEUE_FENCED',
];

/** Whether an owner that failed so is to let go and be given the partition anew, instead of ending its member. */
export function beginsAnew(error: unknown): boolean {
  return error instanceof AtbdError && OTHER_THAN_IT_WAS.includes(error.code);
}
