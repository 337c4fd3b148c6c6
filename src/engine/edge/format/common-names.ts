import { EVENT_FIELDS, EVENT_KINDS, type EventField } from '../../model/event.js';
import type { EventFields } from '../line-format.js';
import type { ParseTime } from '../parse-time.js';

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

/** A level in our words; a word that is not known stays, in lower case. */
export function toLevel(value: unknown): string | undefined {
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

/** The dotted names, split once: this is the hot path of foreign logs. */
const PATHS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.values(COMMON_NAMES)
    .flat()
    .filter((name) => name.includes('.'))
    .map((name) => [name, name.split('.')]),
);

/** Takes values out of a parsed line one by one; what nobody took is what goes to attrs. */
export class Taker {
  readonly #line: EventFields;
  readonly #taken = new Set<string>();

  constructor(line: EventFields) {
    this.#line = line;
  }

  /** The first of these names that has a value `isFit`; nested values by their dotted name. */
  take<T>(names: readonly string[], toValue: (value: unknown) => T | undefined): T | undefined {
    for (const name of names) {
      if (this.#taken.has(name)) continue;
      const value = toValue(this.#at(name));
      if (value === undefined) continue;
      this.#taken.add(name);
      return value;
    }
    return undefined;
  }

  /** Everything that was not taken; of a nested object what is left of it. */
  rest(): EventFields {
    // Without a prototype, a field called `__proto__` is a field like any other.
    const rest = Object.create(null) as EventFields;
    for (const [name, value] of Object.entries(this.#line)) {
      if (this.#taken.has(name)) continue;
      const left = this.#leftOf(name, value);
      if (left !== undefined) rest[name] = left;
    }
    return rest;
  }

  #at(name: string): unknown {
    if (Object.hasOwn(this.#line, name)) return this.#line[name];
    const path = PATHS.get(name);
    if (path === undefined) return undefined;
    let at: unknown = this.#line;
    for (const part of path) {
      if (!isObject(at) || !Object.hasOwn(at, part)) return undefined;
      at = at[part];
    }
    return at;
  }

  #hasTakenFrom(path: string): boolean {
    for (const name of this.#taken) if (name.startsWith(`${path}.`)) return true;
    return false;
  }

  #leftOf(path: string, value: unknown): unknown {
    if (!isObject(value) || !this.#hasTakenFrom(path)) return value;
    const left = Object.entries(value).flatMap(([name, inner]) => {
      const inside = `${path}.${name}`;
      if (this.#taken.has(inside)) return [];
      const rest = this.#leftOf(inside, inner);
      return rest === undefined ? [] : [[name, rest] as const];
    });
    return left.length === 0 ? undefined : Object.fromEntries(left);
  }
}

export function isObject(value: unknown): value is EventFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const asText = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
};

const asNumber = (value: unknown): number | undefined => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : undefined;
};

/** The event of a JSON line of any logger: the common names are mapped, the rest goes to attrs, nothing is dropped. */
export function mapCommonNames(line: EventFields, parseTime: ParseTime): EventFields {
  const taker = new Taker(line);
  const event: EventFields = {};
  const put = (field: string, value: unknown): void => {
    if (value !== undefined) event[field] = value;
  };
  put('ts', taker.take(COMMON_NAMES.ts ?? [], parseTime));
  put('kind', taker.take(['kind'], asKind));
  put('level', taker.take(COMMON_NAMES.level ?? [], toLevel));
  const caller = taker.take(['caller', 'source'], asCaller);
  if (caller !== undefined) Object.assign(event, caller);
  for (const [field, type] of Object.entries(EVENT_FIELDS)) {
    if (
      field in event ||
      field === 'attrs' ||
      field === 'kind' ||
      field === 'ts' ||
      field === 'level'
    )
      continue;
    const isNumber = type === 'integer' || type === 'number';
    const names = COMMON_NAMES[field as EventField] ?? [field];
    put(field, isNumber ? taker.take(names, asNumber) : taker.take(names, asText));
  }
  putName(event, line, taker);
  const attrs = attrsOf(taker.rest());
  if (Object.keys(attrs).length > 0) event['attrs'] = attrs;
  return event;
}

const asKind = (value: unknown): string | undefined => EVENT_KINDS.find((kind) => kind === value);

/** pino and bunyan (numbers as levels) call the service `name`; everybody else means the logger. */
function putName(event: EventFields, line: EventFields, taker: Taker): void {
  const field = typeof line['level'] === 'number' ? 'service' : 'module';
  if (field in event) return;
  const name = taker.take(['name'], asText);
  if (name !== undefined) event[field] = name;
}

/** zap's `caller`: "order/pay.go:12". */
function asCaller(value: unknown): { file: string; line: number } | undefined {
  const match = typeof value === 'string' ? /^(.+):(\d{1,9})$/.exec(value) : null;
  return match?.[1] === undefined ? undefined : { file: match[1], line: Number(match[2]) };
}

/** The line's own `attrs` object is not nested a second time; where a name is in both, its own is called `attrs.name`. */
function attrsOf(rest: EventFields): EventFields {
  const { attrs, ...others } = rest;
  if (!isObject(attrs)) return rest;
  const own = Object.entries(attrs).map(([name, value]) => [
    Object.hasOwn(others, name) ? `attrs.${name}` : name,
    value,
  ]);
  return { ...(Object.fromEntries(own) as EventFields), ...others };
}
