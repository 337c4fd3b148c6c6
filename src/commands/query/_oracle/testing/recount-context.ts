import { createMatch } from '../../../../engine/filter/create-match.js';
import type { Event } from '../../../../engine/model/event.js';
import type { Filter } from '../../../../engine/model/filter.js';
import type { AnswerRange } from '../../../../engine/model/question/answer.js';
import type { OracleEvent } from '../../_question/testing/shop-cases.js';

/** A line that is found, with so many before it and after it. */
export interface ContextAsked {
  readonly filter: Filter;
  readonly range: AnswerRange;
  /** Of what is found, the newest. */
  readonly limit: number;
  readonly before: number;
  readonly after: number;
}

/** What grep would show of each source by itself. */
export interface RecountedContext {
  /** Names of what is found, the newest first. */
  readonly hits: readonly string[];
  /** Near a hit and not too far away in time: these must be shown. */
  readonly near: ReadonlySet<string>;
  /** Near a hit, whatever the time between: nothing else may be shown. */
  readonly around: ReadonlySet<string>;
  /** All lines of each source, as they follow one another. */
  readonly sources: readonly (readonly string[])[];
}

/** A context does not reach further; what lies beyond is shown or not. */
const REACH_NS = 7_200_000_000_000n;

/** What a line is called here: its place in the queue. */
export function nameOfLine({ partition, offset }: Place): string {
  return `${partition}/${offset}`;
}

interface Place {
  readonly partition: number;
  readonly offset: number | bigint;
}

/** Looks at the lines of each source one by one. */
export function recountContext(
  events: readonly OracleEvent[],
  { filter, range, limit, before, after }: ContextAsked,
): RecountedContext {
  const isWanted = createMatch(filter);
  const ordered = events.toSorted(compareLines);
  const hits = ordered
    .filter(({ tsNs, event }) => tsNs >= range.fromNs && tsNs < range.toNs && isWanted(event))
    .toReversed()
    .slice(0, limit);
  const found = new Set(hits.map(nameOfLine));
  const sources = new Map<string, OracleEvent[]>();
  for (const line of ordered) {
    // Metrics are no lines, unless one is what was looked for.
    if (line.event.kind === 'metric' && !found.has(nameOfLine(line))) continue;
    const source = sourceOf(line.event);
    const own = sources.get(source) ?? [];
    own.push(line);
    sources.set(source, own);
  }
  const near = new Set<string>();
  const around = new Set<string>();
  for (const lines of sources.values()) {
    for (const [at, hit] of lines.entries()) {
      if (!found.has(nameOfLine(hit))) continue;
      for (const line of lines.slice(Math.max(0, at - before), at + after + 1)) {
        const apart = line.tsNs > hit.tsNs ? line.tsNs - hit.tsNs : hit.tsNs - line.tsNs;
        around.add(nameOfLine(line));
        if (apart <= REACH_NS) near.add(nameOfLine(line));
      }
    }
  }
  return {
    ...{ near, around, hits: hits.map(nameOfLine) },
    sources: [...sources.values()].map((lines) => lines.map(nameOfLine)),
  };
}

function compareLines(a: OracleEvent, b: OracleEvent): number {
  if (a.tsNs !== b.tsNs) return a.tsNs < b.tsNs ? -1 : 1;
  return a.partition - b.partition || a.offset - b.offset;
}

/** A container of a pod, or else a pod, or else a service of a host. */
function sourceOf({ host, pod, container, service }: Event): string {
  const hasPlace = (pod ?? '') !== '' || (container ?? '') !== '';
  return JSON.stringify([host ?? '', pod ?? '', container ?? '', hasPlace ? '' : (service ?? '')]);
}
