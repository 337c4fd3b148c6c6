import { z } from 'zod';
import type { PartitionReport } from '../../verify/verify-partition.js';
import type { StoryStore } from '../../model/story-store.js';
import type { Freshness } from '../pipe/freshness-watch.js';
import type { StoryTruth } from '../load/story-load.js';
import { durationMs } from '../../time/time-schema.js';

/** What one look at the store said. */
export interface Verdict {
  readonly isMet: boolean;
  /** Both short enough to stand side by side in a line. */
  readonly expected: string;
  readonly seen: string;
  /** The command that shows it to a person. */
  readonly command: string;
  /** What differs, a line each, at most DETAILS_MAX. */
  readonly details: readonly string[];
  /** Measured numbers, for the comparison with an earlier run; less is better. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** What an expectation may ask. */
export interface ExpectationContext {
  readonly truth: StoryTruth;
  /** Records that the queue has confirmed. */
  readonly sentCount: number;
  readonly store: StoryStore;
  /** The verdict of `verify` on the story's topic. */
  verify(): Promise<readonly PartitionReport[]>;
  /** How long records took until they could be seen; null when that was not watched. */
  freshness(): Promise<Freshness | null>;
  /** Event time of the story, for the commands that are shown. */
  readonly range: { readonly fromMs: number; readonly toMs: number };
  readonly signal: AbortSignal;
}

/** One line of a story's `expect`, ready to be asked. */
export interface Expectation {
  readonly kind: string;
  readonly title: string;
  /** Asked again and again for so long after the load has ended. */
  readonly withinMs: number;
  /** Rejects with a retryable AtbdError while the store does not answer. */
  check(context: ExpectationContext): Promise<Verdict>;
}

/** Most lines of details that a verdict lists: more do not fit a screen. */
export const DETAILS_MAX = 20;

/** What every kind of expectation has besides its own settings. */
export const within = durationMs
  .prefault('60s')
  .describe('How long after the load has ended it may take until this holds.');

/** A number, or `truth`: what the simulation says. */
export const countOrTruth = z.union([z.literal('truth'), z.int().min(0)], {
  error: 'must be a number, or truth',
});

/** `--from … --to …` of a story's commands: virtual time lies outside every default range. */
export function rangeFlags({ fromMs, toMs }: ExpectationContext['range']): string {
  return `--from ${new Date(fromMs).toISOString()} --to ${new Date(toMs).toISOString()}`;
}

/** Keeps the first lines and says how many are left out. */
export function firstDetails(lines: readonly string[]): string[] {
  if (lines.length <= DETAILS_MAX) return [...lines];
  const shown = lines.slice(0, DETAILS_MAX - 1);
  return [...shown, `and ${lines.length - shown.length} more`];
}
