import { AtbdError } from '../../model/error.js';
import { EVENT_FIELDS } from '../../model/event.js';
import { type EventFields, type LineFormat, oneEvent, UNPARSED } from '../line-format.js';
import type { ParseTime } from '../parse-time.js';
import { toLevel } from './common-names.js';

const OPENSTACK =
  /^(?:(?=(?<file>\S+\.log\S*))\k<file> )?(?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) (?<pid>\d+) (?<level>[A-Z]+) (?<module>\S+) \[(?<request>[^\]]*)\] ?(?<message>.*)$/s;

/**
 * OpenStack's (oslo.log) lines, with or without the file name in front that names the service. The file is looked ahead for, which
 * does not come back to it: a word of a thousand `.log` would be tried in a million ways.
 */
export function createOpenstackFormat(parseTime: ParseTime): LineFormat {
  return {
    name: 'openstack',
    continuation: 'unparsed',
    decode(text) {
      const groups = OPENSTACK.exec(text)?.groups;
      if (groups === undefined) return UNPARSED;
      const { file, time, pid, level, module = '', request = '', message } = groups;
      const [opId = '-', userId = '-', ...others] = request.split(' ');
      const ts = parseTime(time);
      const event: EventFields = {
        kind: 'log',
        service: serviceOf(file, module),
        level: toLevel(level),
        module,
        message,
        attrs: {
          pid,
          ...(ts === undefined && { time }),
          ...(file && { log_file: file }),
          ...(others.length > 0 && { request: others.join(' ') }),
        },
      };
      if (ts !== undefined) event['ts'] = ts;
      if (opId !== '-' && opId !== '') event['op_id'] = opId;
      if (userId !== '-') event['user_id'] = userId;
      return oneEvent(event, { isTimeUnread: ts === undefined });
    },
  };
}

/** `nova-api.log.1.2017…` is of nova-api; without a file the first part of the logger has to do. */
function serviceOf(file: string | undefined, module: string): string {
  return file?.replace(/\.log.*$/, '') ?? module.split('.', 1)[0] ?? '';
}

const COMBINED =
  /^(?<client>\S+) (?<ident>\S+) (?<user>\S+) \[(?<time>[^\]]+)\] "(?<request>(?:[^"\\]|\\.)*)" (?<status>\d{3}|-) (?<bytes>\d+|-)(?: "(?<referer>(?:[^"\\]|\\.)*)" "(?<agent>(?:[^"\\]|\\.)*)")?(?<rest>.*)$/s;

/** The combined (and the common) log format of Apache and nginx. */
export function createCombinedFormat(parseTime: ParseTime): LineFormat {
  return {
    name: 'combined',
    continuation: 'never',
    decode(text) {
      const groups = COMBINED.exec(text)?.groups;
      if (groups === undefined) return UNPARSED;
      const {
        client,
        user,
        time,
        request = '',
        status = '-',
        bytes,
        referer,
        agent,
        rest,
      } = groups;
      const ts = parseTime(time);
      const attrs = present({
        client,
        time: ts === undefined ? time : undefined,
        ident: groups['ident'],
        bytes,
        referer,
        user_agent: agent,
        rest: rest?.trim(),
      });
      const page = request.split(' ')[1];
      const event = {
        kind: 'log',
        level: levelOfStatus(status),
        message: request,
        status,
        ...(ts !== undefined && { ts }),
        ...(page !== undefined && { page }),
        ...(user !== '-' && { user_id: user }),
        attrs,
      };
      return oneEvent(event, { isTimeUnread: ts === undefined });
    },
  };
}

function levelOfStatus(status: string): string {
  if (status.startsWith('5')) return 'error';
  return status.startsWith('4') ? 'warn' : 'info';
}

function present(fields: Readonly<Record<string, string | undefined>>): EventFields {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => value !== undefined && value !== '-' && value !== '',
    ),
  );
}

/** Lines by a regular expression whose named groups are the event's fields; other names go to attrs. */
export function createPatternFormat(pattern: string, parseTime: ParseTime): LineFormat {
  const expression = compile(pattern);
  return {
    name: 'pattern',
    continuation: 'unparsed',
    decode(text) {
      const groups = expression.exec(text)?.groups;
      if (groups === undefined) return UNPARSED;
      const { event, isTimeUnread } = eventOfGroups(Object.entries(groups), parseTime);
      return oneEvent(event, { isTimeUnread });
    },
  };
}

/** The event of named groups: fields by their names, the rest in attrs. */
export function eventOfGroups(
  groups: Iterable<readonly [name: string, value: string | undefined]>,
  parseTime: ParseTime,
): { readonly event: EventFields; readonly isTimeUnread: boolean } {
  const event: EventFields = {};
  const attrs: EventFields = {};
  for (const [name, value] of groups) {
    if (value === undefined) continue;
    if (!Object.hasOwn(EVENT_FIELDS, name) || name === 'attrs') attrs[name] = value;
    else if (name === 'level') event[name] = toLevel(value);
    else if (name === 'ts') {
      const ts = parseTime(value);
      if (ts === undefined) attrs['ts'] = value;
      else event['ts'] = ts;
    } else event[name] = value;
  }
  if (Object.keys(attrs).length > 0) event['attrs'] = attrs;
  return { event, isTimeUnread: Object.hasOwn(attrs, 'ts') };
}

function compile(pattern: string): RegExp {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, 's');
  } catch (cause) {
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: 'cannot read --pattern as a regular expression',
      hint: "Name the event's fields as groups: --pattern '^(?<ts>\\S+) (?<level>\\w+) (?<message>.*)$'",
      cause,
    });
  }
  if (!pattern.includes('(?<')) {
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: 'cannot use --pattern: it names no group',
      hint: "Name the event's fields as groups: --pattern '^(?<ts>\\S+) (?<level>\\w+) (?<message>.*)$'",
    });
  }
  return expression;
}

/** Every line is a message. */
export const plainFormat: LineFormat = {
  name: 'plain',
  continuation: 'indented',
  decode: (text) => oneEvent({ kind: 'log', message: text }, { isTimeUnread: false }),
};
