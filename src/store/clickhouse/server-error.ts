import { AtbdError, type ErrorCode } from '../../engine/model/error.js';
import { needsTooMuch, scanExceeded, tookTooLong } from './limit-error.js';
import type { QuestionLimits } from './question-limits.js';

/** ClickHouse's own error codes (src/Common/ErrorCodes.cpp), as far as we answer them in a way of their own. */
const BY_SERVER_CODE: Readonly<Record<number, ErrorCode>> = {
  159: 'TIMEOUT', // TIMEOUT_EXCEEDED
  160: 'TIMEOUT', // TOO_SLOW
  209: 'TIMEOUT', // SOCKET_TIMEOUT
  202: 'CLICKHOUSE_BUSY', // TOO_MANY_SIMULTANEOUS_QUERIES
  241: 'CLICKHOUSE_BUSY', // MEMORY_LIMIT_EXCEEDED
  243: 'CLICKHOUSE_BUSY', // NOT_ENOUGH_SPACE
  252: 'CLICKHOUSE_BUSY', // TOO_MANY_PARTS
  242: 'CLICKHOUSE_BUSY', // TABLE_IS_READ_ONLY
  198: 'CLICKHOUSE_UNREACHABLE', // DNS_ERROR
  210: 'CLICKHOUSE_UNREACHABLE', // NETWORK_ERROR
  236: 'CLICKHOUSE_UNREACHABLE', // ABORTED: it is stopping
  279: 'CLICKHOUSE_UNREACHABLE', // ALL_CONNECTION_TRIES_FAILED
  425: 'CLICKHOUSE_UNREACHABLE', // SYSTEM_ERROR
  497: 'PERMISSION_DENIED', // ACCESS_DENIED
  516: 'PERMISSION_DENIED', // AUTHENTICATION_FAILED
  164: 'PERMISSION_DENIED', // READONLY
  394: 'QUERY_CANCELLED', // QUERY_WAS_CANCELLED; when we ended it ourselves, the client says so first
};

const HINTS: Partial<Record<ErrorCode, string>> = {
  TIMEOUT: 'Ask for a shorter time range, or try again when the store is less busy.',
  CLICKHOUSE_BUSY: 'Try again in a moment; `atbd status` shows the shards.',
  CLICKHOUSE_UNREACHABLE: 'See whether the shards are up: atbd status',
  CLICKHOUSE_REFUSED:
    'The server says what is wrong; `atbd migrate` brings an old schema up to date.',
  PERMISSION_DENIED: 'Look at the user and the password of this context: atbd context show',
  QUERY_CANCELLED:
    'Somebody ended it on the server (KILL QUERY), or the server was stopping. Run it again.',
  INTERRUPTED: 'Run it again.',
};

/**
 * What the client threw as an error of ours, judged by ClickHouse's code and never by the HTTP
 * status. The server's text goes to the cause, shortened: it may quote the statement.
 */
export function toStoreError(error: unknown, doing: string, limits?: QuestionLimits): AtbdError {
  if (error instanceof AtbdError) return error;
  const ofLimit = limits && limitError(error, doing, limits);
  if (ofLimit !== undefined) return ofLimit;
  const code = codeOf(error);
  return new AtbdError({
    code,
    message: `cannot ${doing}`,
    hint: HINTS[code] ?? 'Try again.',
    cause: new Error(firstLine(error)),
  });
}

/** A limit that we sent ourselves is named, and what to do about it. */
function limitError(error: unknown, doing: string, limits: QuestionLimits): AtbdError | undefined {
  const cause = new Error(firstLine(error));
  switch (serverCode(error)) {
    case '158': // TOO_MANY_ROWS
    case '307': // TOO_MANY_BYTES
      return limits.scan === null ? undefined : scanExceeded(doing, limits.scan, cause);
    case '159': // TIMEOUT_EXCEEDED
      return tookTooLong(doing, limits, cause);
    case '241': // MEMORY_LIMIT_EXCEEDED: the question's own limit, or that of the whole server
      return cause.message.includes('Query memory limit exceeded')
        ? needsTooMuch(doing, limits, cause)
        : undefined;
    default:
      return undefined;
  }
}

function serverCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function codeOf(error: unknown): ErrorCode {
  const raw = serverCode(error);
  if (isAbort(error)) return 'INTERRUPTED';
  if (error instanceof Error && typeof raw === 'string' && /^\d+$/.test(raw)) {
    if (isCutByShard(error)) return 'CLICKHOUSE_UNREACHABLE';
    if (isWaitingForSchema(error)) return 'CLICKHOUSE_BUSY';
    return BY_SERVER_CODE[Number(raw)] ?? 'CLICKHOUSE_REFUSED';
  }
  // No code of the server: the connection itself failed, or was cut.
  if (error instanceof Error && /timeout/i.test(error.message)) return 'TIMEOUT';
  return 'CLICKHOUSE_UNREACHABLE';
}

/** ATTEMPT_TO_READ_AFTER_EOF and CANNOT_READ_ALL_DATA: of a disk they are damage, of another shard its end amid an answer. */
function isCutByShard(error: Error): boolean {
  const code = serverCode(error);
  return (code === '32' || code === '33') && error.message.includes('While executing Remote');
}

/** FUNCTION_THROW_IF_VALUE_IS_NON_ZERO, by which the table of the inserts is closed (`migration/gate/intake-gate.ts`). */
function isWaitingForSchema(error: Error): boolean {
  return serverCode(error) === '395' && error.message.includes('inserts wait until atbd migrate');
}

/** The client's own words, or a signal's. */
function isAbort(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'AbortError' || error.message.includes('The user aborted a request');
}

const MESSAGE_LENGTH_MAX = 300;

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n', 1)[0] ?? '').slice(0, MESSAGE_LENGTH_MAX);
}
