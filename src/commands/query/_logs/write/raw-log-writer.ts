import type { StoredEvent } from '../../../../engine/model/stored-event.js';
import { sanitizeText } from '../../../_cli/sanitize.js';
import type { Terminal } from '../../../_cli/terminal.js';
import type { LogWriter } from './log-page.js';

/** The message alone, its lines kept: byte for byte into a pipe, made safe on a terminal. */
export class RawLogWriter implements LogWriter {
  readonly #isTerminal: boolean;

  constructor({ isTerminal }: Terminal) {
    this.#isTerminal = isTerminal;
  }

  write(events: readonly StoredEvent[]): string {
    return events.map(({ event }) => `${this.#text(event.message ?? '')}\n`).join('');
  }

  end(): string {
    return '';
  }

  #text(message: string): string {
    return this.#isTerminal ? sanitizeText(message, { keepLineBreaks: true }) : message;
  }
}
