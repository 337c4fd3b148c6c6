import { AtbdError } from '../model/error.js';
import { readAmount, formatAmount } from '../model/amount.js';
import { EVENT_FIELDS, LEVELS, type Level } from '../model/event.js';
import { splitTokens, type FieldRef, type Filter } from '../model/filter.js';
import { quoteValue } from '../model/visible-text.js';
import { DECIMAL_HINT, nameOfField, textIsOneOf, typeOfField } from './field-condition.js';
import { levelHint, levelNamed } from './level.js';
import { compileRegex } from './regex.js';

/** What the flags of a question say, as they were typed; a flag left out asks nothing. */
export interface FilterInput {
  readonly words?: readonly string[];
  /** Each `warn`, `warn+` (and above) or several parted by commas. */
  readonly levels?: readonly string[];
  /** Per field the values of which one must be there. */
  readonly anyOf?: Readonly<Partial<Record<FieldRefName, readonly string[]>>>;
  /** `FILE`, `FILE:LINE` or `FILE:LINE:COLUMN` (the column is ignored). */
  readonly source?: string;
  /** `key=value`, `key!=value`, `key~=regex` or `key?`. */
  readonly conditions?: readonly string[];
}

type FieldRefName = Extract<FieldRef, { kind: 'field' }>['name'];

/** Reads the flags into one filter; rejects with USAGE_INVALID that says which part and what was likely meant. */
export function parseFilter(input: FilterInput): Filter {
  const parts: Filter[] = [];
  if (input.levels !== undefined && input.levels.length > 0) parts.push(parseLevels(input.levels));
  for (const [name, values] of Object.entries(input.anyOf ?? {})) {
    if (values.length === 0) continue;
    parts.push({ kind: 'text', field: { kind: 'field', name: name as FieldRefName }, values });
  }
  if (input.source !== undefined) parts.push(parseSource(input.source));
  for (const condition of input.conditions ?? []) parts.push(parseCondition(condition));
  for (const word of input.words ?? []) parts.push(parseWord(word));
  return { kind: 'all', parts };
}

/** The field or `attrs` key that a name means; `attrs.NAME` reaches a key that is called like a field. */
export function parseField(name: string): FieldRef {
  if (name.startsWith(ATTRS_PREFIX) && name.length > ATTRS_PREFIX.length) {
    return { kind: 'attr', key: name.slice(ATTRS_PREFIX.length) };
  }
  if (name === 'ts') {
    throw usage('cannot filter by ts', 'Use --from and --to, or --since.');
  }
  if (isFieldName(name)) return { kind: 'field', name };
  if (name === '' || name === 'attrs') {
    throw usage(
      `cannot filter by ${quoteValue(name)}`,
      'Name a field, or a key of attrs as attrs.KEY.',
    );
  }
  return { kind: 'attr', key: name };
}

const ATTRS_PREFIX = 'attrs.';

function isFieldName(name: string): name is FieldRefName {
  return Object.hasOwn(EVENT_FIELDS, name) && name !== 'ts' && name !== 'attrs';
}

function parseLevels(levels: readonly string[]): Filter {
  const names = levels.flatMap((text) => text.split(',')).map((name) => name.trim().toLowerCase());
  const chosen = new Set<Level>();
  for (const name of names) {
    const isOpen = name.endsWith('+');
    const level = parseLevel(isOpen ? name.slice(0, -1) : name);
    const above = LEVELS.slice(LEVELS.indexOf(level));
    for (const each of isOpen ? above : [level]) chosen.add(each);
  }
  const values = LEVELS.filter((level) => chosen.has(level));
  return { kind: 'text', field: { kind: 'field', name: 'level' }, values };
}

function parseLevel(name: string): Level {
  const level = levelNamed(name);
  if (level !== undefined) return level;
  throw usage(
    `cannot read the level ${quoteValue(name)}`,
    `${levelHint(name)}; warn+ means warn and above.`,
  );
}

function parseSource(source: string): Filter {
  const match = /^(?<file>.*?)(?::(?<line>\d{1,9}))?(?::\d+)?$/su.exec(source);
  const file = match?.groups?.['file'] ?? '';
  if (file === '') {
    throw usage(
      `cannot read the source ${quoteValue(source)}: it has no file`,
      'Write it as FILE or FILE:LINE, for example --source payment.js:42.',
    );
  }
  const line = match?.groups?.['line'];
  return { kind: 'source', file, line: line === undefined ? null : Number(line) };
}

function parseWord(word: string): Filter {
  if (splitTokens(word).length > 0) return { kind: 'word', word };
  throw usage(
    `cannot search for the word ${quoteValue(word)}: it has no letter or digit`,
    "For other characters use an expression, for example -f 'message~=\\[\\]'.",
  );
}

const CONDITION_HINT =
  'Write it as key=value, key!=value, key~=regex, or key? (has a value), and quote it for the shell.';

function parseCondition(condition: string): Filter {
  const match = /^(?<key>[^=!~?<>]+)(?:(?<operator>!=|~=|=)(?<value>.*)|(?<exists>\?))$/su.exec(
    condition,
  );
  if (match?.groups === undefined) {
    throw usage(`cannot read the condition ${quoteValue(condition)}`, CONDITION_HINT);
  }
  const { key = '', operator, value = '' } = match.groups;
  const field = parseField(key.trim());
  if (operator === undefined) return { kind: 'exists', field };
  if (operator === '~=') return regexCondition(field, value);
  const equals = equalsCondition(field, value);
  return operator === '=' ? equals : { kind: 'not', part: equals };
}

function equalsCondition(field: FieldRef, value: string): Filter {
  const type = typeOfField(field);
  if (type === 'text') return textIsOneOf(field, [value]);
  if (value === '') return { kind: 'not', part: { kind: 'exists', field } };
  if (!NUMBER.test(value)) {
    throw usage(
      `cannot compare ${nameOfField(field)} with ${quoteValue(value)}: it is a number`,
      `Write a number, for example -f ${nameOfField(field)}=2.`,
    );
  }
  if (type === 'number') return { kind: 'number', field, relation: '=', value: Number(value) };
  const units = readAmount(value);
  if (units !== undefined) {
    return { kind: 'decimal', field, relation: '=', value: formatAmount(units) };
  }
  throw usage(
    `cannot compare ${nameOfField(field)} with ${quoteValue(value)}: it has too many digits`,
    DECIMAL_HINT,
  );
}

function regexCondition(field: FieldRef, pattern: string): Filter {
  if (typeOfField(field) !== 'text') {
    throw usage(
      `cannot match ${nameOfField(field)} against an expression: it is a number`,
      `Compare it, for example -f ${nameOfField(field)}=2.`,
    );
  }
  // Compiled here only to be refused here, with the flag still in sight.
  compileRegex(pattern);
  return { kind: 'regex', field, pattern };
}

/** As JSON writes numbers. */
const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/iu;

function usage(message: string, hint: string): AtbdError {
  return new AtbdError({ code: 'USAGE_INVALID', message, hint });
}
