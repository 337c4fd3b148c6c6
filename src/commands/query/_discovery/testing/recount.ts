import { createMatch } from '../../../../engine/filter/create-match.js';
import { EVENT_FIELDS } from '../../../../engine/model/event.js';
import type { FieldRef } from '../../../../engine/model/filter.js';
import type { AnswerRow } from '../../../../engine/model/question/answer.js';
import { formatRfc3339 } from '../../../../engine/model/timestamp.js';
import type { MatchingEvents } from '../../../../store/discovery/matching-events.js';
import { modelRow, type StoredRow } from '../../../../store/testing/event-model.js';
import type { OracleEvent } from '../../_question/testing/shop-cases.js';

/** An event, and the row that the store must have of it. */
export interface ModelEvent extends Pick<OracleEvent, 'event' | 'tsNs'> {
  readonly row: StoredRow;
}

/** What the question is about, found one by one. */
export function matchingEvents(
  events: readonly Pick<OracleEvent, 'event' | 'tsNs'>[],
  { filter, range }: MatchingEvents,
): ModelEvent[] {
  const matches = createMatch(filter);
  return events
    .filter(({ tsNs }) => tsNs >= range.fromNs && tsNs < range.toNs)
    .filter(({ event }) => matches(event))
    .map((each) => ({ ...each, row: modelRow(each.event, 'good') }));
}

/** A field as text; empty where there is none. */
export function textOf({ row, tsNs }: ModelEvent, field: FieldRef | 'ts'): string {
  if (field === 'ts') return formatRfc3339(tsNs);
  if (field.kind === 'attr') return row.attrs.find(([key]) => key === field.key)?.[1] ?? '';
  return String(row.columns[field.name] ?? '');
}

/** Most frequent first, then by bytes, as the store orders texts. */
export function countBy(texts: readonly string[]): [text: string, count: number][] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].toSorted(([a, n], [b, m]) => m - n || compareBytes(a, b));
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function recountValues(events: readonly ModelEvent[], field: FieldRef): AnswerRow[] {
  return countBy(events.map((event) => textOf(event, field)))
    .filter(([value]) => value !== '')
    .map(([value, count]) => ({ value, events: count, share: count / events.length }));
}

export function recountServices(events: readonly ModelEvent[]): AnswerRow[] {
  const column = ({ row }: ModelEvent, name: string): string => String(row.columns[name] ?? '');
  const names = countBy(events.map((event) => column(event, 'service')));
  return names.map(([service, count]) => {
    const own = events.filter((event) => column(event, 'service') === service);
    const distinct = (textOfEvent: (event: ModelEvent) => string): string[] =>
      [...new Set(own.map(textOfEvent))].filter((text) => text !== '').toSorted(compareBytes);
    const errors = own.filter((event) => ['error', 'fatal'].includes(column(event, 'level')));
    const times = own.map(({ tsNs }) => tsNs).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const instance = (event: ModelEvent): string => {
      const place = ['host', 'pod', 'container'].map((name) => column(event, name));
      return place.every((part) => part === '') ? '' : JSON.stringify(place);
    };
    return {
      service,
      events: count,
      errors: errors.length,
      error_share: errors.length / count,
      instances: distinct(instance).length,
      hosts: distinct((event) => column(event, 'host')).length,
      first: times[0] ?? 0n,
      last: times.at(-1) ?? 0n,
      operations: distinct((event) => column(event, 'operation')).slice(0, 20),
    };
  });
}

/** Without the example of times: how many digits they have says nothing. */
export function recountFields(events: readonly ModelEvent[]): AnswerRow[] {
  const names = Object.keys(EVENT_FIELDS).filter((name) => name !== 'attrs');
  const columns = names.map((name) => {
    const field = name === 'ts' ? 'ts' : ({ kind: 'field', name } as FieldRef);
    const type = EVENT_FIELDS[name as keyof typeof EVENT_FIELDS];
    return fieldRow({ field: name, type }, { events, texts: textsOf(events, field) });
  });
  const keys = countBy(
    events.flatMap(({ row }) => [
      ...new Set(row.attrs.filter(([, value]) => value !== '').map(([key]) => key)),
    ]),
  );
  const attrs = keys.map(([key]) =>
    fieldRow(
      { field: `attrs.${key}`, type: 'string' },
      { events, texts: textsOf(events, { kind: 'attr', key }) },
    ),
  );
  return [...columns, ...attrs].filter((row) => row['events'] !== 0);
}

function textsOf(events: readonly ModelEvent[], field: FieldRef | 'ts'): string[] {
  return events.map((event) => textOf(event, field)).filter((text) => text !== '');
}

function fieldRow(
  name: { readonly field: string; readonly type: string },
  found: { readonly events: readonly ModelEvent[]; readonly texts: readonly string[] },
): AnswerRow {
  const { events, texts } = found;
  return {
    ...name,
    events: texts.length,
    share: texts.length / events.length,
    distinct: new Set(texts).size,
    ...(name.type === 'time' ? {} : { example: smallest(texts, name.type) }),
  };
}

function smallest(texts: readonly string[], type: string): string {
  const order = type === 'string' ? compareBytes : (a: string, b: string) => Number(a) - Number(b);
  const [least = ''] = texts.toSorted(order);
  return Array.from(least).slice(0, 100).join('');
}
