import {
  ALL_FIELDS,
  selectedName,
  type SelectedField,
  type StoredEvent,
} from '../../../../engine/model/stored-event.js';
import { csvCell } from '../../../_cli/csv-cell.js';
import { sanitizeText } from '../../../_cli/sanitize.js';
import { fieldText, type LogCanvas, type LogWriter } from './log-page.js';

/** RFC 4180 with a header; on a terminal control characters are made visible. */
export class CsvLogWriter implements LogWriter {
  readonly #fields: readonly SelectedField[];
  readonly #isTerminal: boolean;
  #hasHeader = false;

  constructor({ fields, terminal }: LogCanvas) {
    this.#fields = fields ?? ALL_FIELDS;
    this.#isTerminal = terminal.isTerminal;
  }

  write(events: readonly StoredEvent[]): string {
    const records = events.map((stored) => this.#fields.map((field) => fieldText(stored, field)));
    return this.#header() + records.map((record) => this.#line(record)).join('');
  }

  /** The header stands also above nothing. */
  end(): string {
    return this.#header();
  }

  #header(): string {
    if (this.#hasHeader) return '';
    this.#hasHeader = true;
    return this.#line(this.#fields.map(selectedName));
  }

  #line(cells: readonly string[]): string {
    const line = cells.map(csvCell).join(',');
    return `${this.#isTerminal ? sanitizeText(line, { keepLineBreaks: true }) : line}\r\n`;
  }
}
