import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { AtbdError } from '../../../engine/model/error.js';
import { quoteValue } from '../../../engine/model/visible-text.js';

/** What the server takes as one statement (its max_query_size); more is data, and data has no place in it. */
const STATEMENT_BYTES_MAX = 256 * 1024;

/** Stands for standard input. */
const STDIN = '-';

/** Where a statement may come from. */
export interface StatementSource {
  readonly file: string | undefined;
  readonly text: string | undefined;
}

/** The statement from the file, the flag or standard input; rejects with USAGE_INVALID or INPUT_UNREADABLE. */
export async function readStatement({ file, text }: StatementSource): Promise<string> {
  if (file !== undefined && text !== undefined) {
    throw usage('cannot take both a file and --query', 'Leave one of them out.');
  }
  const read = text ?? (await readInput(file ?? STDIN, file === undefined));
  const sql = read.replace(/^\ufeff/u, '').trim();
  if (Buffer.byteLength(sql) > STATEMENT_BYTES_MAX) throw tooLarge();
  if (sql !== '') return sql;
  throw usage(
    'cannot run an empty statement',
    'Give it by -q "SELECT …", by a file, or on standard input.',
  );
}

async function readInput(file: string, isUnasked: boolean): Promise<string> {
  if (file !== STDIN) return readFileText(file);
  if (isUnasked && process.stdin.isTTY) {
    throw usage(
      'cannot run SQL without a statement',
      'Give it by -q "SELECT …", by a file, or on standard input (-).',
    );
  }
  return decode(await collect(process.stdin), 'standard input');
}

async function readFileText(file: string): Promise<string> {
  try {
    await using handle = await open(file);
    return decode(await collect(handle.createReadStream({ autoClose: false })), file);
  } catch (cause) {
    if (cause instanceof AtbdError) throw cause;
    throw new AtbdError({
      code: 'INPUT_UNREADABLE',
      message: `cannot read ${quoteValue(file)}`,
      hint: /\s/u.test(file)
        ? 'A statement itself is given by -q "SELECT …".'
        : 'Check that it is a file and that you may read it.',
      cause,
    });
  }
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > STATEMENT_BYTES_MAX) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function decode(bytes: Buffer, from: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw usage(`cannot read the statement in ${quoteValue(from)}: it is not UTF-8`, 'Convert it.');
  }
}

function tooLarge(): AtbdError {
  return usage(
    `cannot run a statement of more than ${STATEMENT_BYTES_MAX} bytes`,
    'The server takes no more; long lists are better asked for by a condition.',
  );
}

function usage(message: string, hint: string): AtbdError {
  return new AtbdError({ code: 'USAGE_INVALID', message, hint });
}
