import { sanitizeJson, sanitizeText } from '../sanitize.js';
import type { Terminal } from '../terminal.js';
import { RowLines } from './row-lines.js';
import type { SqlFormat, SqlWriter } from './sql-format.js';
import { SqlTable } from './sql-table.js';

/** The writer of a format. */
export function createSqlWriter({ kind }: SqlFormat, terminal: Terminal): SqlWriter {
  switch (kind) {
    case 'table':
      return new SqlTable(terminal);
    case 'json':
      return new JsonSqlWriter();
    case 'raw':
      return terminal.isTerminal ? new VisibleWriter() : PASS_THROUGH;
  }
}

/** Byte for byte: a pipe or a file gets what the server sent. */
const PASS_THROUGH: SqlWriter = {
  write: (bytes) => bytes,
  end: () => '',
  breakOff: () => '',
};

/** Any format on a terminal: nothing in it takes effect there. */
class VisibleWriter implements SqlWriter {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  /** A carriage return at the end may be half of a line break. */
  #held = '';

  write(bytes: Buffer): string {
    const text = this.#held + this.#decoder.decode(bytes, { stream: true });
    this.#held = text.endsWith('\r') ? '\r' : '';
    return visible(text.slice(0, text.length - this.#held.length));
  }

  end(): string {
    return visible(this.#held + this.#decoder.decode());
  }

  breakOff(): string {
    return `${this.end()}\n`;
  }
}

function visible(text: string): string {
  return sanitizeText(text, { keepLineBreaks: true });
}

interface Column {
  readonly name: string;
  readonly type: string;
}

/** One document: `columns` with names and types, `rows` as objects, a row a line, and `missingShards`. */
class JsonSqlWriter implements SqlWriter {
  readonly #lines = new RowLines();
  #names: readonly string[] | undefined;
  #columns: readonly Column[] | undefined;
  #hasRows = false;

  write(bytes: Buffer): string {
    return this.#lines
      .push(bytes)
      .map((values) => this.#line(values))
      .join('');
  }

  end(missingShards: readonly number[]): string {
    const head = this.#columns === undefined ? '{"columns":[],"rows":[' : '';
    return `${head}${this.#hasRows ? '\n' : ''}],"missingShards":${JSON.stringify(missingShards)}}\n`;
  }

  breakOff(): string {
    return this.#columns === undefined ? '' : '\n';
  }

  #line(values: readonly unknown[]): string {
    if (this.#names === undefined) {
      this.#names = uniqueNames(values as readonly string[]);
      return '';
    }
    const names = this.#names;
    if (this.#columns === undefined) {
      this.#columns = names.map((name, at) => ({ name, type: values[at] as string }));
      return `{"columns":${sanitizeJson(this.#columns)},"rows":[`;
    }
    const row = sanitizeJson(Object.fromEntries(names.map((name, at) => [name, values[at]])));
    const text = `${this.#hasRows ? ',' : ''}\n${row}`;
    this.#hasRows = true;
    return text;
  }
}

/** `SELECT 1, 1` has two columns of one name; in an object each needs its own. */
function uniqueNames(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let n = 2; seen.has(unique); n += 1) unique = `${name}_${n}`;
    seen.add(unique);
    return unique;
  });
}
