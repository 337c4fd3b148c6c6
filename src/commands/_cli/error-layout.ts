import { AtbdError } from '../../engine/model/error.js';
import { sanitizeText } from './sanitize.js';

/** Where each error code is explained. */
const ERROR_DOCS = 'docs/errors.md';

/** At most this many causes are shown: a chain that is longer says nothing new. */
const CAUSES_MAX = 5;

/** How a failure is told to a person: what, why, code, what to do next. */
export function errorAsText(error: AtbdError): string {
  const lines = [`Error: ${sanitizeText(error.message, { keepLineBreaks: true })}`];
  for (const cause of causesOf(error)) lines.push(`  because: ${sanitizeText(cause)}`);
  lines.push(
    `Code: ${error.code} (${ERROR_DOCS}#${error.code.toLowerCase()})`,
    `Try this: ${error.hint}`,
  );
  return `${lines.join('\n')}\n`;
}

/** The same for a program: one line. */
export function errorAsJson(error: AtbdError): string {
  const { code, message, hint, exitCode } = error;
  return `${JSON.stringify({ error: { code, message, hint, exitCode, causes: causesOf(error) } })}\n`;
}

/** A failure that nobody expected: a bug. For a program as above, with a code of its own. */
export function bugAsJson(error: Error): string {
  const { message } = error;
  const hint = 'This is a bug: please report it with the command and this message.';
  return `${JSON.stringify({ error: { code: 'UNEXPECTED', message, hint, exitCode: 1, causes: causesOf(error) } })}\n`;
}

/** For a person the stack comes first, because only it can help. */
export function bugAsText(error: Error): string {
  const stack = sanitizeText(error.stack ?? error.message, { keepLineBreaks: true });
  const causes = causesOf(error).map((cause) => `  because: ${sanitizeText(cause)}\n`);
  return `${stack}\n${causes.join('')}Try this: This is a bug: please report it with the command and this text.\n`;
}

/** Mistakes in flags and arguments come from oclif; ours have a code and a hint. */
export function usageError(message: string, commandId: string): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: message
      .replace(/\nSee more help with --help$/, '')
      .replace(/\s*\n\s*/g, ' ')
      .trim(),
    hint: `Read atbd ${commandId.replaceAll(':', ' ')} --help`.replaceAll('  ', ' '),
  });
}

function causesOf(error: Error): string[] {
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    causes.push(cause.message);
    if (causes.length === CAUSES_MAX) break;
  }
  return causes;
}
