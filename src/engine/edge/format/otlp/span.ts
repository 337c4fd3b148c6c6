import type { EventFields } from '../../line-format.js';
import { isObject } from '../common-names.js';
import { attributesOf, objectsIn, timeOf } from './any-value.js';
import { EventBuilder } from './event-builder.js';
import { keepOrigin, type Origin } from './origin.js';

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

/** The status of a span that failed, by number or by name. */
const ERROR_CODES: readonly unknown[] = [2, 'STATUS_CODE_ERROR'];

/** A Span of OTLP/JSON as a span event: its time is its start, its status "ok" or "error". */
export function eventOfSpan(span: EventFields, origin: Origin): EventFields {
  const { traceId, spanId, parentSpanId, name, kind, status, events, links, ...others } = span;
  const { startTimeUnixNano, endTimeUnixNano, attributes, ...rest } = others;
  const builder = new EventBuilder({ kind: 'span', type: 'request' });
  const ts = timeOf(startTimeUnixNano);
  builder.put('ts', ts);
  if (ts === undefined) builder.attr('startTimeUnixNano', startTimeUnixNano);
  const durationMs = durationOf(startTimeUnixNano, endTimeUnixNano);
  builder.put('duration_ms', durationMs);
  if (durationMs === undefined) builder.attr('endTimeUnixNano', endTimeUnixNano);
  builder.put('op_id', traceId);
  builder.put('span_id', spanId);
  builder.put('parent_id', parentSpanId);
  builder.put('operation', name);
  const { code, message } = isObject(status) ? status : {};
  builder.put('status', ERROR_CODES.includes(code) ? 'error' : 'ok');
  builder.put('message', message);
  builder.attr('span.kind', kindOf(kind));
  builder.keep('attributes', attributesOf(attributes));
  if (objectsIn(span, 'events').length > 0) builder.attr('span.events', events);
  if (objectsIn(span, 'links').length > 0) builder.attr('span.links', links);
  builder.keep('span', rest);
  keepOrigin(builder, origin);
  return builder.build();
}

/** By number, or by name: SPAN_KIND_SERVER. */
function kindOf(kind: unknown): string | undefined {
  if (typeof kind === 'number') return KINDS[kind];
  return typeof kind === 'string' ? kind.replace(/^SPAN_KIND_/, '').toLowerCase() : undefined;
}

const NS_PER_MS = 1e6;

/** Milliseconds; undefined where a time is missing, and where the end is before the start. */
function durationOf(start: unknown, end: unknown): number | undefined {
  if (timeOf(start) === undefined || timeOf(end) === undefined) return undefined;
  const ns = BigInt(end as string | number) - BigInt(start as string | number);
  return ns < 0n ? undefined : Number(ns) / NS_PER_MS;
}
