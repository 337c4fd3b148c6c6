import { isUtf8 } from 'node:buffer';
import { readJson } from '../edge/topic/read-json.js';
import type { MapRecord } from '../edge/topic/topic-mapper.js';
import { AtbdError } from '../model/error.js';
import { EVENT_FIELDS } from '../model/event.js';
import type { DeadLetter } from '../model/dead-letter.js';
import { OVERSIZED_SAMPLE_BYTES, VALUE_BYTES_MAX } from '../model/limit.js';
import { quoteValue } from '../model/visible-text.js';

/** One `--set`: a field of the event, or a key of its attrs, and what it gets. */
export interface Change {
  readonly field: string;
  readonly value: ChangeValue;
}

type ChangeValue =
  | { readonly kind: 'given'; readonly value: unknown }
  /** Of the letter: its bytes as text, its key, its queue time. */
  | { readonly kind: 'letter'; readonly part: 'raw' | 'key' | 'time' };

/** Why a letter is not sent; they are counted. */
export const REFUSALS = {
  still_dead: 'they would be dead letters again',
  text_unused: 'their text is no JSON object, and no --set keeps it',
  truncated: 'only their first bytes are stored',
  too_large: 'what they would become is too large',
} as const;

export type Refusal = keyof typeof REFUSALS;

/** What a letter becomes. */
export type Repaired =
  | { readonly kind: 'event'; readonly value: Buffer }
  | { readonly kind: 'refused'; readonly why: Refusal };

/**
 * Reads `--set FIELD=VALUE`. A value that is JSON is that (`3`, `true`, `"3"`, `{"a":1}`), anything else is a text; `@raw`, `@key`
 * and `@time` are of the letter. Fields are the event's own, and `attrs.KEY`. Rejects with USAGE_INVALID.
 */
export function parseChange(text: string): Change {
  const at = text.indexOf('=');
  const field = text.slice(0, at);
  if (at < 1) throw usage(`cannot use --set ${quoteValue(text)}: it is not FIELD=VALUE`);
  const isKey = field.startsWith('attrs.') && field.length > 'attrs.'.length;
  const isField = field !== 'attrs' && Object.hasOwn(EVENT_FIELDS, field);
  if (!isKey && !isField) {
    throw usage(`cannot set ${quoteValue(field)}: an event has no such field of its own`);
  }
  return { field, value: parseValue(text.slice(at + 1)) };
}

function parseValue(text: string): ChangeValue {
  if (text === '@raw' || text === '@key' || text === '@time') {
    return { kind: 'letter', part: text.slice(1) as 'raw' | 'key' | 'time' };
  }
  try {
    return { kind: 'given', value: JSON.parse(text) as unknown };
  } catch {
    return { kind: 'given', value: text };
  }
}

function usage(message: string): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message,
    hint: 'For example --set message=@raw --set service=cart --set attrs.region=eu; docs/dead-letters.md has more.',
  });
}

/** How the records of the letter's topic are read, where others fill it. */
type MapOfTopic = MapRecord | undefined;

/**
 * The event that a letter becomes by the changes, or why it becomes none. A letter that is an object keeps what is not set; any other
 * begins empty, so that one of the changes must keep its text (`@raw`), or its key where it has no value. Where others fill the topic,
 * what is sent must be an event by its mapping; one that has been set right since may take the very same bytes.
 */
export function repairLetter(
  letter: DeadLetter,
  changes: readonly Change[],
  map?: MapOfTopic,
): Repaired {
  if (isTruncated(letter)) return { kind: 'refused', why: 'truncated' };
  const repaired = changes.length === 0 ? asItIs(letter, map) : changed(letter, changes);
  if (repaired.kind === 'refused' || map === undefined) return repaired;
  const { key, timeMs: timestampMs, offset } = letter;
  const record = { offset, timestampMs, key, value: repaired.value, headers: undefined };
  return map(record).kind === 'events' ? repaired : { kind: 'refused', why: 'still_dead' };
}

/** The store would judge the same bytes in the same way. */
function asItIs({ reason, raw }: DeadLetter, map: MapOfTopic): Repaired {
  if (map === undefined || reason === 'tombstone') return { kind: 'refused', why: 'still_dead' };
  return { kind: 'event', value: raw };
}

function changed(letter: DeadLetter, changes: readonly Change[]): Repaired {
  const given = objectOf(letter.raw);
  if (given === undefined && !keepsText(letter, changes)) {
    return { kind: 'refused', why: 'text_unused' };
  }
  const event: Record<string, unknown> = given ?? {};
  for (const change of changes) apply(event, change, letter);
  const value = Buffer.from(strictJson(event));
  if (value.length > VALUE_BYTES_MAX) return { kind: 'refused', why: 'too_large' };
  return { kind: 'event', value };
}

function isTruncated({ reason, raw }: DeadLetter): boolean {
  return reason === 'value_too_large' && raw.length <= OVERSIZED_SAMPLE_BYTES;
}

function objectOf(raw: Buffer): Record<string, unknown> | undefined {
  if (!isUtf8(raw)) return undefined;
  // One that is nested too deep for the store is a text here.
  const read = readJson(raw.toString('utf8'));
  return read.kind === 'object' ? { ...read.value } : undefined;
}

function keepsText({ raw }: DeadLetter, changes: readonly Change[]): boolean {
  return changes.some(({ value }) => {
    if (value.kind !== 'letter') return false;
    return value.part === (raw.length === 0 ? 'key' : 'raw');
  });
}

function apply(event: Record<string, unknown>, { field, value }: Change, letter: DeadLetter): void {
  const content = value.kind === 'given' ? value.value : partOf(letter, value.part);
  if (!field.startsWith('attrs.')) {
    define(event, field, content);
    return;
  }
  const attrs = event['attrs'];
  const isMap = typeof attrs === 'object' && attrs !== null && !Array.isArray(attrs);
  const map = isMap ? (attrs as Record<string, unknown>) : {};
  define(map, field.slice('attrs.'.length), content);
  event['attrs'] = map;
}

/** A key such as `__proto__` is a key like any other. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function partOf(letter: DeadLetter, part: 'raw' | 'key' | 'time'): string {
  switch (part) {
    case 'raw':
      return letter.raw.toString('utf8');
    case 'key':
      return letter.key.toString('utf8');
    case 'time':
      return new Date(letter.timeMs).toISOString();
  }
}

/** A lone half of a surrogate pair, as JSON writes it, and any other escape. */
const ESCAPE = /\\(?:ud[89a-f][0-9a-f]{2}|.)/gu;

/** The store's parser refuses a lone half of a surrogate pair, which the language writes as an escape. */
function strictJson(event: Record<string, unknown>): string {
  return JSON.stringify(event).replace(ESCAPE, (escape) =>
    escape.startsWith('\\ud') ? '\ufffd' : escape,
  );
}
