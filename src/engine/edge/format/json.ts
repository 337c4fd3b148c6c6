import {
  type Decoded,
  type EventFields,
  type LineFormat,
  oneEvent,
  UNPARSED,
} from '../line-format.js';
import type { ParseTime } from '../parse-time.js';
import { isObject, mapCommonNames } from './common-names.js';
import { eventsOfOtlp, isOtlp } from './otlp.js';

/** A JSON object a line, of any logger; OpenTelemetry's own JSON among them. */
export function createJsonFormat(parseTime: ParseTime): LineFormat {
  return {
    name: 'json',
    decode(text): Decoded {
      const line = parseObject(text);
      if (line === undefined) return UNPARSED;
      if (isOtlp(line)) {
        const events = eventsOfOtlp(line);
        return events.length > 0 ? { kind: 'events', events } : UNPARSED;
      }
      return oneEvent(mapCommonNames(line, parseTime));
    },
  };
}

/** atbd's own event: taken as it is. */
export const ownFormat: LineFormat = {
  name: 'atbd',
  decode(text) {
    const line = parseObject(text);
    return line === undefined ? UNPARSED : oneEvent(line);
  },
};

export function parseObject(text: string): EventFields | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
