import type { EventFields } from '../line-format.js';
import { isObject, toLevel } from './common-names.js';

// OTLP/JSON (opentelemetry-proto, logs): a whole export request a line as the collector's file exporter writes it, or one LogRecord.

export function isOtlp(line: EventFields): boolean {
  return (
    Array.isArray(line['resourceLogs']) ||
    ('timeUnixNano' in line && ('body' in line || 'severityNumber' in line))
  );
}

/** Empty where a request holds no record: the caller keeps the line as text. */
export function eventsOfOtlp(line: EventFields): EventFields[] {
  if (!Array.isArray(line['resourceLogs'])) return [eventOfRecord(line, {}, {})];
  return objectsIn(line, 'resourceLogs').flatMap((resourceLogs) => {
    const { resource } = resourceLogs;
    const ofResource = isObject(resource) ? attributesOf(resource['attributes']) : {};
    return objectsIn(resourceLogs, 'scopeLogs').flatMap((scopeLogs) => {
      const { scope } = scopeLogs;
      const ofScope = isObject(scope) ? scope : {};
      return objectsIn(scopeLogs, 'logRecords').map((record) =>
        eventOfRecord(record, ofResource, ofScope),
      );
    });
  });
}

/** Attributes that the event has a field for. */
const FIELD_OF_ATTRIBUTE: Readonly<Record<string, string>> = {
  'service.name': 'service',
  'host.name': 'host',
  'k8s.node.name': 'node',
  'k8s.pod.name': 'pod',
  'container.name': 'container',
  'k8s.container.name': 'container',
  'code.file.path': 'file',
  'code.filepath': 'file',
  'code.line.number': 'line',
  'code.lineno': 'line',
};

function eventOfRecord(
  record: EventFields,
  ofResource: EventFields,
  ofScope: EventFields,
): EventFields {
  const { timeUnixNano, severityText, severityNumber, body, traceId, spanId, attributes, ...rest } =
    record;
  const event: EventFields = { kind: 'log' };
  const attrs: EventFields = {};
  const put = (field: string, value: unknown): void => {
    if (value !== undefined && value !== '') event[field] = value;
  };
  // What comes later and finds its name taken is kept under a longer one.
  const keep = (origin: string, values: EventFields): void => {
    for (const [name, value] of Object.entries(values)) {
      const field = FIELD_OF_ATTRIBUTE[name];
      if (field !== undefined && !(field in event)) put(field, value);
      else attrs[Object.hasOwn(attrs, name) ? `${origin}.${name}` : name] = value;
    }
  };
  const ts = timeOf(timeUnixNano) ?? timeOf(rest['observedTimeUnixNano']);
  put('ts', ts);
  if (timeUnixNano !== undefined && timeOf(timeUnixNano) === undefined)
    attrs['timeUnixNano'] = timeUnixNano;
  put('level', toLevel(severityText) ?? levelOfNumber(severityNumber));
  if (severityText !== undefined && severityNumber !== undefined)
    attrs['severityNumber'] = severityNumber;
  put('message', isObject(body) ? textOf(plainValue(body)) : textOf(body));
  put('op_id', traceId);
  put('span_id', spanId);
  const { name: module, version, attributes: scopeAttributes } = ofScope;
  put('module', module);
  keep('attributes', attributesOf(attributes));
  keep('record', rest);
  keep('scope', {
    ...(version !== undefined && { 'scope.version': version }),
    ...attributesOf(scopeAttributes),
  });
  keep('resource', ofResource);
  if (Object.keys(attrs).length > 0) event['attrs'] = attrs;
  return event;
}

function timeOf(nanos: unknown): string | undefined {
  if (
    (typeof nanos !== 'string' && typeof nanos !== 'number') ||
    !/^\d{10,19}$/.test(String(nanos))
  )
    return undefined;
  const text = String(nanos).padStart(19, '0');
  if (/^0+$/.test(text)) return undefined;
  return `${new Date(Number(text.slice(0, -9)) * 1000).toISOString().slice(0, 19)}.${text.slice(-9)}Z`;
}

/** Severity numbers come in fours: 1–4 trace, … 21–24 fatal. */
const LEVEL_OF_SEVERITY = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

function levelOfNumber(severity: unknown): string | undefined {
  if (typeof severity !== 'number' || severity < 1 || severity > 24) return undefined;
  return LEVEL_OF_SEVERITY[Math.floor((severity - 1) / 4)];
}

function objectsIn(parent: EventFields, name: string): EventFields[] {
  const list = parent[name];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function attributesOf(attributes: unknown): EventFields {
  if (isObject(attributes)) return attributes;
  if (!Array.isArray(attributes)) return {};
  return Object.fromEntries(
    attributes
      .filter(isObject)
      .map(({ key, value }) => [String(key), isObject(value) ? plainValue(value) : value]),
  );
}

/** AnyValue to a plain value. */
function plainValue(value: EventFields): unknown {
  if ('stringValue' in value) return value['stringValue'];
  if ('intValue' in value) return value['intValue'];
  if ('doubleValue' in value) return value['doubleValue'];
  if ('boolValue' in value) return value['boolValue'];
  if ('bytesValue' in value) return value['bytesValue'];
  const { arrayValue, kvlistValue } = value;
  if (isObject(arrayValue)) return objectsIn(arrayValue, 'values').map(plainValue);
  if (isObject(kvlistValue)) return attributesOf(kvlistValue['values']);
  return value;
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
