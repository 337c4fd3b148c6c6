import { LEVELS } from '../../../../engine/model/event.js';
import type { FieldRef } from '../../../../engine/model/filter.js';
import type { AnswerRow, Cell } from '../../../../engine/model/question/answer.js';
import { HISTOGRAM_LEVELS } from '../../../../engine/model/question/histogram-levels.js';
import { countBy, textOf, type ModelEvent } from './recount.js';

const NS_PER_MS = 1_000_000n;

/** A row for each interval, which begins at its start and ends at the next one's. */
export function recountHistogram(
  events: readonly ModelEvent[],
  startsMs: readonly number[],
): AnswerRow[] {
  return startsMs.map((startMs, index) => {
    const from = BigInt(startMs) * NS_PER_MS;
    const next = startsMs[index + 1];
    const own = events.filter(
      ({ tsNs }) => tsNs >= from && (next === undefined || tsNs < BigInt(next) * NS_PER_MS),
    );
    const levels = own.map((event) => textOf(event, { kind: 'field', name: 'level' }));
    const isCounted = (text: string, level: string): boolean =>
      level === 'other' ? !(LEVELS as readonly string[]).includes(text) : text === level;
    const row: Record<string, Cell> = { time: from, events: own.length };
    for (const level of HISTOGRAM_LEVELS) {
      row[level] = levels.filter((text) => isCounted(text, level)).length;
    }
    return row;
  });
}

/** The most frequent values of each field that an event has. */
export function recountFacets(
  events: readonly ModelEvent[],
  fields: readonly FieldRef[],
  valuesMax: number,
): object[] {
  return fields.flatMap((field) => {
    const counts = countBy(events.map((event) => textOf(event, field))).filter(
      ([value]) => value !== '',
    );
    if (counts.length === 0) return [];
    const values = counts.slice(0, valuesMax).map(([value, count]) => ({
      value,
      events: count,
      share: count / events.length,
    }));
    const name = field.kind === 'field' ? field.name : `attrs.${field.key}`;
    return [{ field: name, distinct: counts.length, values }];
  });
}
