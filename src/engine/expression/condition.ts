import type { ASTNode, Environment, ObjectSchema } from '@marcbachmann/cel-js';
import { AtbdError } from '../model/error.js';
import { quoteValue } from '../model/visible-text.js';
import { createEnvironment, parseExpression } from './parse-expression.js';
import { refuseExpression, type ConditionOptions } from './refuse-expression.js';
import { namesOf, type VariableGroup, type VariableType, type VariableValues } from './variable.js';

/** A checked expression that is true or false of values. */
export interface Condition {
  readonly text: string;
  /** Full names of the variables it asks for, each once, in the order they stand there. */
  readonly names: readonly string[];
  /** Rejects with USAGE_INVALID what can only be seen now: a division of whole numbers by zero, a bad regular expression. */
  holds(values: VariableValues): boolean;
}

/** Far beyond what a person writes; bounds the work for pasted text. */
const TEXT_LENGTH_MAX = 10_000;

/**
 * Compiles a condition in CEL, our one expression language. Rejects with USAGE_INVALID what does not parse, asks for a name that
 * is not declared, compares what cannot be compared, or is neither true nor false; the message says where.
 */
export function compileCondition(text: string, options: ConditionOptions): Condition {
  const environment = environmentOf(options.variables);
  const program = parseExpression(text, environment, {
    ...options,
    textLengthMax: TEXT_LENGTH_MAX,
  });
  const checked = program.check();
  if (!checked.valid) throw refuseExpression(text, checked.error, options);
  if (checked.type !== 'bool') throw notACondition(text, checked.type, options);
  return {
    text,
    names: [...new Set(namesIn(program.ast, options.variables))],
    holds(values) {
      try {
        return program(values) === true;
      } catch (cause) {
        throw refuseExpression(text, cause, options);
      }
    },
  };
}

const CEL_TYPES: Readonly<Record<VariableType, string>> = {
  number: 'double',
  text: 'string',
  truth: 'bool',
};

function environmentOf(variables: VariableGroup): Environment {
  const environment = createEnvironment();
  // The library compares double with int by size but not for equality, where the language's definition has both.
  environment.registerOperator(
    'double == int',
    (left: number, right: bigint) => left === Number(right),
  );
  for (const [name, type] of Object.entries(variables)) {
    if (typeof type === 'string') environment.registerVariable(name, CEL_TYPES[type]);
    else environment.registerVariable(name, { schema: schemaOf(type) });
  }
  return environment;
}

function schemaOf(variables: VariableGroup): ObjectSchema {
  return Object.fromEntries(
    Object.entries(variables).map(([name, type]) => [
      name,
      typeof type === 'string' ? CEL_TYPES[type] : schemaOf(type),
    ]),
  );
}

/** Names that stand in the expression, by a walk over its tree: a path counts when it leads to a declared name. */
function namesIn(node: ASTNode, variables: VariableGroup): string[] {
  const known = new Set(namesOf(variables));
  const found: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
    } else if (isNode(value)) {
      const path = pathOf(value);
      if (path !== undefined && known.has(path)) found.push(path);
      else visit(value.args);
    }
  };
  visit(node);
  return found;
}

/** `trace.p99` of the nodes that say so, by dot or by `trace["p99"]`; undefined when it is no path. */
function pathOf(node: ASTNode): string | undefined {
  if (node.op === 'id') return node.args;
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const [parent, part] = node.args;
  const path = pathOf(parent);
  const name = typeof part === 'string' ? part : part.op === 'value' ? part.args : undefined;
  return path !== undefined && typeof name === 'string' ? `${path}.${name}` : undefined;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

function notACondition(
  text: string,
  type: string | undefined,
  { flag }: ConditionOptions,
): AtbdError {
  const what = type?.startsWith('$') === true ? 'a group of values' : (type ?? 'unknown');
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot use ${flag} ${quoteValue(text)}: it is neither true nor false (its type is ${what})`,
    hint: 'Compare it with something, for example: trace.p99 < 200',
  });
}
