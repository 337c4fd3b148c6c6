import type { Queue } from '../../model/queue.js';
import type { Chaos } from '../story/chaos.js';

/** The pipe a story runs through, from the queue to the store, and the hands that break it. */
export interface StoryPipe {
  readonly queue: Queue;
  readonly topic: string;
  /** The consumer group whose progress is waited for. */
  readonly groupId: string;
  /** Does it, waits `for` where it lasts, and undoes it; resolves when the pipe is left to itself again. */
  disturb(chaos: Chaos, signal: AbortSignal): Promise<void>;
}
