import { EVENT_FIELDS, EVENT_KINDS, type EventField } from '../../model/event.js';
import { INTEGER_MAX } from '../event-json.js';
import type { EventFields } from '../line-format.js';
import type { ParseTime } from '../parse-time.js';
import { setOwn } from '../set-own.js';
import { COMMON_NAMES, isObject, toLevel } from './common-names.js';

// This is the hot path of foreign logs: what can be known before the first line is prepared once, and a line's names are
// looked up one by one in a map, instead of each known name in the line.

/** A value of the line as a field has it; undefined where it does not fit. */
type Convert = (value: unknown, parseTime: ParseTime) => unknown;

/** What a name means: the field (by its index), and how likely it is among the names of that field (0 first). */
interface Slot {
  readonly field: number;
  readonly rank: number;
  readonly convert: Convert;
}

/** `k8s.pod.name`, found nested: below `k8s`, by `pod` and `name`. */
interface NestedSlot extends Slot {
  readonly name: string;
  readonly path: readonly string[];
}

/** The best value for a field so far, and under which name it stands. */
interface Found {
  readonly rank: number;
  readonly name: string;
  readonly isNested: boolean;
  readonly value: unknown;
}

const asText: Convert = (value) => {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
};

const asNumber: Convert = (value) => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || !/^-?\d+(?:\.\d+)?$/.test(value)) return undefined;
  const number = Number(value);
  // The text of what a number cannot hold: the store reads it, or keeps it beside the field.
  return Math.abs(number) < INTEGER_MAX ? number : value;
};

const asKind: Convert = (value) => EVENT_KINDS.find((kind) => kind === value);

/** zap's `caller`: "order/pay.go:12". */
const asCaller: Convert = (value) => {
  const match = typeof value === 'string' ? /^(.+):(\d{1,9})$/.exec(value) : null;
  return match?.[1] === undefined ? undefined : { file: match[1], line: Number(match[2]) };
};

function convertOf(field: EventField): Convert {
  if (field === 'ts') return (value, parseTime) => parseTime(value);
  if (field === 'kind') return asKind;
  if (field === 'level') return toLevel;
  const type = EVENT_FIELDS[field];
  return type === 'integer' || type === 'number' ? asNumber : asText;
}

/** Stands behind the fields: it gives two of them. */
const CALLER = 'caller';
const CALLER_NAMES = [CALLER, 'source'];

const FIELDS = (Object.keys(EVENT_FIELDS) as EventField[]).filter((field) => field !== 'attrs');
const CALLER_INDEX = FIELDS.length;
const FILE_INDEX = FIELDS.indexOf('file');
const LINE_INDEX = FIELDS.indexOf('line');
const SERVICE_INDEX = FIELDS.indexOf('service');
const MODULE_INDEX = FIELDS.indexOf('module');

const SLOTS: ReadonlyMap<string, Slot> = new Map([
  ...FIELDS.flatMap((field, index) =>
    (COMMON_NAMES[field] ?? [field]).map(
      (name, rank) => [name, { field: index, rank, convert: convertOf(field) }] as const,
    ),
  ),
  ...CALLER_NAMES.map(
    (name, rank) => [name, { field: CALLER_INDEX, rank, convert: asCaller }] as const,
  ),
]);

/** The dotted names by their first part. */
const NESTED: ReadonlyMap<string, readonly NestedSlot[]> = groupNested();

function groupNested(): Map<string, NestedSlot[]> {
  const groups = new Map<string, NestedSlot[]>();
  for (const [name, slot] of SLOTS) {
    const [first, ...path] = name.split('.');
    if (first === undefined || path.length === 0) continue;
    groups.set(first, [...(groups.get(first) ?? []), { ...slot, name, path }]);
  }
  return groups;
}

/** A line's event, and whether it names a time that cannot be read: then it has none. */
export interface MappedLine {
  readonly event: EventFields;
  readonly isTimeUnread: boolean;
}

/** The event of a JSON line of any logger: the common names are mapped, the rest goes to attrs, nothing is dropped. */
export function mapCommonNames(line: EventFields, parseTime: ParseTime): MappedLine {
  const found = findFields(line, parseTime);
  const caller = found[CALLER_INDEX]?.value as { file: string; line: number } | undefined;
  if (caller !== undefined) {
    // What else names file and line is kept as it is.
    found[FILE_INDEX] = undefined;
    found[LINE_INDEX] = undefined;
  }
  const isNameTaken = findName(line, found, parseTime);
  const event: EventFields = {};
  for (let index = 0; index < CALLER_INDEX; index++) {
    const name = FIELDS[index];
    const value = found[index]?.value;
    if (name !== undefined && value !== undefined) event[name] = value;
  }
  if (caller !== undefined) Object.assign(event, caller);
  const attrs = attrsOf(line, found, isNameTaken);
  if (attrs !== undefined) event['attrs'] = attrs;
  return { event, isTimeUnread: event['ts'] === undefined && namesTime(line) };
}

function findFields(line: EventFields, parseTime: ParseTime): (Found | undefined)[] {
  const found = new Array<Found | undefined>(CALLER_INDEX + 1);
  for (const name in line) {
    const value = line[name];
    const slot = SLOTS.get(name);
    if (slot !== undefined) offer(found, slot, { name, isNested: false, value }, parseTime);
    if (typeof value === 'object' && value !== null) findNested(line, name, found, parseTime);
  }
  return found;
}

/** Values by their dotted names; a name that the line also has flat is meant flat. */
function findNested(
  line: EventFields,
  first: string,
  found: (Found | undefined)[],
  parseTime: ParseTime,
): void {
  for (const slot of NESTED.get(first) ?? []) {
    if (Object.hasOwn(line, slot.name)) continue;
    const value = valueAt(line[first], slot.path);
    if (value !== undefined)
      offer(found, slot, { name: slot.name, isNested: true, value }, parseTime);
  }
}

function valueAt(from: unknown, path: readonly string[]): unknown {
  let at = from;
  for (const part of path) {
    if (!isObject(at) || !Object.hasOwn(at, part)) return undefined;
    at = at[part];
  }
  return at;
}

/** Takes the value when it fits and no likelier name has one. */
function offer(
  found: (Found | undefined)[],
  { field, rank, convert }: Slot,
  { name, isNested, value }: Omit<Found, 'rank'>,
  parseTime: ParseTime,
): void {
  const known = found[field];
  if (known !== undefined && known.rank <= rank) return;
  const fit = convert(value, parseTime);
  if (fit !== undefined) found[field] = { rank, name, isNested, value: fit };
}

/** pino and bunyan (numbers as levels) call the service `name`; everybody else means the logger. Whether it was taken. */
function findName(line: EventFields, found: (Found | undefined)[], parseTime: ParseTime): boolean {
  if (!Object.hasOwn(line, 'name')) return false;
  const index = typeof line['level'] === 'number' ? SERVICE_INDEX : MODULE_INDEX;
  const value = asText(line['name'], parseTime);
  if (found[index] !== undefined || value === undefined) return false;
  found[index] = { rank: 0, name: 'name', isNested: false, value };
  return true;
}

const TIME_NAMES = COMMON_NAMES.ts ?? [];

function namesTime(line: EventFields): boolean {
  return TIME_NAMES.some((name) => line[name] !== undefined && line[name] !== null);
}

/** What nobody took; undefined when that is nothing. */
function attrsOf(
  line: EventFields,
  found: readonly (Found | undefined)[],
  isNameTaken: boolean,
): EventFields | undefined {
  const rest: EventFields = {};
  let count = 0;
  for (const name in line) {
    const slot = SLOTS.get(name);
    const taken = slot === undefined ? undefined : found[slot.field];
    if (taken?.name === name && !taken.isNested) continue;
    if (isNameTaken && name === 'name') continue;
    const left = leftOf(name, line[name], found);
    if (left === undefined) continue;
    count += 1;
    setOwn(rest, name, left);
  }
  if (count === 0) return undefined;
  return isObject(rest['attrs']) ? unnest(rest, rest['attrs']) : rest;
}

/** Of a nested object what nobody took; undefined when that is nothing. */
function leftOf(first: string, value: unknown, found: readonly (Found | undefined)[]): unknown {
  const slots = typeof value === 'object' && value !== null ? NESTED.get(first) : undefined;
  if (slots === undefined) return value;
  const taken = slots.filter(({ field, name }) => {
    const at = found[field];
    return at?.name === name && at.isNested;
  });
  return taken.reduce<unknown>((left, { path }) => without(left, path), value);
}

/** The object without the value at the path, and without objects that are empty then. */
function without(value: unknown, [first, ...path]: readonly string[]): unknown {
  if (first === undefined || !isObject(value)) return undefined;
  const inner = without(value[first], path);
  const entries = Object.entries(value).flatMap(([name, at]) => {
    if (name !== first) return [[name, at] as const];
    return inner === undefined ? [] : [[name, inner] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** The line's own `attrs` object is not nested a second time; where a name is in both, its own is called `attrs.name`. */
function unnest(rest: EventFields, attrs: EventFields): EventFields | undefined {
  const { attrs: _attrs, ...others } = rest;
  const own = Object.entries(attrs).map(([name, value]) => [
    Object.hasOwn(others, name) ? `attrs.${name}` : name,
    value,
  ]);
  const whole = { ...(Object.fromEntries(own) as EventFields), ...others };
  return Object.keys(whole).length === 0 ? undefined : whole;
}
