import { EVENT_FIELDS } from '../../engine/model/event.js';
import { lowerAscii, splitTokens, type FieldRef, type Filter } from '../../engine/model/filter.js';
import type { SqlParams } from './sql-params.js';

/** The condition on a row of `events` that says what the filter says of an event (engine/filter has the closure). */
export function filterToSql(filter: Filter, params: SqlParams): string {
  switch (filter.kind) {
    case 'all':
      if (filter.parts.length === 0) return '1';
      return filter.parts.map((part) => `(${filterToSql(part, params)})`).join(' AND ');
    case 'not':
      return `NOT (${filterToSql(filter.part, params)})`;
    case 'word':
      return wordToSql(filter.word, params);
    case 'text':
      return `${textSql(filter.field, params)} IN ${params.add('Array(String)', filter.values)}`;
    case 'number':
      // A missing number is NULL, and NULL must not spread into NOT.
      return `ifNull(${numberSql(filter.field)} = ${params.add('Float64', filter.value)}, 0)`;
    case 'regex':
      return `match(${textSql(filter.field, params)}, ${params.add('String', filter.pattern)})`;
    case 'exists':
      return isText(filter.field)
        ? `${textSql(filter.field, params)} != ''`
        : `${numberSql(filter.field)} IS NOT NULL`;
    case 'source':
      return sourceToSql(filter.file, filter.line, params);
  }
}

/** The tokens go to the text index; a word with separators in it is then looked for as it stands. */
function wordToSql(word: string, params: SqlParams): string {
  const tokens = splitTokens(word);
  const hasTokens = `hasAllTokens(lower(message), ${params.add('Array(String)', tokens)})`;
  const wanted = lowerAscii(word);
  if (tokens[0] === wanted) return hasTokens;
  const start = splitTokens(wanted.charAt(0)).length > 0 ? `(?:^|${SEPARATOR})` : '';
  const end = splitTokens(wanted.charAt(wanted.length - 1)).length > 0 ? `(?:$|${SEPARATOR})` : '';
  const pattern = `${start}${wanted.replace(REGEX_SPECIAL, '\\$&')}${end}`;
  return `${hasTokens} AND match(lower(message), ${params.add('String', pattern)})`;
}

/** What parts tokens, as RE2 writes it: every ASCII character but letters and digits. */
const SEPARATOR = '[\\x00-/:-@\\[-`{-\\x7f]';

const REGEX_SPECIAL = /[\\^$.*+?()[\]{}|]/gu;

function sourceToSql(file: string, line: number | null, params: SqlParams): string {
  const path = params.add('String', file);
  const suffix = params.add('String', `/${file}`);
  const isFile = `(file = ${path} OR endsWith(file, ${suffix}))`;
  if (line === null) return isFile;
  return `${isFile} AND ifNull(line = ${params.add('UInt32', line)}, 0)`;
}

/** Column names come from our own list; keys of attrs are values like any other. */
function textSql(field: FieldRef, params: SqlParams): string {
  if (field.kind === 'attr') return `attrs[${params.add('String', field.key)}]`;
  return `\`${field.name}\``;
}

function numberSql(field: FieldRef): string {
  if (field.kind === 'attr') throw new Error('BUG: attrs have no numbers');
  return `toFloat64(\`${field.name}\`)`;
}

function isText(field: FieldRef): boolean {
  return field.kind === 'attr' || EVENT_FIELDS[field.name] === 'string';
}
