import type { ASTNode } from '@marcbachmann/cel-js';
import { refuseAt } from '../../expression/refuse-expression.js';
import type { AtbdError } from '../../model/error.js';

/** Names that an expression may ask for instead of an event's fields, and what they are compared as. */
export type Vocabulary = Readonly<Record<string, 'text' | 'number'>>;

/** Makes the error for a part of the expression: what is wrong with it, and what can be written instead. */
export interface Refuse {
  (node: ASTNode, what: string, hint: string): AtbdError;
  /** What the expression is about; undefined: an event. */
  readonly vocabulary: Vocabulary | undefined;
}

/** Errors of the text that a flag gave. */
export function createRefuse(
  text: string,
  { flag, vocabulary }: { readonly flag: string; readonly vocabulary?: Vocabulary | undefined },
): Refuse {
  const refuse = (node: ASTNode, what: string, hint: string): AtbdError =>
    refuseAt(text, { flag, what, index: node.start, hint });
  return Object.assign(refuse, { vocabulary });
}

const ARITHMETIC = new Set(['+', '-', '*', '/', '%', '-_']);

const CONDITIONS = new Set(['==', '!=', '<', '<=', '>', '>=', 'in', '&&', '||', '!_']);

const FUNCTIONS =
  'There are startsWith, endsWith, contains and matches of a text, has(FIELD), double(attrs.KEY) and timestamp("2026-05-16T14:30:00Z").';

/** What functions of the language are asked for, and how the question is put here. */
const INSTEAD: Readonly<Record<string, string>> = {
  size: 'A length is asked by an expression: message.matches("^.{100,}$").',
  lowerAscii: 'Without regard to case: message.matches("(?i)timeout").',
  upperAscii: 'Without regard to case: message.matches("(?i)timeout").',
  exists: 'Name the key of attrs, or list the values: service in ["order", "payment"].',
  all: 'Name the key of attrs, or list the values: service in ["order", "payment"].',
  int: 'A key of attrs is read as a number by double(attrs.KEY).',
  uint: 'A key of attrs is read as a number by double(attrs.KEY).',
  string: 'Compare a number with a number: line == 42.',
  duration: 'Durations are numbers of milliseconds: duration_ms > 2000.',
  now: 'Times from now on back are asked by --since.',
};

/** Refuses a part that stands where a value is compared or a condition asked, and is neither. */
export function refuseUnaskable(node: ASTNode, refuse: Refuse): AtbdError {
  const { what, hint } = explain(node);
  return refuse(node, what, hint);
}

function explain(node: ASTNode): { readonly what: string; readonly hint: string } {
  if (ARITHMETIC.has(node.op)) {
    return {
      what: 'arithmetic cannot be asked of events',
      hint: 'Compare a field with a value. A key with such a character is written attrs["user-agent"].',
    };
  }
  if (node.op === '?:') {
    return {
      what: 'a choice cannot be asked of events',
      hint: 'Write a ? b : c as (a && b) || (!a && c).',
    };
  }
  if (CONDITIONS.has(node.op) || (node.op === 'call' && node.args[0] === 'has')) {
    return {
      what: 'a condition cannot be compared with anything',
      hint: 'Join conditions by && and ||: a == b as (a && b) || (!a && !b).',
    };
  }
  if (node.op === 'call' || node.op === 'rcall') {
    const [name] = node.args;
    const hint = Object.hasOwn(INSTEAD, name) ? INSTEAD[name] : undefined;
    return { what: `${name}() cannot be asked of events`, hint: hint ?? FUNCTIONS };
  }
  return {
    what: 'this is nothing to compare with',
    hint: 'Compare a field with a number, a text in quotes, or timestamp("2026-05-16T14:30:00Z").',
  };
}
