import type { Fault } from '../../../engine/generate/fault/fault.js';
import {
  EVENTS_PER_SECOND_MAX,
  RUN_MS_MAX,
  SHARE_COUNT_MAX,
  type ShopSpec,
} from '../../../engine/generate/shop-spec.js';
import { AtbdError } from '../../../engine/model/error.js';
import { quoteValue } from '../../../engine/model/visible-text.js';
import { parseDuration, requireDuration } from '../../../engine/time/duration.js';
import { parseInstant, requireInstant } from '../../../engine/time/instant.js';
import { parseZone } from '../../../engine/time/zone.js';

/** Where events can go. */
const TARGETS = ['queue', 'file', 'stdout'] as const;
export type Target = (typeof TARGETS)[number];

const NS_PER_MS = 1_000_000n;

/** The flags of `gen events`, as typed. */
export interface ShopFlags {
  readonly seed: number;
  readonly rate: number;
  readonly users: number;
  readonly diurnal: boolean;
  readonly duration?: string | undefined;
  readonly speed?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: readonly string[] | undefined;
  readonly output?: string | undefined;
  readonly share: string;
  readonly tz: string;
}

/** What to simulate, how fast, and where to. */
export interface ShopPlan {
  readonly spec: ShopSpec;
  readonly target: Target;
  /** Simulated seconds a second; null: as fast as it goes. */
  readonly speed: number | null;
  readonly isBackfill: boolean;
}

/** Without another word a run is so long. */
const DEFAULT_DURATION_MS = 600_000;

/** Makes a plan of the flags; rejects with USAGE_INVALID what does not fit together. */
export function planShop(flags: ShopFlags, faults: readonly Fault[], nowMs: number): ShopPlan {
  const { target, until } = targetOf(flags, nowMs);
  const isBackfill = flags.from !== undefined;
  const speed = speedOf(flags.speed, isBackfill || target !== 'queue' ? null : 1);
  const { fromMs, toMs } = runOf(flags, { nowMs, until, isPaced: speed !== null });
  return {
    target,
    speed,
    isBackfill,
    spec: {
      seed: flags.seed,
      fromMs,
      toMs,
      eventsPerSecond: rateOf(flags.rate),
      userCount: flags.users,
      isDiurnal: flags.diurnal,
      faults,
      share: shareOf(flags.share),
    },
  };
}

/** `--to` names the place, and with --from also the end of the time; both may be given. */
function targetOf(
  { to = [], output, tz }: ShopFlags,
  nowMs: number,
): { readonly target: Target; readonly until: number | null } {
  let target: Target | null = null;
  let until: number | null = null;
  for (const text of to) {
    if (isTarget(text)) target = text;
    else until = instantOf('--to', text, { nowMs, tz });
  }
  target ??= output === undefined ? 'queue' : 'file';
  if ((target === 'file') === (output !== undefined)) return { target, until };
  throw usage(
    target === 'file'
      ? 'cannot write to a file without its name'
      : 'cannot take --output with this --to',
    'Write `--output events.ndjson`, with `--to file` or without.',
  );
}

interface RunContext {
  readonly nowMs: number;
  readonly until: number | null;
  readonly isPaced: boolean;
}

function runOf(
  { from, duration, tz }: ShopFlags,
  { nowMs, until, isPaced }: RunContext,
): { readonly fromMs: number; readonly toMs: number } {
  const lengthMs = duration === undefined ? null : durationMs('--duration', duration);
  if (until !== null && from === undefined) {
    throw usage('cannot use an end in --to without --from', 'Give both, or use --duration.');
  }
  if (until !== null && lengthMs !== null) {
    throw usage('cannot take both --duration and an end in --to', 'Leave one of them out.');
  }
  const run = lengthMs ?? DEFAULT_DURATION_MS;
  // What is not paced would lie in the future if it began now.
  const fromMs =
    from === undefined ? nowMs - (isPaced ? 0 : run) : instantOf('--from', from, { nowMs, tz });
  const toMs = until ?? (from !== undefined && lengthMs === null ? nowMs : fromMs + run);
  if (toMs <= fromMs || toMs - fromMs > RUN_MS_MAX) {
    throw usage(
      `cannot simulate ${toMs <= fromMs ? 'a time that ends before it begins' : 'more than 400 days'}`,
      'Check --from, --to and --duration.',
    );
  }
  return { fromMs, toMs };
}

/** An instant, or how long ago: `-30d`. */
function instantOf(
  flag: string,
  text: string,
  { nowMs, tz }: { nowMs: number; tz: string },
): number {
  const ago = text.startsWith('-') ? parseDuration(text.slice(1)) : null;
  if (ago !== null) return nowMs - Number(ago / NS_PER_MS);
  const context = { flag, nowMs, zone: parseZone(tz) };
  const isTime = parseInstant(text, context) !== null;
  if (!isTime && flag === '--to') {
    throw usage(
      `cannot read --to ${quoteValue(text)}: it is neither a place nor a time`,
      `Places are ${TARGETS.join(', ')}; a time is for example now or 2026-05-16T14:30:00Z.`,
    );
  }
  return Number(requireInstant(text, context) / NS_PER_MS);
}

function durationMs(flag: string, text: string): number {
  return Number(requireDuration(flag, text) / NS_PER_MS);
}

function speedOf(text: string | undefined, fallback: number | null): number | null {
  if (text === undefined) return fallback;
  if (text === 'max') return null;
  const factor = /^(?<factor>\d+(?:\.\d+)?)x$/u.exec(text)?.groups?.['factor'];
  if (factor !== undefined && Number(factor) > 0) return Number(factor);
  throw usage(
    `cannot read --speed ${quoteValue(text)}`,
    'Write max, 1x, or another factor such as 60x.',
  );
}

function rateOf(rate: number): number {
  if (rate > 0 && rate <= EVENTS_PER_SECOND_MAX) return rate;
  throw usage(
    `cannot use --rate ${rate}: it is not between 1 and ${EVENTS_PER_SECOND_MAX} events a second`,
    'Use --speed max to get events as fast as possible.',
  );
}

function shareOf(text: string): { readonly index: number; readonly count: number } {
  const [index = 0, count = 0] = /^\d+\/\d+$/u.test(text) ? text.split('/').map(Number) : [];
  if (index >= 1 && index <= count && count <= SHARE_COUNT_MAX) return { index: index - 1, count };
  throw usage(
    `cannot read --share ${quoteValue(text)}`,
    `Write 1/4 for the first of four processes; at most ${SHARE_COUNT_MAX}.`,
  );
}

function isTarget(text: string): text is Target {
  return (TARGETS as readonly string[]).includes(text);
}

function usage(message: string, hint: string): AtbdError {
  return new AtbdError({ code: 'USAGE_INVALID', message, hint });
}
