import type { EventFields } from '../../line-format.js';
import { isObject, toLevel } from '../common-names.js';
import { attributesOf, plainValue, textOf, timeOf } from './any-value.js';
import { EventBuilder } from './event-builder.js';
import { keepOrigin, type Origin } from './origin.js';

/** A LogRecord of OTLP/JSON as a log event. */
export function eventOfLogRecord(record: EventFields, origin: Origin): EventFields {
  const { timeUnixNano, severityText, severityNumber, body, traceId, spanId, attributes, ...rest } =
    record;
  const builder = new EventBuilder({ kind: 'log' });
  const ts = timeOf(timeUnixNano);
  builder.put('ts', ts ?? timeOf(rest['observedTimeUnixNano']));
  if (ts === undefined) builder.attr('timeUnixNano', timeUnixNano);
  builder.put('level', toLevel(severityText) ?? levelOfNumber(severityNumber));
  if (severityText !== undefined) builder.attr('severityNumber', severityNumber);
  builder.put('message', isObject(body) ? textOf(plainValue(body)) : textOf(body));
  builder.put('op_id', traceId);
  builder.put('span_id', spanId);
  builder.keep('attributes', attributesOf(attributes));
  builder.keep('record', rest);
  keepOrigin(builder, origin);
  return builder.build();
}

/** Severity numbers come in fours: 1–4 trace, … 21–24 fatal. */
const LEVEL_OF_SEVERITY = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

function levelOfNumber(severity: unknown): string | undefined {
  // Some exporters write the name of the number.
  if (typeof severity === 'string')
    return toLevel(/^SEVERITY_NUMBER_([A-Z]+?)\d?$/.exec(severity)?.[1]);
  if (typeof severity !== 'number' || severity < 1 || severity > 24) return undefined;
  return LEVEL_OF_SEVERITY[Math.floor((severity - 1) / 4)];
}
