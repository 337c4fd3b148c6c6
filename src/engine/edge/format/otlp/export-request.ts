import type { EventFields } from '../../line-format.js';
import { eventOfLogRecord } from './log-record.js';
import { eventsOfMetric } from './metric-point.js';
import { messagesIn, NO_ORIGIN, type SignalLists } from './origin.js';
import { eventOfSpan } from './span.js';

// OTLP/JSON (opentelemetry-proto): a whole export request, as the collector's exporters write it.

const LOGS = { resources: 'resourceLogs', scopes: 'scopeLogs', messages: 'logRecords' };
const TRACES = { resources: 'resourceSpans', scopes: 'scopeSpans', messages: 'spans' };
const METRICS = { resources: 'resourceMetrics', scopes: 'scopeMetrics', messages: 'metrics' };

/** A request of logs, or one LogRecord by itself. */
export function isOtlpLog(line: EventFields): boolean {
  return (
    Array.isArray(line[LOGS.resources]) ||
    ('timeUnixNano' in line && ('body' in line || 'severityNumber' in line))
  );
}

/** A request's log records; empty where it holds none: the caller keeps the line as text. */
export function eventsOfOtlpLog(line: EventFields): EventFields[] {
  if (!Array.isArray(line[LOGS.resources])) return [eventOfLogRecord(line, NO_ORIGIN)];
  return [...logsIn(line)];
}

/** Whether it is an export request of any signal. */
export function isExportRequest(value: EventFields): boolean {
  return [LOGS, TRACES, METRICS].some(({ resources }: SignalLists) =>
    Array.isArray(value[resources]),
  );
}

/**
 * Log records, spans and data points in the request's own order, one by one: what each carries of its resource is copied, so a small
 * request can become very many bytes, and the caller may stop.
 */
export function* eventsOfRequest(request: EventFields): Generator<EventFields> {
  yield* logsIn(request);
  for (const { message, origin } of messagesIn(request, TRACES)) yield eventOfSpan(message, origin);
  for (const { message, origin } of messagesIn(request, METRICS))
    yield* eventsOfMetric(message, origin);
}

function* logsIn(request: EventFields): Generator<EventFields> {
  for (const { message, origin } of messagesIn(request, LOGS))
    yield eventOfLogRecord(message, origin);
}
