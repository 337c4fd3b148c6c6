import type { EventFields } from './line-format.js';

/** Sets a field whose name is somebody else's: one called `__proto__` is a field like any other. */
export function setOwn(fields: EventFields, name: string, value: unknown): void {
  if (name !== '__proto__') fields[name] = value;
  else Object.defineProperty(fields, name, { value, enumerable: true, configurable: true });
}
