import { expect } from 'vitest';
import type { Event } from '../../../../engine/model/event.js';
import type { AnswerRange, Buckets } from '../../../../engine/model/question/answer.js';
import type {
  ResourceDimension,
  ResourceSample,
} from '../../../../engine/model/question/resources.js';
import type { OracleEvent } from './shop-cases.js';

const NS_PER_MS = 1_000_000n;

/** Digits after the point in which means may differ: they are rounded to nine. */
const DIGITS = 8;

/** What one name did in one interval. */
interface Group {
  readonly startMs: number;
  readonly name: string;
  readonly events: Event[];
}

/** Load, users and requests by reading the events one by one; means as matchers that are near enough. */
export function recountLoad(
  events: readonly OracleEvent[],
  {
    range,
    buckets,
    by,
  }: { readonly range: AnswerRange; readonly buckets: Buckets; readonly by: ResourceDimension },
): ResourceSample[] {
  const groups = new Map<string, Group>();
  for (const { event, tsNs } of events) {
    const name = event[by];
    if (tsNs < range.fromNs || tsNs >= range.toNs || name === undefined || name === '') continue;
    const startMs = buckets.startsMs.findLast((ms) => BigInt(ms) * NS_PER_MS <= tsNs)!;
    const key = `${startMs} ${name}`;
    if (!groups.has(key)) groups.set(key, { startMs, name, events: [] });
    groups.get(key)!.events.push(event);
  }
  const what = by === 'node' || by === 'host' ? 'system' : 'container';
  return [...groups.values()]
    .filter((group) => group.events.some(({ metric }) => metric?.startsWith(`${what}.`)))
    .toSorted((a, b) => a.startMs - b.startMs || (a.name < b.name ? -1 : 1))
    .map((group) => sampleOf(group, what));
}

function sampleOf({ startMs, name, events }: Group, what: 'system' | 'container'): ResourceSample {
  const cpu = partsOf(events, `${what}.cpu.utilization`, what);
  const memory = partsOf(events, `${what}.memory.usage`, what);
  const users = new Set(events.map(({ user_id }) => user_id ?? '').filter((id) => id !== ''));
  const isRequest = (event: Event): boolean =>
    event.kind === 'span' && event.duration_ms !== undefined;
  return {
    timeNs: BigInt(startMs) * NS_PER_MS,
    name,
    cpu: near(mean(cpu.map(mean))),
    cpuMax: near(Math.max(...cpu.flat())),
    cpuSum: near(sum(cpu.map(mean))),
    memoryBytes: Math.round(sum(memory.map(mean))),
    memoryBytesMax: sum(memory.map((values) => Math.max(...values))),
    users: users.size,
    requests: events.filter(isRequest).length,
  };
}

/** Values of a metric, those of each container apart; of a machine all are of the machine. */
function partsOf(
  events: readonly Event[],
  metric: string,
  what: 'system' | 'container',
): number[][] {
  const parts = new Map<string, number[]>();
  for (const event of events) {
    if (event.metric !== metric || event.value === undefined) continue;
    const { node, host, service, pod, container } = event;
    const key = what === 'system' ? '' : JSON.stringify([node, host, service, pod, container]);
    parts.set(key, [...(parts.get(key) ?? []), event.value]);
  }
  return [...parts.values()];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function near(value: number): number {
  return expect.closeTo(value, DIGITS) as number;
}
