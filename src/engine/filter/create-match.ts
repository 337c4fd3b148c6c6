import { EVENT_FIELDS, type EventField } from '../model/event.js';
import { lowerAscii, splitTokens, type FieldRef, type Filter } from '../model/filter.js';
import { compileRegex } from './regex.js';

/** An event as JSON.parse gives it: fields may be missing or of any type. */
export type ParsedEvent = Readonly<Record<string, unknown>>;

/** Whether an event passes. */
export type Match = (event: ParsedEvent) => boolean;

/** Compiles a filter to a closure that says of an event what the store would say of its row. */
export function createMatch(filter: Filter): Match {
  switch (filter.kind) {
    case 'all':
      return matchAll(filter.parts.map((part) => createMatch(part)));
    case 'not': {
      const match = createMatch(filter.part);
      return (event) => !match(event);
    }
    case 'word':
      return matchWord(filter.word);
    case 'text': {
      const read = createReadText(filter.field);
      const values = new Set(filter.values);
      return (event) => values.has(read(event));
    }
    case 'number': {
      const read = createReadText(filter.field);
      return (event) => toNumber(read(event), nameOf(filter.field)) === filter.value;
    }
    case 'regex': {
      const read = createReadText(filter.field);
      const test = compileRegex(filter.pattern);
      return (event) => test(read(event));
    }
    case 'exists':
      return matchExists(filter.field);
    case 'source':
      return matchSource(filter.file, filter.line);
  }
}

function nameOf(field: FieldRef): string {
  return field.kind === 'field' ? field.name : field.key;
}

function matchAll(matches: readonly Match[]): Match {
  return (event) => {
    for (const match of matches) if (!match(event)) return false;
    return true;
  };
}

function matchExists(field: FieldRef): Match {
  const read = createReadText(field);
  if (field.kind === 'field' && EVENT_FIELDS[field.name] !== 'string') {
    return (event) => toNumber(read(event), field.name) !== undefined;
  }
  return (event) => read(event) !== '';
}

/** One token: it is among the message's. More: the word's text is there, and no token goes on at either end. */
function matchWord(word: string): Match {
  const wanted = lowerAscii(word);
  const isToken = createIsTokenCharacter();
  const startsWithToken = isToken(wanted, 0);
  const endsWithToken = isToken(wanted, wanted.length - 1);
  return (event) => {
    const message = lowerAscii(textOf(event['message']));
    for (let at = message.indexOf(wanted); at !== -1; at = message.indexOf(wanted, at + 1)) {
      const end = at + wanted.length;
      const isCutBefore = !startsWithToken || at === 0 || !isToken(message, at - 1);
      const isCutAfter = !endsWithToken || end === message.length || !isToken(message, end);
      if (isCutBefore && isCutAfter) return true;
    }
    return false;
  };
}

function createIsTokenCharacter(): (text: string, index: number) => boolean {
  return (text, index) => splitTokens(text.charAt(index)).length > 0;
}

function matchSource(file: string, line: number | null): Match {
  const suffix = `/${file}`;
  return (event) => {
    const path = textOf(event['file']);
    if (path !== file && !path.endsWith(suffix)) return false;
    return line === null || toNumber(textOf(event['line']), 'line') === line;
  };
}

function createReadText(field: FieldRef): (event: ParsedEvent) => string {
  if (field.kind === 'attr') return createReadAttr(field.key);
  const { name } = field;
  if (name === 'level') return (event) => lowerAscii(textOf(event[name]));
  if (name === 'kind') return kindOf;
  if (name === 'type') return typeOf;
  return (event) => textOf(event[name]);
}

/** The kind, or what the store makes of its absence. */
function kindOf(event: ParsedEvent): string {
  const kind = lowerAscii(textOf(event['kind']));
  if (kind !== '') return kind;
  const type = textOf(event['type']);
  if (type === 'request') return 'span';
  if (type === 'metric') return 'metric';
  return type === '' || type === 'log' ? 'log' : 'record';
}

function typeOf(event: ParsedEvent): string {
  const type = textOf(event['type']);
  return type === '' && kindOf(event) === 'log' ? 'log' : type;
}

/** Unknown top-level fields land in attrs when they are stored; of two with one key the first counts. */
function createReadAttr(key: string): (event: ParsedEvent) => string {
  const isOwnField = Object.hasOwn(EVENT_FIELDS, key);
  return (event) => {
    for (const name in event) {
      if (name === key && !isOwnField) return attrText(event[name]);
      const attrs = event[name];
      if (name !== 'attrs' || typeof attrs !== 'object' || attrs === null) continue;
      if (!Array.isArray(attrs) && Object.hasOwn(attrs, key)) {
        return attrText((attrs as ParsedEvent)[key]);
      }
    }
    return isOwnField ? unreadableNumber(event, key) : '';
  };
}

/** A number that cannot be read stays in attrs under its name. */
function unreadableNumber(event: ParsedEvent, key: string): string {
  const type = EVENT_FIELDS[key as EventField];
  const isNumber = type === 'integer' || type === 'number' || type === 'decimal';
  const text = isNumber ? textOf(event[key]) : '';
  return toNumber(text, key) === undefined ? text : '';
}

/** As attrs keep it: JSON's null as the word. */
function attrText(value: unknown): string {
  return value === null ? 'null' : textOf(value);
}

/** A value as the store keeps it in a text column. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : '';
}

/** A text as the store converts it to the field's number; undefined where it cannot. */
function toNumber(text: string, name: string): number | undefined {
  const type = EVENT_FIELDS[name as EventField];
  if (type === 'integer') {
    const value = /^\+?\d+$/u.test(text) ? Number(text) : NaN;
    return value <= UINT32_MAX ? value : undefined;
  }
  const shape = type === 'decimal' ? DECIMAL : FLOAT;
  return shape.test(text) ? Number(text) : undefined;
}

const UINT32_MAX = 2 ** 32 - 1;
const DECIMAL = /^-?\d{1,28}(?:\.\d{1,9})?$/u;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu;
