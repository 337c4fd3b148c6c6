import { createMatch } from '../../../engine/filter/create-match.js';
import type { Event } from '../../../engine/model/event.js';
import { TIME_COLUMN, type AnswerRow } from '../../../engine/model/question/answer.js';
import type { FunnelQuestion } from '../read-funnel.js';

// What funnel-sql.ts says, said a second time by walking over events one by one.

/** An event and its time as the store has it. */
export interface TimedEvent {
  readonly tsNs: bigint;
  readonly event: Event;
}

/** One session as a person would follow it by hand. */
interface Way {
  readonly user: string;
  readonly entry: TimedEvent;
  /** When it took each step, as far as it came. */
  readonly at: readonly bigint[];
  readonly isOpen: boolean;
}

const NS_PER_MS = 1_000_000n;

/** The rows of `readFunnel`; in no order. */
export function recountFunnel(
  events: readonly TimedEvent[],
  question: FunnelQuestion,
): AnswerRow[] {
  const { journeys, buckets, by } = question;
  const starts = buckets?.startsMs.map((ms) => BigInt(ms) * NS_PER_MS) ?? [null];
  const groups = new Map<string, { keys: AnswerRow; start: bigint | null; ways: Way[] }>();
  const groupOf = (start: bigint | null, names: readonly string[]) => {
    const name = JSON.stringify([String(start), ...names]);
    const keys = {
      ...(start === null ? {} : { [TIME_COLUMN.name]: start }),
      ...Object.fromEntries(by.map((field, index) => [field, names[index] ?? ''])),
    };
    const group = groups.get(name) ?? { keys, start, ways: [] };
    groups.set(name, group);
    return group;
  };
  if (by.length === 0) for (const start of starts) groupOf(start, []);
  for (const way of waysOf(events, question)) {
    const start = starts.findLast((ns) => ns === null || ns <= way.entry.tsNs) ?? null;
    groupOf(start, namesOf(way.entry.event, question)).ways.push(way);
  }
  return [...groups.values()].flatMap(({ keys, start, ways }) =>
    journeys.funnel.map(({ step }, index) => ({
      ...keys,
      step,
      ...figuresOf(ways, index),
      provisional: ways.some(({ isOpen }) => isOpen) || isGrowing(start, question),
    })),
  );
}

function namesOf(event: Event, { by }: FunnelQuestion): string[] {
  return by.map((field) => String(event[field] ?? ''));
}

function waysOf(events: readonly TimedEvent[], question: FunnelQuestion): Way[] {
  const isWanted = createMatch(question.filter);
  const { fromNs, toNs } = question.range;
  return [...keyed(events).values()]
    .flatMap((own) => partAtPauses(own, question))
    .flatMap((session) => wayOf(session, question) ?? [])
    .filter(({ entry }) => entry.tsNs >= fromNs && entry.tsNs < toNs && isWanted(entry.event));
}

function keyed(events: readonly TimedEvent[]): Map<string, TimedEvent[]> {
  const byKey = new Map<string, TimedEvent[]>();
  for (const one of events) {
    const { session_id: session = '', user_id: user = '' } = one.event;
    if (session === '' && user === '') continue;
    const key = session === '' ? `user ${user}` : `session ${session}`;
    byKey.set(key, [...(byKey.get(key) ?? []), one]);
  }
  return byKey;
}

function partAtPauses(own: readonly TimedEvent[], { journeys }: FunnelQuestion): TimedEvent[][] {
  const gapNs = BigInt(journeys.spec.sessions.gapMs) * NS_PER_MS;
  const sessions: TimedEvent[][] = [];
  for (const one of own.toSorted((a, b) => ascending(a.tsNs, b.tsNs))) {
    const before = sessions.at(-1)?.at(-1);
    if (before === undefined || one.tsNs - before.tsNs >= gapNs) sessions.push([one]);
    else sessions.at(-1)?.push(one);
  }
  return sessions;
}

function wayOf(session: readonly TimedEvent[], question: FunnelQuestion): Way | undefined {
  const { journeys, asOf } = question;
  const [first, ...others] = journeys.funnel.map(({ filter }) => createMatch(filter));
  const [entry] = session
    .filter(({ event }) => first?.(event) === true)
    .toSorted((a, b) => ascending(a.tsNs, b.tsNs) || byContent(a.event, b.event, question));
  if (entry === undefined) return undefined;
  const { gapMs } = journeys.spec.sessions;
  const { withinMs } = journeys.spec.funnel;
  const at = [entry.tsNs];
  for (const match of others) {
    const next = session.find(
      ({ tsNs, event }) =>
        tsNs >= at.at(-1)! &&
        (withinMs === null || tsNs - entry.tsNs <= BigInt(withinMs) * NS_PER_MS) &&
        match(event),
    );
    if (next === undefined) break;
    at.push(next.tsNs);
  }
  const last = session.at(-1)!;
  return {
    user: userOf(session),
    entry,
    at,
    isOpen: last.tsNs + BigInt(gapMs) * NS_PER_MS > asOf.finalNs,
  };
}

/** At one moment the first by action, then by the fields asked for; one that is not wanted before one that is. */
function byContent(a: Event, b: Event, question: FunnelQuestion): number {
  const isWanted = createMatch(question.filter);
  const keyOf = (event: Event) => [event.op_id ?? '', ...namesOf(event, question)];
  const [left, right] = [keyOf(a), keyOf(b)];
  const at = left.findIndex((text, index) => text !== right[index]);
  if (at === -1) return Number(isWanted(a)) - Number(isWanted(b));
  return ascending(left[at]!, right[at]!);
}

/** Of several users at its last moment the session has one, which does not matter here: cases have none. */
function userOf(session: readonly TimedEvent[]): string {
  const user = session.findLast(({ event }) => (event.user_id ?? '') !== '')?.event.user_id;
  return user === undefined ? `session ${session[0]?.event.session_id ?? ''}` : `user ${user}`;
}

function figuresOf(ways: readonly Way[], step: number): AnswerRow {
  const come = ways.filter(({ at }) => at.length > step);
  const before = ways.filter(({ at }) => at.length > step - 1).length;
  const took = step === 0 ? [] : come.map(({ at }) => at[step]! - at[step - 1]!);
  const sorted = took.toSorted(ascending);
  const ms = (ns: bigint | undefined) => (ns === undefined ? null : Number(ns) / 1e6);
  return {
    sessions: come.length,
    users: new Set(come.map(({ user }) => user)).size,
    share: ways.length === 0 ? null : come.length / ways.length,
    drop_out: step === 0 || before === 0 ? null : (before - come.length) / before,
    took_p50: ms(sorted[Math.ceil(sorted.length / 2) - 1]),
    took_p95: ms(sorted[Math.floor(0.95 * sorted.length)]),
  };
}

function isGrowing(startNs: bigint | null, { buckets, range, asOf }: FunnelQuestion): boolean {
  const ends = [...(buckets?.startsMs.slice(1) ?? []), buckets?.endMs ?? 0].map(
    (ms) => BigInt(ms) * NS_PER_MS,
  );
  const endNs = startNs === null ? range.toNs : ends.find((ns) => ns > startNs)!;
  return (endNs < range.toNs ? endNs : range.toNs) > asOf.finalNs;
}

function ascending<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
