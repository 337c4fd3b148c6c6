import { describe, expect, it } from 'vitest';
import { plainPaint } from '../terminal.js';
import { widthOf } from '../text-width.js';
import { chooseFormat, type SqlFormat } from './sql-format.js';
import { createSqlWriter } from './sql-writer.js';

const EVIL = '\u001b[2J\u009b1m\u202e\u0007';

interface WriteOptions {
  readonly width?: number;
  readonly isTerminal?: boolean;
  readonly isBroken?: boolean;
  /** Bytes of a chunk. */
  readonly size?: number;
}

function write(kind: SqlFormat['kind'], text: string, options: WriteOptions = {}): string {
  const { width = 80, isTerminal = false, isBroken = false, size = 7 } = options;
  const terminal = { width, isTerminal, paint: plainPaint };
  const writer = createSqlWriter({ kind, wire: '', settings: {} }, terminal);
  const bytes = Buffer.from(text);
  let written = '';
  for (let at = 0; at < bytes.length; at += size) {
    written += writer.write(bytes.subarray(at, at + size)).toString();
  }
  return written + (isBroken ? writer.breakOff() : writer.end([]));
}

/** As the server sends them. */
function lines(...rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

const TYPED = [
  ['service', 'n', 'message'],
  ['LowCardinality(String)', 'Nullable(UInt64)', 'String'],
];

describe('the table', () => {
  it('stands figures right, and fits the width', () => {
    const rows = [
      ['payment', '12', 'a long message that does not fit a narrow terminal'],
      ['überweisung', '1234567', 'two\nlines\tand a tab'],
    ];
    expect(write('table', lines(...TYPED, ...rows), { width: 50 })).toBe(
      'service            n  message\n' +
        'payment           12  a long message that does no…\n' +
        'überweisung  1234567  two ↵ lines and a tab\n',
    );
  });

  it('keeps the widths of the first rows for all that follow, and cuts no figure', () => {
    const rows = Array.from({ length: 1200 }, (_, n) => ['s', String(n), 'x'.repeat(n % 70)]);
    const table = write('table', lines(...TYPED, ...rows), { width: 60, size: 1000 });
    const written = table.trimEnd().split('\n');
    expect(written).toHaveLength(1201);
    expect(written[1]).toBe('s          0');
    expect(written[1200]).toMatch(/^s {8}1199 {2}x+$/u);
    for (const line of written) expect(widthOf(line)).toBeLessThanOrEqual(60 + 1);
  });

  it('gives each row lines of its own where columns are too many', () => {
    const names = Array.from({ length: 12 }, (_, n) => `column_${n}`);
    const row = names.map((name) => `of ${name}`);
    const table = write(
      'table',
      lines(
        names,
        names.map(() => 'String'),
        row,
        row,
      ),
    );
    expect(table).toMatch(/^row 1\ncolumn_0 {3}of column_0\n/u);
    expect(table).toContain('\nrow 2\n');
  });

  it('shows a single text of several lines as it is', () => {
    const text = 'CREATE TABLE x\n(\n    `a` String\n)';
    expect(write('table', lines(['statement'], ['String'], [text]))).toBe(`${text}\n`);
  });

  it('has its names above nothing, and nothing above nothing at all', () => {
    expect(write('table', lines(...TYPED))).toBe('service  n  message\n');
    expect(write('table', '')).toBe('');
  });

  it.each([3, 8])('lets no control character through, in %d columns', (count) => {
    const row = Array.from({ length: count }, () => EVIL);
    const many = lines(
      row,
      row.map(() => 'String'),
      row,
      [...row.slice(1), `${EVIL}\n${EVIL}`],
    );
    for (const width of [40, 200]) {
      expect(write('table', many, { width })).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    }
    const single = lines(['a'], ['String'], [`${EVIL}\n${EVIL}`]);
    expect(write('table', single)).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  });
});

describe('JSON', () => {
  it('is one document with the types, however it is cut', () => {
    const text = write(
      'json',
      lines(...TYPED, ['pay', '18446744073709551615', EVIL], ['b', null, '']),
    );
    expect(JSON.parse(text)).toEqual({
      columns: [
        { name: 'service', type: 'LowCardinality(String)' },
        { name: 'n', type: 'Nullable(UInt64)' },
        { name: 'message', type: 'String' },
      ],
      rows: [
        { service: 'pay', n: '18446744073709551615', message: EVIL },
        { service: 'b', n: null, message: '' },
      ],
      missingShards: [],
    });
    expect(text).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  });

  it('loses no column of two that have one name', () => {
    const text = write('json', lines(['1', '1', '1_2'], ['UInt8', 'UInt8', 'UInt8'], [1, 2, 3]));
    expect((JSON.parse(text) as { rows: unknown[] }).rows).toEqual([
      { 1: 1, '1_2': 2, '1_2_2': 3 },
    ]);
  });

  it('is a document also of nothing', () => {
    expect(write('json', '')).toBe('{"columns":[],"rows":[],"missingShards":[]}\n');
    expect((JSON.parse(write('json', lines(...TYPED))) as { rows: unknown[] }).rows).toEqual([]);
  });

  it('that breaks off is none', () => {
    const text = write('json', lines(...TYPED, ['a', '1', 'b']), { isBroken: true });
    expect(() => JSON.parse(text) as unknown).toThrow();
  });
});

describe('any other format', () => {
  it('is byte for byte in a pipe', () => {
    const bytes = Buffer.from([0x50, 0x41, 0x52, 0x31, 0xff, 0x00, 0x1b, 0x0d]);
    const terminal = { width: 80, isTerminal: false, paint: plainPaint };
    const writer = createSqlWriter({ kind: 'raw', wire: 'Parquet', settings: {} }, terminal);
    expect(writer.write(bytes)).toBe(bytes);
    expect(writer.end([])).toBe('');
  });

  it.each([1, 2, 3, 100])('has no effect on a terminal, in chunks of %d bytes', (size) => {
    const text = write('raw', `ü${EVIL}\r\n\ta\rb\r`, { isTerminal: true, size });
    expect(text).toBe('ü␛[2J<U+009B>1m<U+202E>␇\r\n\ta␍b␍');
  });
});

describe('the format', () => {
  it.each([
    [{ format: undefined, isJson: false, isTerminal: true }, 'table'],
    [{ format: undefined, isJson: false, isTerminal: false }, 'raw'],
    [{ format: 'table', isJson: false, isTerminal: false }, 'table'],
    [{ format: 'CSV', isJson: false, isTerminal: true }, 'raw'],
    [{ format: undefined, isJson: true, isTerminal: true }, 'json'],
  ])('of %j is %s', (flags, kind) => {
    expect(chooseFormat(flags).kind).toBe(kind);
  });
});
