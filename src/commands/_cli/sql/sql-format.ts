import { AtbdError } from '../../../engine/model/error.js';

/** Our own table, fitted to the width; the formats of the server are all others. */
const TABLE = 'table';

/** Lines of texts under two lines of names and types: what our own table and JSON are made of. */
const TABLE_WIRE = 'JSONCompactStringsEachRowWithNamesAndTypes';
const JSON_WIRE = 'JSONCompactEachRowWithNamesAndTypes';

/** For a pipe: what awk and cut read, with a line of names. */
const PIPE_FORMAT = 'TSVWithNames';

/** How an answer is written, and the server's format that it is made of. */
export interface SqlFormat {
  readonly kind: 'table' | 'json' | 'raw';
  readonly wire: string;
  /** What the server must be told for it. */
  readonly settings: Readonly<Record<string, string | number>>;
}

/** Turns the bytes of an answer into what stdout gets. */
export interface SqlWriter {
  write(bytes: Buffer): string | Buffer;
  /** What follows the last byte. */
  end(missingShards: readonly number[]): string;
  /** What is left to be shown of an answer that ends in the middle; never what would make it look whole. */
  breakOff(): string;
}

/** JSON.parse would round what is longer than its numbers. */
const EXACT = { output_format_json_quote_64bit_integers: 1, output_format_json_quote_decimals: 1 };

/** By the flags, or else by who reads: a table for a person, lines for a program. Rejects with USAGE_INVALID. */
export function chooseFormat({
  format,
  isJson,
  isTerminal,
}: {
  readonly format: string | undefined;
  readonly isJson: boolean;
  readonly isTerminal: boolean;
}): SqlFormat {
  if (isJson && format !== undefined) {
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: 'cannot take both --json and --format',
      hint: "Leave one of them out; --format JSON is the server's own document.",
    });
  }
  if (isJson) return { kind: 'json', wire: JSON_WIRE, settings: EXACT };
  const name = format ?? (isTerminal ? TABLE : PIPE_FORMAT);
  if (name === TABLE) return { kind: 'table', wire: TABLE_WIRE, settings: {} };
  return { kind: 'raw', wire: name, settings: {} };
}
