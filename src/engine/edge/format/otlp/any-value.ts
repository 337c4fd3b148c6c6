import type { EventFields } from '../../line-format.js';
import { isObject } from '../common-names.js';

// OTLP/JSON: what all three signals have in common. Integers of 64 bits are texts, identifiers are hexadecimal.

/** Nanoseconds since 1970, as text or number; undefined where that says nothing. */
export function timeOf(nanos: unknown): string | undefined {
  if (
    (typeof nanos !== 'string' && typeof nanos !== 'number') ||
    !/^\d{10,19}$/.test(String(nanos))
  )
    return undefined;
  const text = String(nanos).padStart(19, '0');
  if (/^0+$/.test(text)) return undefined;
  return `${new Date(Number(text.slice(0, -9)) * 1000).toISOString().slice(0, 19)}.${text.slice(-9)}Z`;
}

/** A list's objects; what else is in it is no message of the protocol. */
export function objectsIn(parent: EventFields, name: string): EventFields[] {
  const list = parent[name];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** A list of keys and values as an object. */
export function attributesOf(attributes: unknown): EventFields {
  if (isObject(attributes)) return attributes;
  if (!Array.isArray(attributes)) return {};
  return Object.fromEntries(
    attributes
      .filter(isObject)
      .map(({ key, value }) => [String(key), isObject(value) ? plainValue(value) : value]),
  );
}

/** AnyValue to a plain value. */
export function plainValue(value: EventFields): unknown {
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

/** A value as a message. */
export function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
