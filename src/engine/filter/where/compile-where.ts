import type { ASTNode } from '@marcbachmann/cel-js';
import { createEnvironment, parseExpression } from '../../expression/parse-expression.js';
import type { AtbdError } from '../../model/error.js';
import { leavesOf, MATCH_ALL, MATCH_NONE, type Filter } from '../../model/filter.js';
import { isComparison, readComparison, readMembership } from './comparison.js';
import { readCall, readMethod } from './function-call.js';
import { isPath, readAsked } from './operand.js';
import { createRefuse, refuseUnaskable, type Refuse, type Vocabulary } from './refusal.js';

/**
 * A pasted list of 750 ids fits. All of it may be one value, and the server takes none of more than 128 KiB; a character
 * becomes up to three bytes of it.
 */
const TEXT_LENGTH_MAX = 32_000;

/** The server takes at most 1000 parameters a question; the parts of a filter have up to two. */
const LEAF_COUNT_MAX = 400;

const EXAMPLE =
  'duration_ms > 2000 && level >= "warn". Equality is ==; and, or, not are &&, ||, !; texts stand in quotes.';

/**
 * Compiles a condition in CEL on one event (docs/conditions.md) to a filter, which closures and SQL answer alike.
 *
 * A missing field reads as the empty text, or as no number: no comparison with that holds, and so `!=` does. Numbers are
 * doubles, `amount` is an exact decimal, `ts` is exact to the nanosecond, `level` is ordered by severity. Rejects with
 * USAGE_INVALID what does not parse, names no field, or cannot be asked of rows and closures with one meaning; the
 * message says what and at which character, the hint what can be written instead.
 *
 * With a vocabulary it is about something else than an event, and asks for these names only; they become keys of the filter.
 */
export function compileWhere(
  text: string,
  { flag, vocabulary }: { readonly flag: string; readonly vocabulary?: Vocabulary },
): Filter {
  const options = { flag, variables: {}, example: EXAMPLE, textLengthMax: TEXT_LENGTH_MAX };
  const { ast } = parseExpression(text, createEnvironment(), options);
  const refuse = createRefuse(text, { flag, vocabulary });
  const filter = readCondition(ast, refuse);
  const leafCount = leavesOf(filter).length;
  if (leafCount <= LEAF_COUNT_MAX) return filter;
  throw refuse(
    ast,
    `more than ${LEAF_COUNT_MAX} comparisons (${leafCount})`,
    'Ask for ranges by < and >, or split it. Texts in a list count as one.',
  );
}

function readCondition(node: ASTNode, refuse: Refuse): Filter {
  if (node.op === '&&') return join('all', '&&', node, refuse);
  if (node.op === '||') return join('any', '||', node, refuse);
  if (node.op === '!_') return readNot(node, refuse);
  if (isComparison(node)) return readComparison(node, refuse);
  if (node.op === 'in') return readMembership(node, refuse);
  if (node.op === 'call') return readCall(node, refuse);
  if (node.op === 'rcall') return readMethod(node, refuse);
  if (node.op === 'value' && typeof node.args === 'boolean') {
    return node.args ? MATCH_ALL : MATCH_NONE;
  }
  throw refuseValue(node, refuse);
}

function refuseValue(node: ASTNode, refuse: Refuse): AtbdError {
  if (!isPath(node)) return refuseUnaskable(node, refuse);
  const { name } = readAsked(node, refuse);
  const hint = `Compare it, or ask whether it has a value: has(${name}).`;
  return refuse(node, `${name} is neither true nor false`, hint);
}

/** A chain of && or || is one level of the filter however long it is: the server counts levels, and has a limit. */
function join(kind: 'all' | 'any', op: '&&' | '||', node: ASTNode, refuse: Refuse): Filter {
  const parts: Filter[] = [];
  // The tree leans to the left, so the last link comes first.
  let rest = node;
  while (rest.op === op) {
    parts.unshift(readCondition(rest.args[1], refuse));
    rest = rest.args[0];
  }
  parts.unshift(readCondition(rest, refuse));
  return {
    kind,
    parts: parts.flatMap((part) => (part.kind === kind ? part.parts : [part])),
  };
}

/** Two of them cancel out. */
function readNot(node: ASTNode, refuse: Refuse): Filter {
  let isNot = false;
  let rest = node;
  while (rest.op === '!_') {
    isNot = !isNot;
    rest = rest.args;
  }
  const part = readCondition(rest, refuse);
  return isNot ? { kind: 'not', part } : part;
}
