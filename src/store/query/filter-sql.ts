import { EVENT_FIELDS } from '../../engine/model/event.js';
import {
  lowerAscii,
  splitTokens,
  type FieldRef,
  type Filter,
  type TextPlace,
} from '../../engine/model/filter.js';
import { instantSql, type SqlParams } from './sql-params.js';

/** The condition on a row of `events` that says what the filter says of an event (engine/filter has the closure). */
export function filterToSql(filter: Filter, params: SqlParams): string {
  switch (filter.kind) {
    case 'all':
      if (filter.parts.length === 0) return '1';
      return filter.parts.map((part) => `(${filterToSql(part, params)})`).join(' AND ');
    case 'any':
      if (filter.parts.length === 0) return '0';
      return filter.parts.map((part) => `(${filterToSql(part, params)})`).join(' OR ');
    case 'not':
      return `NOT (${filterToSql(filter.part, params)})`;
    case 'word':
      return wordToSql(filter.word, params);
    case 'text':
      return `${textSql(filter.field, params)} IN ${params.add('Array(String)', filter.values)}`;
    case 'part':
      return partToSql(filter, params);
    case 'number': {
      // A missing number is NULL, and NULL must not spread into NOT.
      const number = numberSql(filter.field, params);
      return `ifNull(${number} ${filter.relation} ${params.add('Float64', filter.value)}, 0)`;
    }
    case 'decimal': {
      const value = params.add('Decimal(38, 9)', filter.value);
      return `ifNull(${decimalSql(filter.field)} ${filter.relation} ${value}, 0)`;
    }
    case 'time':
      return `ts ${filter.relation} ${instantSql(filter.ns, params)}`;
    case 'regex':
      return `match(${textSql(filter.field, params)}, ${params.add('String', filter.pattern)})`;
    case 'exists':
      return isText(filter.field)
        ? `${textSql(filter.field, params)} != ''`
        : `${numberSql(filter.field, params)} IS NOT NULL`;
    case 'source':
      return sourceToSql(filter.file, filter.line, params);
  }
}

function partToSql(
  { field, place, text }: { field: FieldRef; place: TextPlace; text: string },
  params: SqlParams,
): string {
  const pair = `(${textSql(field, params)}, ${params.add('String', text)})`;
  switch (place) {
    case 'start':
      return `startsWith${pair}`;
    case 'end':
      return `endsWith${pair}`;
    case 'anywhere':
      return `position${pair} > 0`;
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

function numberSql(field: FieldRef, params: SqlParams): string {
  if (field.kind === 'field') return `toFloat64(\`${field.name}\`)`;
  // 'nan' and 'inf' are numbers to the parser, and none to us: as for the event's own numbers.
  const number = `toFloat64OrNull(${textSql(field, params)})`;
  return `if(isFinite(${number}), ${number}, NULL)`;
}

/** As it is stored: nothing is rounded. */
function decimalSql(field: FieldRef): string {
  if (field.kind === 'field' && EVENT_FIELDS[field.name] === 'decimal') return `\`${field.name}\``;
  throw new Error('BUG: only an amount is a decimal');
}

function isText(field: FieldRef): boolean {
  return field.kind === 'attr' || EVENT_FIELDS[field.name] === 'string';
}
