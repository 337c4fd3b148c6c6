import { EVENT_FIELDS } from '../model/event.js';
import { looksContinuing } from './continuation.js';
import type { LineFormat } from './line-format.js';
import type { ParseTime } from './parse-time.js';
import { createJsonFormat, ownFormat, parseObject } from './format/json.js';
import { createCombinedFormat, createOpenstackFormat, plainFormat } from './format/text.js';

/** Formats that can be named, the ones that are recognised in the order they are tried. */
export const FORMAT_NAMES = ['atbd', 'json', 'openstack', 'combined', 'plain'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

export function formatOf(name: FormatName, parseTime: ParseTime): LineFormat {
  switch (name) {
    case 'atbd':
      return ownFormat;
    case 'json':
      return createJsonFormat(parseTime);
    case 'openstack':
      return createOpenstackFormat(parseTime);
    case 'combined':
      return createCombinedFormat(parseTime);
    case 'plain':
      return plainFormat;
  }
}

/** The first format that reads most of these lines; plain text when none does. A stack trace among them says nothing. */
export function recogniseFormat(all: readonly string[], parseTime: ParseTime): LineFormat {
  const starts = all.filter((line) => !looksContinuing(line));
  const lines = starts.length > 0 ? starts : all;
  const isMost = (count: number): boolean => count * 2 > lines.length;
  if (lines.length > 0) {
    if (isMost(lines.filter(isOwnEvent).length)) return ownFormat;
    for (const name of ['json', 'openstack', 'combined'] as const) {
      const format = formatOf(name, parseTime);
      if (isMost(lines.filter((line) => format.decode(line).kind === 'events').length))
        return format;
    }
  }
  return plainFormat;
}

/** Our own: time and service under our names, a level that is a word of ours or none, and no other names for the same things. */
function isOwnEvent(text: string): boolean {
  const line = parseObject(text);
  if (line === undefined) return false;
  const isOurs =
    typeof line['ts'] === 'string' &&
    /^\d{4}-\d\d-\d\dT/.test(line['ts']) &&
    typeof line['service'] === 'string' &&
    (line['level'] === undefined || typeof line['level'] === 'string');
  return (
    isOurs &&
    ('kind' in line ||
      'type' in line ||
      Object.keys(line).every((name) => Object.hasOwn(EVENT_FIELDS, name)))
  );
}
