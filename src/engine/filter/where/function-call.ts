import type { ASTNode } from '@marcbachmann/cel-js';
import { AtbdError } from '../../model/error.js';
import type { FieldRef, Filter, TextPlace } from '../../model/filter.js';
import { compileRegex } from '../regex.js';
import { readAsked } from './operand.js';
import { refuseUnaskable, type Refuse } from './refusal.js';

/** `has(FIELD)`. */
export function readCall(node: ASTNode & { readonly op: 'call' }, refuse: Refuse): Filter {
  const [name, [arg, ...more]] = node.args;
  if (name !== 'has' || arg === undefined || more.length > 0) throw refuseUnaskable(node, refuse);
  const asked = readAsked(arg, refuse);
  if (asked.kind === 'field') return { kind: 'exists', field: asked.field };
  throw refuse(arg, 'every event has a ts', 'Compare it: ts > timestamp("2026-05-16T14:30:00Z").');
}

const PLACES: ReadonlyMap<string, TextPlace> = new Map([
  ['startsWith', 'start'],
  ['endsWith', 'end'],
  ['contains', 'anywhere'],
]);

/** `FIELD.startsWith("…")` and its kin. */
export function readMethod(node: ASTNode & { readonly op: 'rcall' }, refuse: Refuse): Filter {
  const [method, receiver, [arg, ...more]] = node.args;
  const place = PLACES.get(method);
  if (place === undefined && method !== 'matches') throw refuseUnaskable(node, refuse);
  const field = readTextField(receiver, method, refuse);
  if (arg?.op !== 'value' || typeof arg.args !== 'string' || more.length > 0) {
    throw refuse(
      arg ?? node,
      `${method}() takes one text in quotes`,
      `Write message.${method}("…").`,
    );
  }
  const text = arg.args;
  if (place !== undefined) return { kind: 'part', field, place, text };
  checkRegex(text, arg, refuse);
  return { kind: 'regex', field, pattern: text };
}

function readTextField(node: ASTNode, method: string, refuse: Refuse): FieldRef {
  const asked = readAsked(node, refuse);
  if (asked.kind === 'field' && asked.type === 'text') return asked.field;
  throw refuse(
    node,
    `${method}() is asked of texts, and ${asked.name} is none`,
    'Compare it by ==, <, <=, > or >=.',
  );
}

/** Compiled here only to be refused here, with its place still known. */
function checkRegex(pattern: string, node: ASTNode, refuse: Refuse): void {
  try {
    compileRegex(pattern);
  } catch (error) {
    if (!(error instanceof AtbdError)) throw error;
    throw refuse(node, 'this regular expression cannot be used', error.hint);
  }
}
