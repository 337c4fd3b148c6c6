/** One record for the queue. */
interface Sending {
  readonly sendMs: number;
  readonly key: string;
  readonly value: Buffer | string;
}

/** The load of a story: a simulation that says what it sends, and what is true of it. */
export interface StoryShop {
  /** Goes on to `untilMs` (exclusive, story time) and hands over what is sent until then, in order; false at the end. */
  advance(untilMs: number, send: (sending: Sending) => void): boolean;
  /** Complete once `advance` has returned false. */
  readonly truth: () => StoryTruth;
}

/** What a story's expectations hold the store against: the simulation's own account, never read from what was sent. */
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
}

/** How many events an action has left, by service; duplicates counted. */
export interface ActionTruth {
  readonly opId: string;
  readonly operation: string;
  readonly eventsByService: ReadonlyMap<string, number>;
}

/** Actions that are kept to compare traces with: enough to find a fault of one in 300 with 96 %. */
export const ACTION_SAMPLE_MAX = 1_000;
