import { EVENT_FIELDS } from '../model/event.js';
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
      return (event) => toNumber(read(event)) === filter.value;
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

function matchAll(matches: readonly Match[]): Match {
  return (event) => {
    for (const match of matches) if (!match(event)) return false;
    return true;
  };
}

function matchExists(field: FieldRef): Match {
  const read = createReadText(field);
  if (field.kind === 'field' && EVENT_FIELDS[field.name] !== 'string') {
    return (event) => toNumber(read(event)) !== undefined;
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
    return line === null || toNumber(textOf(event['line'])) === line;
  };
}

function createReadText(field: FieldRef): (event: ParsedEvent) => string {
  if (field.kind === 'field') {
    const { name } = field;
    return name === 'level'
      ? (event) => lowerAscii(textOf(event[name]))
      : (event) => textOf(event[name]);
  }
  const { key } = field;
  const isOwnField = Object.hasOwn(EVENT_FIELDS, key);
  return (event) => {
    const attrs = event['attrs'];
    if (typeof attrs === 'object' && attrs !== null && Object.hasOwn(attrs, key)) {
      return textOf((attrs as ParsedEvent)[key]);
    }
    // An unknown top-level field lands in attrs when it is stored.
    return isOwnField || !Object.hasOwn(event, key) ? '' : textOf(event[key]);
  };
}

/** A value as the store keeps it in a text column. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : '';
}

function toNumber(text: string): number | undefined {
  if (text.trim() === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
