import type { SqlParams } from '../query/sql-params.js';

/** A statement and its values. */
export interface StatementParts {
  readonly sql: string;
  readonly params: SqlParams;
}

/**
 * The statement with its values in it, to be read and pasted into a client. What is asked goes with parameters; here each
 * value becomes a literal of its own type, and in texts everything that a terminal or a client could take for more than text
 * is escaped. Tables get their database's name, so that it runs whatever the client's own is.
 */
export function readableSql({ sql, params }: StatementParts, database: string): string {
  const { values } = params;
  const text = sql
    .replace(/\b(?<clause>FROM|JOIN) (?<table>[a-z_]+)\b/gu, `$<clause> ${database}.$<table>`)
    .replace(INSTANT, (_, name: string) => instantLiteral(String(values[name])))
    .replace(PLACEHOLDER, (whole, name: string, type: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`BUG: ${whole} has no value`);
      return literalOf(type, value);
    });
  return `${dedent(text)};\n`;
}

const PLACEHOLDER = /\{(p\d+):([^{}]+)\}/gu;

/** As `instantSql` writes it. */
const INSTANT = /fromUnixTimestamp64Nano\(\{(p\d+):Int64\}, 'UTC'\)/gu;

const NS_PER_SECOND = 1_000_000_000n;

function instantLiteral(digits: string): string {
  const ns = BigInt(digits);
  const fraction = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const seconds = new Date(Number((ns - fraction) / NS_PER_SECOND) * 1000).toISOString();
  const text = seconds.replace('T', ' ').replace(/\.\d+Z$/u, '');
  return `toDateTime64('${text}.${String(fraction).padStart(9, '0')}', 9, 'UTC')`;
}

type Value = SqlParams['values'][string];

function literalOf(type: string, value: Value): string {
  const item = /^Array\((?<type>.+)\)$/u.exec(type)?.groups?.['type'];
  if (item === undefined) return scalarOf(type, value);
  const items = (value as readonly unknown[]).map((each) => scalarOf(item, each));
  const list = `[${items.join(', ')}]`;
  // A list of numbers has a type of its own only by chance, and one of nothing has none.
  return item === 'String' && items.length > 0 ? list : `CAST(${list}, '${type}')`;
}

/** Numbers as they are; everything else as a text that the server reads as that type. */
function scalarOf(type: string, value: unknown): string {
  const text = String(value);
  if (type === 'String') return quoteText(text);
  if (!type.startsWith('Decimal') && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/u.test(text)) return text;
  return `CAST(${quoteText(text)}, '${type}')`;
}

/** A text as the server's literal. Bytes of what is not harmless are written as `\xHH`. */
function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replace(UNSAFE, escapeBytes)}'`;
}

/** Control characters, and what changes the direction or the line of writing. */
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;

function escapeBytes(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}

/** Without the indentation that the statement has in our code. */
function dedent(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const indents = lines.map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents);
  return lines.map((line) => line.slice(indent)).join('\n');
}
