import type { ASTNode } from '@marcbachmann/cel-js';
import { readAmount, formatAmount } from '../../model/amount.js';
import { LEVELS } from '../../model/event.js';
import { lowerAscii, MATCH_NONE, type Filter, type Relation } from '../../model/filter.js';
import { quoteValue } from '../../model/visible-text.js';
import { DECIMAL_HINT, textIsOneOf } from '../field-condition.js';
import { levelHint, levelNamed } from '../level.js';
import { readOperand, type Asked, type Given, type Operand } from './operand.js';
import type { Refuse } from './refusal.js';

type Comparison = ASTNode & { readonly op: '==' | '!=' | '<' | '<=' | '>' | '>=' };

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

export function isComparison(node: ASTNode): node is Comparison {
  return COMPARISONS.has(node.op);
}

/** `FIELD < VALUE` and its kin, either way round. */
export function readComparison(node: Comparison, refuse: Refuse): Filter {
  const left = readOperand(node.args[0], refuse);
  const right = readOperand(node.args[1], refuse);
  const { op } = node;
  if (isAsked(left) === isAsked(right)) {
    throw refuse(
      node,
      isAsked(left)
        ? `${left.name} and ${(right as Asked).name} are both of the event`
        : 'neither side is of the event',
      'Compare a field with a value: duration_ms > 2000.',
    );
  }
  const [asked, given] = isAsked(left) ? [left, right as Given] : [right as Asked, left];
  if (op === '!=') return { kind: 'not', part: relate(asked, '=', given, refuse) };
  const relation = op === '==' ? '=' : op;
  return relate(asked, isAsked(left) ? relation : MIRRORED[relation], given, refuse);
}

/** `FIELD in [VALUE, …]`, and `"KEY" in attrs`. */
export function readMembership(node: ASTNode & { readonly op: 'in' }, refuse: Refuse): Filter {
  const [left, right] = node.args;
  if (right.op === 'id' && right.args === 'attrs' && !refuse.vocabulary)
    return readKeyInAttrs(left, refuse);
  if (right.op !== 'list') {
    const isText = left.op === 'value' && typeof left.args === 'string';
    const hint = isText
      ? 'A part of a text is asked by contains: message.contains("timeout").'
      : 'Write the values in brackets: service in ["order", "payment"].';
    throw refuse(right, 'this is no list of values', hint);
  }
  const asked = readAskedSide(left, refuse);
  const parts = right.args.map((item) => {
    const given = readOperand(item, refuse);
    if (!isAsked(given)) return relate(asked, '=', given, refuse);
    throw refuse(item, `${given.name} is no value`, 'A list has values only, texts in quotes.');
  });
  return anyOf(parts);
}

function readAskedSide(node: ASTNode, refuse: Refuse): Asked {
  const operand = readOperand(node, refuse);
  if (isAsked(operand)) return operand;
  throw refuse(node, 'this is not of the event', 'Name a field: service in ["order", "payment"].');
}

function readKeyInAttrs(node: ASTNode, refuse: Refuse): Filter {
  const key = readOperand(node, refuse);
  if (key.kind === 'text') return { kind: 'exists', field: { kind: 'attr', key: key.value } };
  throw refuse(node, 'a key of attrs is a text in quotes', 'Write "some key" in attrs.');
}

/** Texts of one field are looked up at once, however many there are. */
function anyOf(parts: readonly Filter[]): Filter {
  const [first] = parts;
  if (first?.kind !== 'text') return first === undefined ? MATCH_NONE : { kind: 'any', parts };
  return { ...first, values: parts.flatMap((part) => (part.kind === 'text' ? part.values : [])) };
}

function isAsked(operand: Operand): operand is Asked {
  return operand.kind === 'field' || operand.kind === 'time';
}

const MIRRORED = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;

function relate(asked: Asked, relation: Relation, given: Given, refuse: Refuse): Filter {
  if (given.kind === 'other' && given.name === 'null') {
    throw refuse(given.node, 'null is no value', `Ask whether there is one: has(${asked.name}).`);
  }
  if (asked.kind === 'time') {
    if (given.kind === 'moment') return { kind: 'time', relation, ns: given.ns };
    throw refuse(
      given.node,
      'ts is a time',
      `Write ts ${sign(relation)} timestamp("2026-05-16T14:30:00Z"), or use --from, --to and --since.`,
    );
  }
  switch (asked.type) {
    case 'text':
      return relateText(asked, relation, given, refuse);
    case 'number':
      return relateNumber(asked, relation, given, refuse);
    case 'decimal':
      return relateDecimal(asked, relation, given, refuse);
  }
}

type AskedField = Asked & { readonly kind: 'field' };

function relateText(
  { field, name }: AskedField,
  relation: Relation,
  given: Given,
  refuse: Refuse,
): Filter {
  if (given.kind !== 'text') {
    const isNumber = given.kind === 'number' && field.kind === 'attr';
    throw refuse(
      given.node,
      `${name} is a text`,
      `Write its text in quotes: ${name} == "${written(given)}"` +
        (isNumber ? `, or as a number double(${name}) ${sign(relation)} ${written(given)}.` : '.'),
    );
  }
  if (relation === '=') return textIsOneOf(field, [given.value]);
  if (field.kind === 'field' && field.name === 'level') return relateLevel(relation, given, refuse);
  throw refuse(
    given.node,
    `texts such as ${name} have no order`,
    'Use ==, in […], startsWith or matches. Levels have one: level >= "warn".',
  );
}

/** By severity. A level that is none of ours stands in no order to them. */
function relateLevel(
  relation: Exclude<Relation, '='>,
  { value, node }: Given & { readonly kind: 'text' },
  refuse: Refuse,
): Filter {
  const name = lowerAscii(value);
  const level = levelNamed(name);
  if (level === undefined) {
    throw refuse(node, `unknown level ${quoteValue(value)}`, `${levelHint(name)}.`);
  }
  const at = LEVELS.indexOf(level);
  const values = {
    '<': LEVELS.slice(0, at),
    '<=': LEVELS.slice(0, at + 1),
    '>': LEVELS.slice(at + 1),
    '>=': LEVELS.slice(at),
  }[relation];
  return textIsOneOf({ kind: 'field', name: 'level' }, values);
}

function relateNumber(
  { field, name }: AskedField,
  relation: Relation,
  given: Given,
  refuse: Refuse,
): Filter {
  if (given.kind !== 'number') {
    throw refuse(given.node, `${name} is a number`, `Write ${name} ${sign(relation)} 2000.`);
  }
  const value = Number(given.digits);
  if (isExact(given.digits, value)) return { kind: 'number', field, relation, value };
  throw refuse(
    given.node,
    `${written(given)} is too long for a number`,
    'Numbers are doubles: whole ones are exact up to 9007199254740992.',
  );
}

/** A whole number must mean itself; a fraction means the double next to it, as the field's own does. */
function isExact(digits: string, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  return !/^-?\d+$/u.test(digits) || BigInt(value) === BigInt(digits);
}

function relateDecimal(
  { field, name }: AskedField,
  relation: Relation,
  given: Given,
  refuse: Refuse,
): Filter {
  const text =
    given.kind === 'number' ? given.digits : given.kind === 'text' ? given.value : undefined;
  const units = text === undefined ? undefined : readAmount(text);
  if (units !== undefined) {
    return { kind: 'decimal', field, relation, value: formatAmount(units) };
  }
  throw refuse(
    given.node,
    `${name} is a decimal, and this is none that it can be`,
    `Write ${name} ${sign(relation)} 19.99. ${DECIMAL_HINT}`,
  );
}

/** A value that is no text, for a message. */
function written(given: Exclude<Given, { readonly kind: 'text' }>): string {
  if (given.kind === 'moment') return '…';
  const text = given.kind === 'number' ? given.digits : given.name;
  return text.length > DIGITS_SHOWN_MAX ? `${text.slice(0, DIGITS_SHOWN_MAX)}…` : text;
}

const DIGITS_SHOWN_MAX = 30;

function sign(relation: Relation): string {
  return relation === '=' ? '==' : relation;
}
