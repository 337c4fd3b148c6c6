import { LEVELS, type EventField } from '../../model/event.js';
import type { EventFields } from '../line-format.js';

/**
 * The names that loggers in the wild give to what the event calls by one name, the likeliest first.
 * Dotted names are looked up nested as well. docs/ingest.md shows this table.
 */
export const COMMON_NAMES: Readonly<Partial<Record<EventField, readonly string[]>>> = {
  ts: ['ts', 'timestamp', '@timestamp', 'time', 'asctime', 'datetime', 'eventTime'],
  level: [
    'level',
    'severity',
    'severityText',
    'severity_text',
    'levelname',
    'log.level',
    'loglevel',
    'lvl',
  ],
  message: ['message', 'msg', 'body', 'event'],
  service: ['service', 'service.name', 'service_name', 'serviceName', 'app', 'application'],
  host: ['host', 'hostname', 'host.name'],
  pod: ['pod', 'k8s.pod.name', 'kubernetes.pod.name', 'kubernetes.pod_name', 'pod_name'],
  node: ['node', 'k8s.node.name', 'kubernetes.node.name', 'kubernetes.host'],
  container: ['container', 'container.name', 'k8s.container.name', 'kubernetes.container_name'],
  module: ['module', 'logger', 'logger_name', 'loggerName', 'log.logger'],
  file: [
    'file',
    'filename',
    'code.file.path',
    'code.filepath',
    'log.origin.file.name',
    'source.file',
    'caller.file',
  ],
  line: [
    'line',
    'lineno',
    'line_number',
    'code.line.number',
    'code.lineno',
    'log.origin.file.line',
    'source.line',
  ],
  op_id: [
    'op_id',
    'trace_id',
    'traceId',
    'trace.id',
    'traceid',
    'x-request-id',
    'request_id',
    'requestId',
    'correlation_id',
    'correlationId',
    'reqId',
    'req.id',
  ],
  span_id: ['span_id', 'spanId', 'span.id'],
  parent_id: ['parent_id', 'parentId', 'parent_span_id', 'parentSpanId', 'parent.id'],
  duration_ms: ['duration_ms', 'durationMs'],
  user_id: ['user_id', 'userId', 'user.id'],
  session_id: ['session_id', 'sessionId', 'session.id'],
  order_id: ['order_id', 'orderId'],
  product_id: ['product_id', 'productId'],
};

/** pino's and bunyan's numbers. */
const LEVEL_OF_NUMBER: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** Other words for our levels. */
const LEVEL_OF_WORD: Readonly<Record<string, string>> = {
  warning: 'warn',
  err: 'error',
  critical: 'fatal',
  crit: 'fatal',
  emerg: 'fatal',
  emergency: 'fatal',
  alert: 'fatal',
  panic: 'fatal',
  dpanic: 'fatal',
  notice: 'info',
  information: 'info',
  informational: 'info',
  verbose: 'debug',
  severe: 'error',
  fine: 'debug',
  finer: 'debug',
  finest: 'trace',
  success: 'info',
};

const LEVELS_OF_OURS: ReadonlySet<string> = new Set(LEVELS);

/** A level in our words; a word that is not known stays, in lower case. */
export function toLevel(value: unknown): string | undefined {
  if (typeof value === 'string' && LEVELS_OF_OURS.has(value)) return value;
  if (typeof value === 'number') return LEVEL_OF_NUMBER[value] ?? levelBetween(value);
  if (typeof value !== 'string' || value === '') return undefined;
  const word = value.trim().toLowerCase();
  if (/^\d{2}$/.test(word)) return toLevel(Number(word));
  return LEVEL_OF_WORD[word] ?? word;
}

/** pino lets services add levels of their own: the next lower known one says what it is. */
function levelBetween(value: number): string | undefined {
  return LEVEL_OF_NUMBER[Math.min(60, Math.floor(value / 10) * 10)];
}

export function isObject(value: unknown): value is EventFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
