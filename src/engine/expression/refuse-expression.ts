import { EvaluationError, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import { AtbdError } from '../model/error.js';
import { nearestName } from '../model/nearest-name.js';
import { quoteValue, visibleText } from '../model/visible-text.js';
import { namesOf, type VariableGroup } from './variable.js';

/** What an expression is read against. */
export interface ConditionOptions {
  /** How the text is named in an error, such as `--assert`. */
  readonly flag: string;
  /** All that it may ask for. */
  readonly variables: VariableGroup;
  /** A right one, for who does not know the language. */
  readonly example?: string;
}

/** A mistake in an expression. */
export interface Mistake {
  /** How the text is named in an error, such as `--assert`. */
  readonly flag: string;
  readonly what: string;
  /** Where in the text it stands, from 0. */
  readonly index: number;
  readonly hint: string;
  readonly cause?: unknown;
}

/** More names than this are not listed in a hint. */
const NAMES_SHOWN_MAX = 40;

/** Says what is wrong with an expression, and at which character (counted as a person does, from 1). */
export function refuseAt(text: string, { flag, what, index, hint, cause }: Mistake): AtbdError {
  const character = Array.from(text.slice(0, index)).length + 1;
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot read ${flag} ${quoteValue(text)}: ${what} at character ${character}`,
    hint,
    cause,
  });
}

/** What the library threw as an error of ours: what is wrong, at which character, and what could be meant. Anything else is a bug. */
export function refuseExpression(
  text: string,
  cause: unknown,
  { flag, variables, example }: ConditionOptions,
): AtbdError {
  if (!isCelError(cause)) throw cause;
  const index = cause.range?.start ?? cause.node?.start ?? 0;
  const end = cause.range?.end ?? index;
  const piece = text.slice(index, end);
  const isUnknown = cause.code === 'unknown_variable' || cause.code === 'no_such_key';
  // A key's own name says little: the error shows the whole path.
  const name = isUnknown ? pathEndingAt(text, end) : piece;
  // The library puts the text itself into its words.
  const what = isUnknown ? `unknown name ${name}` : visibleText(lowerFirst(cause.summary));
  const hint = isUnknown ? hintOfName(name, namesOf(variables)) : hintOf(cause.code, example);
  return refuseAt(text, { flag, what, index, hint, cause: new Error(what) });
}

function isCelError(cause: unknown): cause is ParseError | EvaluationError | CelTypeError {
  return (
    cause instanceof ParseError || cause instanceof EvaluationError || cause instanceof CelTypeError
  );
}

function pathEndingAt(text: string, end: number): string {
  return /[\w.]*$/.exec(text.slice(0, end))?.[0] ?? '';
}

function hintOfName(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  const shown = known.slice(0, NAMES_SHOWN_MAX).join(', ');
  const more = known.length > NAMES_SHOWN_MAX ? ', …' : '';
  return `${near === undefined ? '' : `Did you mean ${near}? `}Known names: ${shown}${more}.`;
}

const EXAMPLE = 'trace.p99 < 200 && events.rate > 9900.0';

function hintOf(code: string, example = EXAMPLE): string {
  if (code === 'no_such_overload') {
    return 'Both sides must be of one kind: numbers to calculate with have a point (2.0), texts stand in quotes.';
  }
  return `Write a condition in CEL, for example: ${example}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
