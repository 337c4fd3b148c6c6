import {
  type Decoded,
  type EventFields,
  type LineFormat,
  oneEvent,
  UNPARSED,
} from '../line-format.js';
import type { ParseTime } from '../parse-time.js';
import { readJson } from '../topic/read-json.js';
import { mapCommonNames } from './map-common-names.js';
import { eventsOfOtlpLog, isOtlpLog } from './otlp/export-request.js';

/** A JSON object a line, of any logger; OpenTelemetry's own JSON among them. */
export function createJsonFormat(parseTime: ParseTime): LineFormat {
  return {
    name: 'json',
    continuation: 'never',
    decode(text): Decoded {
      const line = parseObject(text);
      if (line === undefined) return UNPARSED;
      if (isOtlpLog(line)) {
        const events = eventsOfOtlpLog(line);
        return events.length > 0 ? { kind: 'events', events, isTimeUnread: false } : UNPARSED;
      }
      const { event, isTimeUnread } = mapCommonNames(line, parseTime);
      return oneEvent(event, { isTimeUnread });
    },
  };
}

/** atbd's own event: taken as it is. */
export const ownFormat: LineFormat = {
  name: 'atbd',
  continuation: 'never',
  decode(text) {
    const line = parseObject(text);
    return line === undefined ? UNPARSED : oneEvent(line, { isTimeUnread: false });
  },
};

/** One JSON object, every digit of it kept; what is nested too deep to be written again is none. */
export function parseObject(text: string): EventFields | undefined {
  if (!text.startsWith('{') && !/^\s*\{/.test(text)) return undefined;
  const read = readJson(text);
  return read.kind === 'object' ? read.value : undefined;
}
