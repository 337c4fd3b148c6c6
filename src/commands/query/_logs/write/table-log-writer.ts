import {
  selectedName,
  type SelectedField,
  type StoredEvent,
} from '../../../../engine/model/stored-event.js';
import { formatLocal } from '../../../../engine/time/format.js';
import { joinCells, shareWidth } from '../../../_cli/column-widths.js';
import { describeEvent, describeSource, foldLines } from '../../../_cli/describe-event.js';
import { levelStyle, levelTextStyle } from '../../../_cli/level-style.js';
import { sanitizeText } from '../../../_cli/sanitize.js';
import { clipText, fitEnd, fitText, widthOf } from '../../../_cli/text-width.js';
import { fieldText, type LogCanvas, type LogWriter } from './log-page.js';

const LEVEL_WIDTH = 5;
const SERVICE_WIDTH_MAX = 16;
const SOURCE_WIDTH_MAX = 28;

/** From here on there is room for the source and the whole date. */
const WIDE_FROM = 100;

interface LogColumns {
  readonly hasDate: boolean;
  readonly service: number;
  readonly source: number;
}

/** One line an event: time, level, service, source and the message in the rest of the width. */
export class LogTableWriter implements LogWriter {
  readonly #canvas: LogCanvas;
  #columns: LogColumns | undefined;

  constructor(canvas: LogCanvas) {
    this.#canvas = canvas;
  }

  /** The widths are those of the first batch, so that lines can be written as they come. */
  write(events: readonly StoredEvent[]): string {
    if (events.length === 0) return '';
    this.#columns ??= layOut(events, this.#canvas.terminal.width);
    const columns = this.#columns;
    return events.map((stored) => `${this.#line(stored, columns)}\n`).join('');
  }

  end(): string {
    return '';
  }

  #line({ tsNs, event }: StoredEvent, columns: LogColumns): string {
    const { terminal, zone } = this.#canvas;
    const { paint, width } = terminal;
    const { date, time } = formatLocal(tsNs, zone);
    const level = event.level ?? '';
    const when = columns.hasDate ? `${date} ${time}` : `${date.slice('YYYY-'.length)} ${time}`;
    const cells = [
      paint('dim', when),
      paint(levelStyle(level), fitText(sanitizeText(level.toUpperCase()), LEVEL_WIDTH)),
      paint('cyan', fitText(sanitizeText(event.service ?? ''), columns.service)),
    ];
    let left = width - widthOf(when) - LEVEL_WIDTH - columns.service - cells.length;
    if (columns.source > 0) {
      cells.push(paint('dim', fitEnd(describeSource(event), columns.source)));
      left -= columns.source + 1;
    }
    const text = clipText(describeEvent(event), Math.max(1, left));
    return [...cells, paint(levelTextStyle(level), text)].join(' ').trimEnd();
  }
}

function layOut(events: readonly StoredEvent[], width: number): LogColumns {
  const isWide = width >= WIDE_FROM;
  const longest = (textOf: (stored: StoredEvent) => string): number =>
    events.reduce((most, stored) => Math.max(most, widthOf(textOf(stored))), 1);
  const service = longest(({ event }) => sanitizeText(event.service ?? ''));
  const source = longest(({ event }) => describeSource(event));
  return {
    hasDate: isWide,
    service: Math.min(service, SERVICE_WIDTH_MAX),
    source: isWide ? Math.min(source, SOURCE_WIDTH_MAX) : 0,
  };
}

/** One column for each field that was asked for, under its name; what does not fit is cut. */
export class FieldTableWriter implements LogWriter {
  readonly #canvas: LogCanvas;
  readonly #fields: readonly SelectedField[];
  #widths: readonly number[] | undefined;

  constructor(canvas: LogCanvas, fields: readonly SelectedField[]) {
    this.#canvas = canvas;
    this.#fields = fields;
  }

  write(events: readonly StoredEvent[]): string {
    if (events.length === 0) return '';
    const { terminal } = this.#canvas;
    const rows = events.map((stored) => this.#fields.map((field) => this.#cell(stored, field)));
    let text = '';
    if (this.#widths === undefined) {
      const titles = this.#fields.map(selectedName).map((title) => sanitizeText(title));
      this.#widths = shareWidth([titles, ...rows], terminal.width);
      text = `${terminal.paint('bold', joinCells(titles, this.#widths))}\n`;
    }
    const widths = this.#widths;
    return text + rows.map((cells) => `${joinCells(cells, widths)}\n`).join('');
  }

  end(): string {
    return '';
  }

  #cell(stored: StoredEvent, field: SelectedField): string {
    if (field.kind === 'column' && field.name === 'ts') {
      const { date, time } = formatLocal(stored.tsNs, this.#canvas.zone);
      return `${date} ${time}`;
    }
    return foldLines(fieldText(stored, field));
  }
}
