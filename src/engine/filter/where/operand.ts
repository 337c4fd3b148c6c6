import type { ASTNode } from '@marcbachmann/cel-js';
import { EVENT_FIELDS, type EventField } from '../../model/event.js';
import type { FieldRef } from '../../model/filter.js';
import { nearestName } from '../../model/nearest-name.js';
import { quoteValue, visibleText } from '../../model/visible-text.js';
import { readRfc3339 } from '../../time/event-time.js';
import { typeOfField, type FieldType } from '../field-condition.js';
import { refuseUnaskable, type Refuse, type Vocabulary } from './refusal.js';

/** What stands on one side of a comparison. */
export type Operand = Asked | Given;

/** Something of the event. */
export type Asked =
  | {
      readonly kind: 'field';
      readonly field: FieldRef;
      readonly type: FieldType;
      /** As it is written in an expression. */
      readonly name: string;
    }
  | { readonly kind: 'time'; readonly name: string };

/** A value that the expression says. */
export type Given =
  | { readonly kind: 'text'; readonly value: string; readonly node: ASTNode }
  /** As a decimal, with the digits that were written. */
  | { readonly kind: 'number'; readonly digits: string; readonly node: ASTNode }
  | { readonly kind: 'moment'; readonly ns: bigint; readonly node: ASTNode }
  | { readonly kind: 'other'; readonly name: 'true' | 'false' | 'null'; readonly node: ASTNode };

/** Reads one side of a comparison; rejects what is neither of the event nor a value. */
export function readOperand(node: ASTNode, refuse: Refuse): Operand {
  if (isPath(node)) return readAsked(node, refuse);
  if (node.op === 'value') return readValue(node, refuse);
  if (node.op === 'call') return readCall(node, refuse);
  const operand = node.op === '-_' ? readOperand(node.args, refuse) : undefined;
  if (operand?.kind !== 'number' || operand.digits.startsWith('-')) {
    throw refuseUnaskable(node, refuse);
  }
  return { kind: 'number', digits: `-${operand.digits}`, node };
}

/** Whether a part of the expression names something, by a name or a key. */
export function isPath(node: ASTNode): boolean {
  return node.op === 'id' || node.op === '.' || node.op === '[]';
}

/** Reads what names something of the event; rejects unknown names and says which are near. */
export function readAsked(node: ASTNode, refuse: Refuse): Asked {
  if (!isPath(node)) {
    throw refuse(node, 'this is not of the event', 'Name a field, or a key of attrs: attrs.KEY.');
  }
  if (refuse.vocabulary !== undefined) return readListed(node, refuse.vocabulary, refuse);
  const key = keyOfAttrs(node, refuse);
  if (key !== undefined) return askedOf({ kind: 'attr', key });
  const name = node.op === 'id' ? node.args : dottedName(node);
  if (name === 'attrs') {
    throw refuse(node, 'attrs is a map', 'Ask for a key of it: attrs.KEY or attrs["some key"].');
  }
  if (name === 'ts') return { kind: 'time', name };
  if (name !== undefined && isFieldName(name)) return askedOf({ kind: 'field', name });
  const [root = '', ...rest] = name?.split('.') ?? [];
  if (name === undefined || (rest.length > 0 && Object.hasOwn(EVENT_FIELDS, root))) {
    throw refuse(
      node,
      'only attrs has keys',
      'Ask for a key of attrs: attrs.KEY or attrs["some key"].',
    );
  }
  throw refuseUnknown(node, name, refuse);
}

/** One of the names of a vocabulary. */
function readListed(node: ASTNode, vocabulary: Vocabulary, refuse: Refuse): Asked {
  const name = dottedName(node) ?? '';
  const type = Object.hasOwn(vocabulary, name) ? vocabulary[name] : undefined;
  if (type !== undefined) return { kind: 'field', field: { kind: 'attr', key: name }, type, name };
  const names = Object.keys(vocabulary);
  const near = nearestName(name, names);
  const hint = near === undefined ? `There are ${names.join(', ')}.` : `Did you mean ${near}?`;
  throw refuse(node, `unknown name ${visibleText(name)}`, hint);
}

function askedOf(field: FieldRef): Asked {
  const name = field.kind === 'field' ? field.name : nameOfKey(field.key);
  return { kind: 'field', field, type: typeOfField(field), name };
}

function isFieldName(name: string): name is Exclude<EventField, 'ts' | 'attrs'> {
  return Object.hasOwn(EVENT_FIELDS, name) && name !== 'ts' && name !== 'attrs';
}

function nameOfKey(key: string): string {
  return /^[a-z_]\w*$/iu.test(key) ? `attrs.${key}` : `attrs[${quoteValue(key)}]`;
}

/** The key of `attrs.KEY` and `attrs["KEY"]`. Values are texts, so in `attrs.a.b` the key can only be `a.b`. */
function keyOfAttrs(node: ASTNode, refuse: Refuse): string | undefined {
  if (node.op === '[]') {
    const [map, key] = node.args;
    if (map.op !== 'id' || map.args !== 'attrs') return undefined;
    if (key.op === 'value' && typeof key.args === 'string') return key.args;
    throw refuse(key, 'a key of attrs is a text in quotes', 'Write attrs["some key"].');
  }
  const name = dottedName(node);
  return name?.startsWith('attrs.') === true ? name.slice('attrs.'.length) : undefined;
}

/** `a.b.c` of the nodes that say so. */
function dottedName(node: ASTNode): string | undefined {
  if (node.op === 'id') return node.args;
  if (node.op !== '.') return undefined;
  const [parent, name] = node.args;
  const path = dottedName(parent);
  return path === undefined ? undefined : `${path}.${name}`;
}

function refuseUnknown(node: ASTNode, name: string, refuse: Refuse): Error {
  const near = nearestName(name, Object.keys(EVENT_FIELDS));
  const meant =
    near === undefined
      ? `Fields are ${Object.keys(EVENT_FIELDS).join(', ')}.`
      : `Did you mean ${near}?`;
  return refuse(
    node,
    `unknown name ${visibleText(name)}`,
    `${meant} Keys of attrs are written attrs.KEY: attrs.${visibleText(name)}`,
  );
}

function readValue(node: ASTNode & { readonly op: 'value' }, refuse: Refuse): Given {
  const { args: value } = node;
  if (typeof value === 'string') return { kind: 'text', value, node };
  if (typeof value === 'boolean') return { kind: 'other', name: value ? 'true' : 'false', node };
  if (value === null) return { kind: 'other', name: 'null', node };
  if (value instanceof Uint8Array) {
    throw refuse(node, 'bytes are nothing to compare with', 'Write a text: "…" without the b.');
  }
  // An amount is exact, so what was written counts and not the double that the library made of it.
  const digits = node.input.slice(node.start, node.end).replace(/u$/iu, '');
  const isHex = /^0x/iu.test(digits);
  return { kind: 'number', digits: isHex ? String(BigInt(digits)) : digits, node };
}

function readCall(node: ASTNode & { readonly op: 'call' }, refuse: Refuse): Operand {
  const [name, [arg, ...more]] = node.args;
  if (arg === undefined || more.length > 0) throw refuseUnaskable(node, refuse);
  if (name === 'timestamp') return readTimestamp(node, arg, refuse);
  if (name !== 'double') throw refuseUnaskable(node, refuse);
  const asked = readAsked(arg, refuse);
  if (asked.kind === 'field') {
    if (asked.type === 'number') return asked;
    if (asked.field.kind === 'attr') {
      return { ...asked, type: 'number', name: `double(${asked.name})` };
    }
  }
  throw refuse(
    node,
    `double() of ${asked.name} cannot be asked of events`,
    'Only a key of attrs is read as a number: double(attrs.KEY).',
  );
}

function readTimestamp(node: ASTNode, arg: ASTNode, refuse: Refuse): Given {
  const text = arg.op === 'value' && typeof arg.args === 'string' ? arg.args : undefined;
  const ns = text === undefined ? undefined : readRfc3339(text);
  if (ns !== undefined) return { kind: 'moment', ns, node };
  throw refuse(
    arg,
    'this is no time that can be stored',
    'Write it with its offset from UTC, to the nanosecond at most: timestamp("2026-05-16T14:30:00.123456789Z").',
  );
}
