import { createRequire } from 'node:module';
import type { RE2JS as Re2 } from 're2js';
import { AtbdError } from '../model/error.js';
import { quoteValue } from '../model/visible-text.js';

/** A longer expression is a mistake of the shell's quoting, not a question. */
const PATTERN_LENGTH_MAX = 10_000;

const require = createRequire(import.meta.url);

/**
 * A test of texts against an RE2 expression, with ClickHouse's meaning (`.` takes line breaks, `$` is the end of
 * the text) and in time linear in the text. Rejects with USAGE_INVALID what RE2 has not: backreferences, lookaround.
 */
export function compileRegex(pattern: string): (text: string) => boolean {
  if (pattern.length > PATTERN_LENGTH_MAX) throw refuse(pattern, undefined);
  // Loaded only for a filter that has an expression: it costs 10 ms of start.
  const { RE2JS } = require('re2js') as { RE2JS: typeof Re2 };
  let compiled: Re2;
  try {
    compiled = RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (cause) {
    throw refuse(pattern, cause);
  }
  return (text) => compiled.test(text);
}

function refuse(pattern: string, cause: unknown): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot use the expression ${quoteValue(pattern)}`,
    hint: 'The syntax is RE2: no backreferences, no lookahead or lookbehind; (?i) ignores case.',
    ...(cause instanceof Error ? { cause } : {}),
  });
}
