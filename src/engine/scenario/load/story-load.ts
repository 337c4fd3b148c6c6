import type { Clock } from '../../model/clock.js';
import type { Queue } from '../../model/queue.js';

/** What comes into the queue in a story, and what is true of it. */
export interface StoryLoad {
  /** Brings all of it into the queue; resolves when the queue has confirmed it. */
  send(into: LoadTarget): Promise<LoadSent>;
  /** Complete once `send` has resolved. */
  readonly truth: () => StoryTruth;
}

/** Where a load goes. */
export interface LoadTarget {
  readonly queue: Queue;
  readonly topic: string;
  /** Event time of the story's first moment. */
  readonly fromMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Now and then: story time reached, and records confirmed so far. */
  readonly onStep: (storyMs: number, sentCount: number) => void;
}

export interface LoadSent {
  /** Records that the queue has confirmed. */
  readonly sentCount: number;
  /** Event time of the story's end, exclusive. */
  readonly toMs: number;
}

/** What a story's expectations hold the store against: the load's own account, never read from what was sent. */
export interface StoryTruth {
  readonly sent: {
    /** Records for the queue, duplicates and poison among them. */
    readonly total: number;
    readonly duplicated: number;
    readonly late: number;
    readonly outOfOrder: number;
    /** Poison: records that no event can be made of, by the reason expected of the dead letter. */
    readonly dead: ReadonlyMap<string, number>;
    readonly byType: ReadonlyMap<string, number>;
    readonly byService: ReadonlyMap<string, number>;
    readonly byLevel: ReadonlyMap<string, number>;
    /** Keyed `type status`. */
    readonly byTypeAndStatus: ReadonlyMap<string, number>;
  };
  /** Exact decimal texts, keyed `type currency`. */
  readonly amounts: ReadonlyMap<string, string>;
  /** An even sample of the actions, at most ACTION_SAMPLE_MAX. */
  readonly actions: readonly ActionTruth[];
  /** Orders by how they got paid; null: the load does not know. */
  readonly chains: ChainTotals | null;
  /** Users who misbehave, each once. */
  readonly guilty: readonly string[];
}

/** Orders that were tried to be paid. */
export interface ChainTotals {
  /** Paid at the first attempt. */
  readonly ok_first: number;
  /** Paid at a later one. */
  readonly recovered: number;
  readonly failed: number;
  /** Not decided when the story ended. */
  readonly open: number;
}

/** How many events an action has left, by service; duplicates counted. */
export interface ActionTruth {
  readonly opId: string;
  readonly operation: string;
  readonly eventsByService: ReadonlyMap<string, number>;
}

/** Actions that are kept to compare traces with: enough to find a fault of one in 300 with 96 %. */
export const ACTION_SAMPLE_MAX = 1_000;
