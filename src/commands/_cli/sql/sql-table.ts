import { joinCells, shareWidth, type Side } from '../column-widths.js';
import { sanitizeText } from '../sanitize.js';
import type { Terminal } from '../terminal.js';
import { fitText, widthOf } from '../text-width.js';
import { RowLines } from './row-lines.js';
import type { SqlWriter } from './sql-format.js';

/** Rows by which columns are measured; those that follow are written as they come. */
const MEASURED_ROWS = 500;

/** Where columns would be narrower than this in the mean, each row is written as lines of its own. */
const COLUMN_WIDTH_MIN = 6;

/**
 * A table fitted to the terminal: columns are as wide as the first rows want, figures stand right. A single text of several lines,
 * such as the answer to SHOW CREATE TABLE, is shown as it is.
 */
export class SqlTable implements SqlWriter {
  readonly #terminal: Terminal;
  readonly #lines = new RowLines();
  #names: readonly string[] | undefined;
  #sides: readonly Side[] | undefined;
  /** Rows that wait until there are enough to measure. */
  #waiting: (readonly string[])[] | undefined = [];
  #widths: readonly number[] = [];
  #rowCount = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  write(bytes: Buffer): string {
    const rows: (readonly string[])[] = [];
    for (const values of this.#lines.push(bytes)) {
      const texts = values as readonly string[];
      if (this.#names === undefined) this.#names = texts.map(foldCell);
      else if (this.#sides === undefined) this.#sides = texts.map(sideOfType);
      else rows.push(texts);
    }
    if (this.#waiting === undefined) return this.#draw(rows);
    this.#waiting.push(...rows);
    return this.#waiting.length < MEASURED_ROWS ? '' : this.#drawWaiting();
  }

  end(): string {
    return this.#drawWaiting();
  }

  breakOff(): string {
    return this.#drawWaiting();
  }

  #drawWaiting(): string {
    const rows = this.#waiting;
    this.#waiting = undefined;
    if (rows === undefined || this.#names === undefined) return '';
    const [only] = rows;
    if (rows.length === 1 && only?.length === 1 && only[0]?.includes('\n') === true) {
      return `${sanitizeText(only[0], { keepLineBreaks: true })}\n`;
    }
    if (this.#isVertical) return this.#draw(rows);
    const cells = rows.map((row) => row.map(foldCell));
    this.#widths = shareWidth([this.#names, ...cells], this.#terminal.width);
    const head = joinCells(this.#names, this.#widths, this.#sides);
    return `${this.#terminal.paint('bold', head)}\n${this.#draw(rows)}`;
  }

  get #isVertical(): boolean {
    return (this.#names?.length ?? 0) * (COLUMN_WIDTH_MIN + 2) > this.#terminal.width;
  }

  #draw(rows: readonly (readonly string[])[]): string {
    const draw = this.#isVertical
      ? (row: readonly string[]) => this.#drawVertical(row)
      : (row: readonly string[]) => `${joinCells(row.map(foldCell), this.#widths, this.#sides)}\n`;
    return rows.map(draw).join('');
  }

  /** A line for each column, whole. */
  #drawVertical(row: readonly string[]): string {
    this.#rowCount += 1;
    const names = this.#names ?? [];
    const width = names.reduce((most, name) => Math.max(most, widthOf(name)), 0);
    const lines = names.map((name, at) =>
      `${this.#terminal.paint('dim', fitText(name, width))}  ${foldCell(row[at] ?? '')}`.trimEnd(),
    );
    const head = this.#terminal.paint('bold', `row ${this.#rowCount}`);
    return `${head}\n${lines.map((line) => `${line}\n`).join('')}\n`;
  }
}

const FIGURE = /^(?:(?:Nullable|LowCardinality)\()*(?:U?Int\d|B?Float\d|Decimal)/u;

function sideOfType(type: string): Side {
  return FIGURE.test(type) ? 'right' : 'left';
}

/** In one safe line; what stands to the left stays, for it may be the depth of a tree. */
function foldCell(text: string): string {
  return sanitizeText(
    text
      .trimEnd()
      .replace(/\s*\r?\n\s*/gu, ' ↵ ')
      .replaceAll('\t', ' '),
  );
}
