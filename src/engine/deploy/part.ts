import type { BackoffSpec } from './backoff.js';

/**
 * One thing the supervisor keeps going. Parts start stage by stage, each stage when the lower ones
 * have been ready once, and stop in the opposite order.
 */
export type PartSpec = ProcessSpec | TaskSpec;

interface PartBase {
  /** Unique, fit for a file name. */
  readonly name: string;
  readonly stage: number;
  /** A start that takes longer has failed. */
  readonly readyTimeoutMs: number;
  /** A stop that takes longer ends by force. */
  readonly stopTimeoutMs: number;
  readonly backoff: BackoffSpec;
}

/** A child process; its output goes to the part's log. */
export interface ProcessSpec extends PartBase {
  readonly kind: 'process';
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the supervisor's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether this very process can do its work; asked again and again until it says so. */
  readonly isReady: (pid: number) => Promise<boolean>;
}

/**
 * Work inside the supervisor's process. It is ready when it says so, and done when it resolves
 * without having been stopped; a rejection is a failure like the death of a process.
 */
export interface TaskSpec extends PartBase {
  readonly kind: 'task';
  readonly run: (task: {
    readonly signal: AbortSignal;
    readonly onReady: () => void;
  }) => Promise<void>;
}
