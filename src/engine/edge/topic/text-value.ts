import { createRequire } from 'node:module';
import type { RE2JS as Re2 } from 're2js';
import { AtbdError } from '../../model/error.js';
import { quoteValue } from '../../model/visible-text.js';
import {
  createCombinedFormat,
  createOpenstackFormat,
  eventOfGroups,
  plainFormat,
} from '../format/text.js';
import type { LineFormat } from '../line-format.js';
import type { ParseTime } from '../parse-time.js';
import { type Decoded, refused } from './mapped-record.js';

/** Patterns that have a name. */
const NAMED_PATTERNS = ['openstack', 'combined', 'plain'] as const;

/** A longer expression is a mistake. */
const PATTERN_LENGTH_MAX = 10_000;

const HINT =
  "Use openstack, combined or plain, or an RE2 expression that names the event's fields as groups: " +
  '^(?<ts>\\S+) (?<level>\\w+) (?<message>.*)$ (no lookaround, no backreferences)';

const require = createRequire(import.meta.url);

/** Reads lines of text by a pattern; rejects a pattern that is none with CONFIG_INVALID. */
export function createDecodeText(
  pattern: string | undefined,
  parseTime: ParseTime,
): (text: string) => Decoded {
  const decode = decodeOf(pattern ?? 'plain', parseTime);
  return (text) => {
    const line = text.replace(/\r?\n$/, '');
    return isBlank(line) ? refused('blank') : decode(line);
  };
}

function decodeOf(pattern: string, parseTime: ParseTime): (line: string) => Decoded {
  switch (NAMED_PATTERNS.find((name) => name === pattern)) {
    case 'openstack':
      return byFormat(createOpenstackFormat(parseTime));
    case 'combined':
      return byFormat(createCombinedFormat(parseTime));
    case 'plain':
      return byFormat(plainFormat);
    case undefined:
      return byExpression(pattern, parseTime);
  }
}

function byFormat(format: LineFormat): (line: string) => Decoded {
  return (line) => {
    const decoded = format.decode(line);
    return decoded.kind === 'unparsed' ? refused('no_match') : decoded;
  };
}

/**
 * RE2 takes time linear in the text, whatever the pattern: one line that sends another engine looking for minutes would stop the
 * partition for ever, and a limit of time would end differently each time the line is sent.
 */
function byExpression(pattern: string, parseTime: ParseTime): (line: string) => Decoded {
  const expression = compile(pattern);
  const names = Object.keys(expression.namedGroups());
  if (names.length === 0) throw refuse(pattern, 'it names no group');
  return (line) => {
    const matcher = expression.matcher(line);
    if (!matcher.find()) return refused('no_match');
    const groups = names.map((name) => [name, matcher.group(name) ?? undefined] as const);
    return { kind: 'events', events: [{ kind: 'log', ...eventOfGroups(groups, parseTime).event }] };
  };
}

function compile(pattern: string): Re2 {
  if (pattern.length > PATTERN_LENGTH_MAX) throw refuse(pattern, 'it is too long');
  // Loaded only for a topic that has an expression: it costs 10 ms of start.
  const { RE2JS } = require('re2js') as { RE2JS: typeof Re2 };
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (cause) {
    throw refuse(pattern, cause instanceof Error ? cause.message : 'it is no expression');
  }
}

function refuse(pattern: string, why: string): AtbdError {
  return new AtbdError({
    code: 'CONFIG_INVALID',
    message: `cannot use the pattern ${quoteValue(pattern)}: ${why}`,
    hint: HINT,
  });
}

function isBlank(line: string): boolean {
  return line.trim() === '';
}
