import type { Clock } from '../model/clock.js';
import { AtbdError } from '../model/error.js';
import { quoteValue } from '../model/visible-text.js';
import { parseDuration } from './duration.js';
import { parseInstant, requireInstant, type InstantContext } from './instant.js';
import type { Zone } from './zone.js';

/** The flags of a time range, as typed. */
export interface TimeRangeInput {
  /** How far back from now, or an instant. */
  readonly since?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** As `since`, but of the time at which an event was stored. */
  readonly arrivedSince?: string;
}

/** Nanoseconds since the epoch, `[from, to)`; null is open. */
export interface TimeRange {
  readonly fromNs: bigint | null;
  readonly toNs: bigint | null;
  readonly arrivedSinceNs: bigint | null;
  /** No flag said anything, so `from` is the default. */
  readonly isDefault: boolean;
}

/** How times are read. */
export interface TimeRangeContext {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly zone: Zone;
  /** Duration back from now when no flag says anything; null: all times. */
  readonly defaultSince: string | null;
}

const NS_PER_MS = 1_000_000n;

/** Reads the flags of a time range; rejects with USAGE_INVALID what is unreadable, doubled, empty or reversed. */
export function parseTimeRange(
  { since, from, to, arrivedSince }: TimeRangeInput,
  { clock, zone, defaultSince }: TimeRangeContext,
): TimeRange {
  if (since !== undefined && from !== undefined) {
    throw usage('cannot take both --since and --from', 'Leave one of them out.');
  }
  const nowMs = clock.nowMs();
  const arrivedSinceNs =
    arrivedSince === undefined
      ? null
      : parseBack(arrivedSince, { flag: '--arrived-since', nowMs, zone });
  const isDefault = [since, from, to, arrivedSince].every((flag) => flag === undefined);
  let fromNs: bigint | null = null;
  if (since !== undefined) fromNs = parseBack(since, { flag: '--since', nowMs, zone });
  else if (from !== undefined) fromNs = requireInstant(from, { flag: '--from', nowMs, zone });
  else if (isDefault && defaultSince !== null) {
    fromNs = parseBack(defaultSince, { flag: '--since', nowMs, zone });
  }
  const toNs = to === undefined ? null : requireInstant(to, { flag: '--to', nowMs, zone });
  if (fromNs !== null && toNs !== null && fromNs >= toNs) {
    throw emptyRange({ start: since ?? from ?? '', end: to ?? '', isReversed: fromNs > toNs });
  }
  return { fromNs, toNs, arrivedSinceNs, isDefault };
}

function parseBack(text: string, context: InstantContext): bigint {
  const duration = parseDuration(text.trim());
  if (duration !== null) return BigInt(context.nowMs) * NS_PER_MS - duration;
  const instant = parseInstant(text, context);
  if (instant !== null) return instant;
  throw usage(
    `cannot read ${context.flag} ${quoteValue(text)}: it is neither a duration nor a time`,
    'Write for example 15m, 1h30m, 2d, today or 2026-05-16T14:30:00Z.',
  );
}

function emptyRange(range: {
  readonly start: string;
  readonly end: string;
  readonly isReversed: boolean;
}): AtbdError {
  const state = range.isReversed ? 'ends before it starts' : 'is empty: --to is exclusive';
  return usage(
    `cannot search from ${quoteValue(range.start)} to ${quoteValue(range.end)}: the range ${state}`,
    'Check both ends; a date is its first moment, so a whole day ends at the next date.',
  );
}

function usage(message: string, hint: string): AtbdError {
  return new AtbdError({ code: 'USAGE_INVALID', message, hint });
}
