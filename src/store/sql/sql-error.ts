import { AtbdError, type ErrorCode } from '../../engine/model/error.js';
import type { QuestionLimits } from '../clickhouse/question-limits.js';
import { toStoreError } from '../clickhouse/server-error.js';

/** What to do about a failure of a statement that the user has written. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  SCAN_LIMIT_EXCEEDED: 'Narrow it, best by a condition on ts, or allow more: --max-scan.',
  MEMORY_LIMIT_EXCEEDED:
    'Narrow it, best by a condition on ts, or ask for fewer columns or groups.',
  PERMISSION_DENIED:
    'The read-only user reads the tables of atbd (SHOW TABLES): no other tables, no files, no URLs, no other servers. It changes nothing.',
};

/** Codes of the server for which there is more to say than what it says itself. */
const HINTS_BY_SERVER_CODE: Readonly<Record<string, string>> = {
  '60': 'List the tables: atbd sql -q "SHOW TABLES"', // UNKNOWN_TABLE
  '73': 'See https://clickhouse.com/docs/interfaces/formats, for example --format CSVWithNames.', // UNKNOWN_FORMAT
  '358': 'The answer goes to stdout: atbd sql … > FILE', // INTO_OUTFILE_NOT_ALLOWED
  '456': 'Give its value: -p NAME=VALUE', // UNKNOWN_QUERY_PARAMETER
  '457': 'Correct the value of -p, or the type in the text: {NAME:Type}', // BAD_QUERY_PARAMETER
};

const MULTI_STATEMENTS = 'Multi-statements are not allowed';

/** What is known of the statement when it fails. */
export interface FailedStatement {
  readonly sql: string;
  readonly limits: QuestionLimits;
  /** Whether rows have been given out already. */
  readonly hasBegun: boolean;
}

/** The server's refusal as an error of ours, with the place in the text where it names one. */
export function toSqlError(cause: unknown, { sql, limits, hasBegun }: FailedStatement): AtbdError {
  const doing = hasBegun ? 'read the whole answer' : 'run the SQL';
  const error = toStoreError(trimmed(cause), doing, limits);
  if (error === cause) return error;
  const code = error.code === 'CLICKHOUSE_REFUSED' ? 'SQL_INVALID' : error.code;
  const text = cause instanceof Error ? cause.message : '';
  const place = placeIn(sql, text);
  return new AtbdError({
    code,
    message: `${error.message}${hasBegun ? ': what was written before is not all of it' : ''}${place}`,
    hint: hintFor(code, error.hint, { text, serverCode: serverCodeOf(cause) }),
    cause: error.cause,
  });
}

interface ServerWords {
  readonly text: string;
  readonly serverCode: string;
}

function hintFor(code: ErrorCode, known: string, { text, serverCode }: ServerWords): string {
  if (text.includes(MULTI_STATEMENTS)) return 'Send one statement at a time.';
  if (serverCode === AUTHENTICATION_FAILED) return known;
  if (code === 'TIMEOUT' && known.includes('--timeout')) {
    return `Narrow it, best by a condition on ts, ${known.slice(known.indexOf('or give it longer'))}`;
  }
  const own = HINTS_BY_SERVER_CODE[serverCode] ?? HINTS[code];
  if (own !== undefined) return own;
  return code === 'SQL_INVALID'
    ? 'Correct the text; the server says what is wrong with it.'
    : known;
}

const AUTHENTICATION_FAILED = '516';

function serverCodeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

/** Without the long list of what could have stood there instead. */
function trimmed(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const message = cause.message
    .replace(/\. Expected one of:[\s\S]*$/u, '')
    .replace(/\s*\(version [^)]*\)\s*$/u, '')
    .trim();
  return Object.assign(new Error(message), { name: cause.name, ...codeIn(cause) });
}

function codeIn(cause: Error): { readonly code?: unknown } {
  return 'code' in cause ? { code: cause.code } : {};
}

/** Characters of a line that are shown on each side of the place. */
const SHOWN_AROUND = 60;

/** The line in which the server stopped, and a mark below the place; nothing where it names none. */
function placeIn(sql: string, serverText: string): string {
  const position = /failed at position (?<at>\d+)/u.exec(serverText)?.groups?.['at'];
  if (position === undefined) return '';
  // The server counts bytes, from 1.
  const before = Buffer.from(sql)
    .subarray(0, Number(position) - 1)
    .toString('utf8');
  const lines = before.split('\n');
  const column = (lines.at(-1) ?? '').length;
  const line = sql.split('\n')[lines.length - 1] ?? '';
  const from = Math.max(0, column - SHOWN_AROUND);
  const shown = line.slice(from, column + SHOWN_AROUND).replaceAll(/[\t\r]/gu, ' ');
  const where = ` at line ${lines.length}, column ${column + 1}`;
  return `${where}\n  ${shown}\n  ${' '.repeat(column - from)}^`;
}
