import { describe, expect, it } from 'vitest';
import { AtbdError, ERRORS } from './error.js';

/** The one table of exit codes (docs/errors.md). */
const EXIT_CODES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 130];

describe('AtbdError', () => {
  it('uses exit codes of the one table only', () => {
    for (const { exitCode } of Object.values(ERRORS)) expect(EXIT_CODES).toContain(exitCode);
  });

  it('keeps code, hint and cause', () => {
    const cause = new Error('beneath');
    const error = new AtbdError({ code: 'TIMEOUT', message: 'cannot', hint: 'try', cause });
    expect(error).toMatchObject({ code: 'TIMEOUT', hint: 'try', cause, exitCode: 7 });
    expect(error.isRetryable).toBe(true);
  });
});
