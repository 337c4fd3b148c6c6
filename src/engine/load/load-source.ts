import type { QueueMessage } from '../model/queue.js';

/** Where the records of a load come from. */
export interface LoadSource {
  /** The next `count` records; there are always more. The key is the op_id. */
  take(count: number): QueueMessage[];
  /** Services that the records name. */
  readonly services: readonly string[];
}
