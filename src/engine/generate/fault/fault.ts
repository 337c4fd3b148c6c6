import { z } from 'zod';
import { parseDuration } from '../../time/duration.js';
import { OPERATIONS, PROVIDER_NAMES, SERVICE_NAMES } from '../shop/service-name.js';

const NS_PER_MS = 1_000_000n;

/** A ring or a crowd larger than this is no longer an exception. */
const GUILTY_USERS_MAX = 10_000;

/** Faster than any script that a shop would let through for long. */
const HAMMER_PER_SECOND_MAX = 10_000;

/** More visitors than this many times the mean: no sale is advertised that well. */
const CROWD_FACTOR_MAX = 100;

/** Oftener than this is not now and then. */
const EVERY_MS_MIN = 1000;

/** What is held back is held in memory. */
const DELAY_MS_MAX = 60 * 60 * 1000;

/** Milliseconds; written as a number of them or as a duration such as `10m`. */
const duration = durationOf(z.number().int().nonnegative(), {
  pattern: /^/u,
  message: 'is no duration: write for example 45s, 10m or 1h30m',
});

/** A clock may be wrong in both directions. */
const signedDuration = durationOf(z.number().int(), {
  pattern: /^[+-]?/u,
  message: 'is no duration: write for example -90s or 5m',
});

const every = duration.refine((ms) => ms >= EVERY_MS_MIN, 'must be at least 1s');
const delay = duration.refine((ms) => ms <= DELAY_MS_MAX, 'must be at most 1h');

/** `pattern` is what may stand before the duration itself; the message is for whatever is none. */
function durationOf(
  number: z.ZodNumber,
  { pattern, message }: { readonly pattern: RegExp; readonly message: string },
) {
  const text = z.string().transform((written, context) => {
    const ns = parseDuration(written.replace(pattern, ''));
    if (ns !== null) return Number(ns / NS_PER_MS) * (written.startsWith('-') ? -1 : 1);
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
  return z.union([number, text], { error: message });
}

const provider = z.enum(PROVIDER_NAMES);
const service = z.enum(SERVICE_NAMES);
const share = z.number().min(0).max(1);

/** When: `at` after the start (0), `for` so long (to the end). */
const period = { at: duration.optional(), for: duration.optional() };

interface PeriodInput {
  readonly at?: number | undefined;
  readonly for?: number | undefined;
}

/** Puts the period into words of the simulation: offsets from the start in milliseconds, [fromMs, toMs). */
function withPeriod<T extends PeriodInput>(input: T): Omit<T, 'at' | 'for'> & FaultPeriod {
  const { at = 0, for: lengthMs = Infinity, ...rest } = input;
  return { ...rest, fromMs: at, toMs: at + lengthMs };
}

/** Offsets from the start of the run, [fromMs, toMs); `toMs` is Infinity for a fault that stays. */
export interface FaultPeriod {
  readonly fromMs: number;
  readonly toMs: number;
}

function fault<Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, shape: Shape) {
  return z.strictObject({ kind: z.literal(kind), ...shape, ...period });
}

const inputSchema = z.discriminatedUnion('kind', [
  // Payment providers.
  fault('provider-down', { provider }),
  fault('provider-maintenance', { provider }),
  fault('provider-slow', { provider, factor: z.number().min(1).max(1000).default(10) }),
  fault('provider-overloaded', { provider, factor: z.number().min(1).max(1000).default(20) }),
  fault('provider-flapping', { provider, every: every.default(60_000) }),
  // Services.
  fault('service-errors', { service, share: share.default(0.3) }),
  fault('service-leak', {
    service,
    megabytesPerMinute: z.number().min(1).max(100_000).default(50),
  }),
  fault('service-cpu', { service, load: z.number().min(0).max(1).default(0.95) }),
  fault('service-restarts', { service, every: every.default(60_000) }),
  fault('service-silent', { service }),
  fault('bad-deploy', { service, share: share.default(0.2) }),
  // Users.
  fault('hammering-user', {
    operation: z.enum(OPERATIONS).default('buy'),
    perSecond: z.number().positive().max(HAMMER_PER_SECOND_MAX).default(5),
  }),
  fault('refund-ring', {
    users: z.number().int().min(1).max(GUILTY_USERS_MAX).default(5),
    every: every.default(120_000),
  }),
  fault('crowd', { factor: z.number().min(1).max(CROWD_FACTOR_MAX).default(8) }),
  fault('double-click', { share: share.default(0.2) }),
  // Transport.
  fault('late', { share: share.default(0.05), by: delay.default(45_000) }),
  fault('duplicated', { share: share.default(0.02) }),
  fault('out-of-order', { share: share.default(0.1), by: delay.default(3_000) }),
  fault('clock-skew', { service, by: signedDuration.default(-90_000) }),
  fault('poison', { share: share.default(0.001) }),
]);

type FaultInput = z.output<typeof inputSchema>;

/** One thing that goes wrong, and when. `kind` says which; docs/generate.md lists them. */
export type Fault = FaultInput extends infer One
  ? One extends FaultInput
    ? Omit<One, 'at' | 'for'> & FaultPeriod
    : never
  : never;

export type FaultKind = Fault['kind'];

/** The fault of a kind. */
export type FaultOf<Kind extends FaultKind> = Extract<Fault, { readonly kind: Kind }>;

/** A fault as people write it, in a flag or a file: `{ kind: provider-down, provider: acme, at: 10m, for: 5m }`. */
export const faultSchema = inputSchema.transform((input) => withPeriod(input) as Fault);

/** The kinds, in the order of the documentation. */
export const FAULT_KINDS: readonly FaultKind[] = inputSchema.options.map(
  ({ shape }) => shape.kind.value,
);

/** Whether a fault is on at a moment of the run, in microseconds since its start. */
export function activeAt(fault: FaultPeriod, atUs: number): boolean {
  return atUs >= fault.fromMs * 1000 && atUs < fault.toMs * 1000;
}
