import { parseAmount } from '../model/amount.js';
import {
  lowerAscii,
  splitTokens,
  type FieldRef,
  type Filter,
  type Relation,
  type TextPlace,
} from '../model/filter.js';
import {
  createReadDecimal,
  createReadNumber,
  createReadText,
  isTextField,
  readTime,
  textOf,
  type Arrival,
  type ParsedEvent,
  type Read,
} from './read-field.js';
import { compileRegex } from './regex.js';

/** Whether an event passes. A filter that asks for times needs to know when the event arrived. */
export type Match = (event: ParsedEvent, arrival?: Arrival) => boolean;

/** Compiles a filter to a closure that says of an event what the store would say of its row. */
export function createMatch(filter: Filter): Match {
  switch (filter.kind) {
    case 'all':
      return matchAll(filter.parts.map((part) => createMatch(part)));
    case 'any':
      return matchAny(filter.parts.map((part) => createMatch(part)));
    case 'not': {
      const match = createMatch(filter.part);
      return (event, arrival) => !match(event, arrival);
    }
    case 'word':
      return matchWord(filter.word);
    case 'text': {
      const read = createReadText(filter.field);
      const values = new Set(filter.values);
      return (event, arrival) => values.has(read(event, arrival));
    }
    case 'part':
      return matchPart(filter.field, filter.place, filter.text);
    case 'number':
      return matchRelation(createReadNumber(filter.field), filter.relation, filter.value);
    case 'decimal':
      return matchRelation(
        createReadDecimal(filter.field),
        filter.relation,
        parseAmount(filter.value),
      );
    case 'time':
      return matchRelation(readTime, filter.relation, filter.ns);
    case 'regex': {
      const read = createReadText(filter.field);
      const test = compileRegex(filter.pattern);
      return (event, arrival) => test(read(event, arrival));
    }
    case 'exists':
      return matchExists(filter.field);
    case 'source':
      return matchSource(filter.file, filter.line);
  }
}

function matchAll(matches: readonly Match[]): Match {
  return (event, arrival) => {
    for (const match of matches) if (!match(event, arrival)) return false;
    return true;
  };
}

function matchAny(matches: readonly Match[]): Match {
  return (event, arrival) => {
    for (const match of matches) if (match(event, arrival)) return true;
    return false;
  };
}

/** What has no value stands in no relation, not even to itself. */
function matchRelation<T extends number | bigint>(
  read: Read<T | undefined>,
  relation: Relation,
  value: T,
): Match {
  const holds = relationOf<T>(relation);
  return (event, arrival) => {
    const found = read(event, arrival);
    return found !== undefined && holds(found, value);
  };
}

function relationOf<T extends number | bigint>(relation: Relation): (a: T, b: T) => boolean {
  switch (relation) {
    case '=':
      return (a, b) => a === b;
    case '<':
      return (a, b) => a < b;
    case '<=':
      return (a, b) => a <= b;
    case '>':
      return (a, b) => a > b;
    case '>=':
      return (a, b) => a >= b;
  }
}

function matchPart(field: FieldRef, place: TextPlace, text: string): Match {
  const read = createReadText(field);
  switch (place) {
    case 'start':
      return (event, arrival) => read(event, arrival).startsWith(text);
    case 'end':
      return (event, arrival) => read(event, arrival).endsWith(text);
    case 'anywhere':
      return (event, arrival) => read(event, arrival).includes(text);
  }
}

function matchExists(field: FieldRef): Match {
  if (isTextField(field)) {
    const read = createReadText(field);
    return (event, arrival) => read(event, arrival) !== '';
  }
  const read = createReadNumber(field);
  return (event, arrival) => read(event, arrival) !== undefined;
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
  const readLine = createReadNumber({ kind: 'field', name: 'line' });
  return (event, arrival) => {
    const path = textOf(event['file']);
    if (path !== file && !path.endsWith(suffix)) return false;
    return line === null || readLine(event, arrival) === line;
  };
}
