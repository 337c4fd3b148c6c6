import { readFileSync } from 'node:fs';
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

describe('docs/errors.md', () => {
  const docs = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  const sections = new Map(
    [...docs.matchAll(/^## (\w+)\n([^#]+)/gm)].map(([, code, text]) => [code, text]),
  );

  it('has one section for each code and no other', () => {
    expect([...sections.keys()]).toEqual(Object.keys(ERRORS));
  });

  it.each(Object.entries(ERRORS))(
    'says of %s its exit code and whether to retry',
    (code, error) => {
      const retryable = error.retryable ? ', retryable' : '';
      expect(sections.get(code)).toContain(`Exit code ${error.exitCode}${retryable}.`);
    },
  );

  it('has a table of all exit codes', () => {
    const codes = [...docs.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code));
    expect(codes).toEqual([0, ...EXIT_CODES]);
  });
});
