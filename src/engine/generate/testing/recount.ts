import type { Event } from '../../model/event.js';
import type { Sending } from '../create-shop.js';
import type { FaultOf } from '../fault/fault.js';
import type { AmountTotal, SentTotals, StatusTotal } from '../truth.js';
import type { ShopRun } from './run-shop.js';

/** Of the `late` faults whose effect a recount can tell from that of the others, which hold back less. */
export const LATE_MS = 45_000;

/** One event as it was sent. */
export interface SentEvent {
  readonly event: Event;
  readonly sendMs: number;
  readonly key: string;
  /** Event time in microseconds since the epoch: exact up to 2^53. */
  readonly atUs: number;
  /** When it was said by a clock that is right; a span is said at its end. */
  readonly saidUs: number;
  /** How long after it was said it was sent for the first time. */
  readonly heldMs: number;
  /** Whether the same bytes were sent before. */
  readonly isCopy: boolean;
}

/** What was sent, taken apart again: by reading the bytes, and by nothing that the simulation knows. */
export interface Recount {
  readonly events: readonly SentEvent[];
  /** Records that are no event, by the reason for which the store refuses them. */
  readonly poison: Readonly<Record<string, number>>;
}

/** Reads all that a run sent. Clock skew is undone by what the faults say of the whole run. */
export function recount({ sendings, spec }: Pick<ShopRun, 'sendings' | 'spec'>): Recount {
  const skews = spec.faults.filter(
    (fault): fault is FaultOf<'clock-skew'> => fault.kind === 'clock-skew',
  );
  const poison: Record<string, number> = {};
  const heldMsOf = new Map<string, number>();
  const events: SentEvent[] = [];
  for (const sending of sendings) {
    const { sendMs, key } = sending;
    const event = readSending(sending);
    if (typeof event === 'string') {
      poison[event] = (poison[event] ?? 0) + 1;
      continue;
    }
    const text = sending.value.toString();
    const atUs = microsecondsOf(event.ts ?? '');
    const knownMs = heldMsOf.get(text);
    const saidUs = atUs + saidAfterUs(event, skews);
    const heldMs = knownMs ?? sendMs - Math.floor(saidUs / 1000);
    heldMsOf.set(text, heldMs);
    events.push({ event, sendMs, key, atUs, saidUs, heldMs, isCopy: knownMs !== undefined });
  }
  return { events, poison };
}

/** The totals of a truth as the records show them: all but what was never sent. */
export function sentTotalsOf({ events, poison }: Recount): Omit<SentTotals, 'silenced' | 'skewed'> {
  return {
    total: Object.values(poison).reduce((sum, count) => sum + count, events.length),
    duplicated: events.filter(({ isCopy }) => isCopy).length,
    late: events.filter(({ heldMs }) => heldMs >= LATE_MS).length,
    outOfOrder: events.filter(({ heldMs }) => heldMs % LATE_MS > 0).length,
    poison,
    byType: countBy(events, ({ event }) => event.type),
    byService: countBy(events, ({ event }) => event.service),
    byLevel: countBy(events, ({ event }) => event.level),
    byTypeAndStatus: statusTotalsOf(events),
  };
}

/** Sums of amounts, by whole minor units. */
export function amountsOf({ events }: Recount): AmountTotal[] {
  const paid = events.filter(({ event }) => event.amount !== undefined);
  const groups = groupBy(paid, ({ event }) => `${event.type ?? ''} ${event.currency ?? ''}`);
  return [...groups].map(([name, group]) => {
    const [type = '', currency = ''] = name.split(' ');
    const sum = group.reduce((minor, { event }) => minor + minorUnitsOf(event), 0n);
    const digits = sum.toString().padStart(3, '0');
    return { type, currency, amount: `${digits.slice(0, -2)}.${digits.slice(-2)}` };
  });
}

/** How many there are of each; what has no name is left out. */
export function countBy<T>(
  items: readonly T[],
  nameOf: (item: T) => string | undefined,
): Record<string, number> {
  return Object.fromEntries(
    [...groupBy(items, nameOf)].map(([name, group]) => [name, group.length]),
  );
}

/** Items by name, in their order; what has no name is left out. */
export function groupBy<T>(
  items: readonly T[],
  nameOf: (item: T) => string | undefined,
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = nameOf(item);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}

/** From the time in its text to when it was said. */
function saidAfterUs(event: Event, skews: readonly FaultOf<'clock-skew'>[]): number {
  return skews
    .filter(({ service }) => service === event.service)
    .reduce((us, { by }) => us - by * 1000, Math.round((event.duration_ms ?? 0) * 1000));
}

function minorUnitsOf({ amount = '' }: Event): bigint {
  if (!/^\d+\.\d\d$/u.test(amount)) throw new Error(`no amount: ${amount}`);
  return BigInt(amount.replace('.', ''));
}

/** `2026-11-01T18:00:00.123456Z` in microseconds since the epoch. */
function microsecondsOf(ts: string): number {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/u.test(ts)) throw new Error(`no time: ${ts}`);
  return Date.parse(`${ts.slice(0, 19)}Z`) * 1000 + Number(ts.slice(20, 26));
}

function readSending({ value }: Sending): Event | 'invalid_json' | 'not_an_object' {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value.toString());
  } catch {
    return 'invalid_json';
  }
  const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  return isObject ? (parsed as Event) : 'not_an_object';
}

function statusTotalsOf(events: readonly SentEvent[]): StatusTotal[] {
  const counts = countBy(events, ({ event: { type = '', status } }) =>
    status === undefined ? undefined : `${type} ${status}`,
  );
  return Object.entries(counts).map(([name, count]) => {
    const [type = '', status = ''] = name.split(' ');
    return { type, status, count };
  });
}
