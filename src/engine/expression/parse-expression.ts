import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { AtbdError } from '../model/error.js';
import { quoteValue } from '../model/visible-text.js';
import { refuseAt, refuseExpression, type ConditionOptions } from './refuse-expression.js';

/** Far beyond what a person writes; bounds the work for pasted text. */
const LIMITS = { maxAstNodes: 2_000, maxDepth: 50, maxListElements: 1_000, maxMapEntries: 100 };

/** How a text is parsed. */
export interface ParseOptions extends ConditionOptions {
  readonly textLengthMax: number;
}

/** An environment with our limits, to declare names in. */
export function createEnvironment(): Environment {
  return new Environment({ unlistedVariablesAreDyn: false, limits: LIMITS });
}

/** Parses an expression in CEL; rejects with USAGE_INVALID what does not parse or is beyond the limits, and says where. */
export function parseExpression(
  text: string,
  environment: Environment,
  options: ParseOptions,
): ParseResult {
  if (text.length > options.textLengthMax) {
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: `cannot read ${options.flag} ${quoteValue(text)}: it is longer than ${options.textLengthMax} characters`,
      hint: 'Split it.',
    });
  }
  try {
    return environment.parse(text);
  } catch (cause) {
    // The library counts brackets and not signs: thousands of `!` in a row are too much for the stack.
    if (!(cause instanceof RangeError)) throw refuseExpression(text, cause, options);
    throw refuseAt(text, { ...options, index: 0, what: 'nested too deeply', hint: 'Split it.' });
  }
}
