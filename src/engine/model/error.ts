/** Every failure we expect, with its exit code. A test keeps docs/errors.md in step with this table. */
export const ERRORS = {
  USAGE_INVALID: { exitCode: 2, retryable: false },
  CONFIG_INVALID: { exitCode: 2, retryable: false },
  CONTEXT_NOT_FOUND: { exitCode: 2, retryable: false },
  PLATFORM_UNSUPPORTED: { exitCode: 2, retryable: false },
  INPUT_UNREADABLE: { exitCode: 2, retryable: false },
  OUTPUT_UNWRITABLE: { exitCode: 2, retryable: false },
  INPUT_REJECTED: { exitCode: 1, retryable: false },
  VERIFY_FAILED: { exitCode: 1, retryable: false },
  ASSERTION_FAILED: { exitCode: 1, retryable: false },
  STORY_INVALID: { exitCode: 2, retryable: false },
  STORY_NOT_FOUND: { exitCode: 4, retryable: false },
  STORY_FAILED: { exitCode: 1, retryable: false },
  PARTIAL_ANSWER: { exitCode: 3, retryable: true },
  TRACE_NOT_FOUND: { exitCode: 4, retryable: false },
  SEARCH_NOT_FOUND: { exitCode: 4, retryable: false },
  TOPIC_NOT_FOUND: { exitCode: 4, retryable: false },
  LETTER_NOT_FOUND: { exitCode: 4, retryable: false },
  STACK_NOT_RUNNING: { exitCode: 6, retryable: false },
  QUEUE_UNREACHABLE: { exitCode: 6, retryable: true },
  CLICKHOUSE_UNREACHABLE: { exitCode: 6, retryable: true },
  CLICKHOUSE_REFUSED: { exitCode: 1, retryable: false },
  SQL_INVALID: { exitCode: 2, retryable: false },
  CLICKHOUSE_BUSY: { exitCode: 1, retryable: true },
  SCAN_LIMIT_EXCEEDED: { exitCode: 9, retryable: false },
  MEMORY_LIMIT_EXCEEDED: { exitCode: 1, retryable: false },
  QUERY_CANCELLED: { exitCode: 1, retryable: true },
  QUEUE_FENCED: { exitCode: 1, retryable: true },
  QUEUE_FAILED: { exitCode: 1, retryable: true },
  OFFSET_OUT_OF_RANGE: { exitCode: 1, retryable: false },
  REPLAY_RUNNING: { exitCode: 1, retryable: true },
  REPLAY_IN_DOUBT: { exitCode: 1, retryable: false },
  STACK_START_FAILED: { exitCode: 1, retryable: true },
  TIMEOUT: { exitCode: 7, retryable: true },
  PERMISSION_DENIED: { exitCode: 8, retryable: false },
  CONFIRMATION_NEEDED: { exitCode: 9, retryable: false },
  INTERRUPTED: { exitCode: 130, retryable: false },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** What happened (`message`), what to try (`hint`), what lies beneath (`cause`). */
export interface ErrorParts {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly cause?: unknown;
}

/**
 * A failure we expect. Message and hint never hold user rows or secrets; anything else that is
 * thrown is a bug, keeps its stack and exits 1.
 */
export class AtbdError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor({ code, message, hint, cause }: ErrorParts) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AtbdError';
    this.code = code;
    this.hint = hint;
  }

  get exitCode(): number {
    return ERRORS[this.code].exitCode;
  }

  get isRetryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}
