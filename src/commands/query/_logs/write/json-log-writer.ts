import type { StoredEvent } from '../../../../engine/model/stored-event.js';
import { sanitizeJson } from '../../../_cli/sanitize.js';
import type { LogPageEnd, LogWriter } from './log-page.js';

/** One event a line. */
export class NdjsonLogWriter implements LogWriter {
  write(events: readonly StoredEvent[]): string {
    return events.map(({ event }) => `${sanitizeJson(event)}\n`).join('');
  }

  end(): string {
    return '';
  }
}

/** One document: `events`, `next` (the cursor, or null) and `missingShards`; an event a line, so that it can be read. */
export class JsonLogWriter implements LogWriter {
  #hasEvents = false;

  write(events: readonly StoredEvent[]): string {
    let text = '';
    for (const { event } of events) {
      text += `${this.#hasEvents ? ',' : '{"events":['}\n${sanitizeJson(event)}`;
      this.#hasEvents = true;
    }
    return text;
  }

  end({ cursor, missingShards }: LogPageEnd): string {
    const tail = `],"next":${sanitizeJson(cursor)},"missingShards":${sanitizeJson(missingShards)}}\n`;
    return this.#hasEvents ? `\n${tail}` : `{"events":[${tail}`;
  }
}
