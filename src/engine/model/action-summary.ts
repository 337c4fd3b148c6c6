/** What a list says of one action: all that happened under one op_id, over all services. */
export interface ActionSummary {
  readonly opId: string;
  readonly startNs: bigint;
  /** From the first start to the last end. */
  readonly durationNs: bigint;
  /** Of its earliest event that names one; empty without. */
  readonly operation: string;
  /** Of its earliest event that names one; empty without. */
  readonly orderId: string;
  /** How it ended: the status of its first span without a parent, else that of its last event with one; empty without. */
  readonly outcome: string;
  /** By the time of their first event, then by name. */
  readonly services: readonly string[];
  readonly eventCount: number;
  readonly errorCount: number;
  /** Events that say they failed without being logged as an error. */
  readonly failureCount: number;
}

/** The order of an action's services: each with the time of its first event. */
export function byFirstThenName(
  [name, firstNs]: readonly [string, bigint],
  [otherName, otherFirstNs]: readonly [string, bigint],
): number {
  if (firstNs !== otherFirstNs) return firstNs < otherFirstNs ? -1 : 1;
  return name < otherName ? -1 : 1;
}

/** A field by which actions are looked for, besides their own op_id. */
export const LOOKUP_FIELDS = ['order_id', 'session_id', 'user_id', 'span_id'] as const;
export type LookupField = (typeof LOOKUP_FIELDS)[number];
