import type { StoryTruth } from '../story-load.js';

/** One record for the queue. */
interface Sending {
  readonly sendMs: number;
  readonly key: string;
  readonly value: Buffer | string;
}

/** A simulation that says what it sends, and what is true of it. */
export interface StoryShop {
  /** Goes on to `untilMs` (exclusive, story time) and hands over what is sent until then, in order; false at the end. */
  advance(untilMs: number, send: (sending: Sending) => void): boolean;
  /** Complete once `advance` has returned false. */
  readonly truth: () => StoryTruth;
}
