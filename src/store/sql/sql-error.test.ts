import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../clickhouse/question-limits.js';
import { toSqlError } from './sql-error.js';

function told(sql: string, code: string, message: string, hasBegun = false) {
  const cause = Object.assign(new Error(message), { code });
  return toSqlError(cause, { sql, limits: DEFAULT_LIMITS, hasBegun });
}

describe('a mistake in the text', () => {
  it('is shown at its place, which the server counts in bytes', () => {
    const sql = `SELECT 'ü'\n\tFORM events`;
    const at = Buffer.byteLength(`SELECT 'ü'\n\t`) + 1;
    const words = `Syntax error: failed at position ${at} (FORM) (line 2, col 2): FORM events. Expected one of: FROM, WHERE`;
    const error = told(sql, '62', words);
    expect(error.message).toBe('cannot run the SQL at line 2, column 2\n   FORM events\n   ^');
    expect(error.code).toBe('SQL_INVALID');
    expect((error.cause as Error).message).toBe(
      `Syntax error: failed at position ${at} (FORM) (line 2, col 2): FORM events`,
    );
  });

  it('far to the right is shown with what stands around it', () => {
    const sql = `SELECT ${'a, '.repeat(100)}b c d`;
    const { message } = told(sql, '62', `Syntax error: failed at position ${sql.length} (d): d`);
    const [, line = '', mark = ''] = message.split('\n');
    expect(line.length).toBeLessThan(130);
    expect(line.charAt(mark.indexOf('^'))).toBe('d');
  });

  it.each([
    ['456', 'Substitution `x` is not set.', 'SQL_INVALID', 'Give its value: -p NAME=VALUE'],
    ['60', 'Unknown table', 'SQL_INVALID', 'List the tables: atbd sql -q "SHOW TABLES"'],
    [
      '62',
      'Syntax error (Multi-statements are not allowed)',
      'SQL_INVALID',
      'Send one statement at a time.',
    ],
    [
      '497',
      'Not enough privileges',
      'PERMISSION_DENIED',
      'The read-only user reads the tables of atbd',
    ],
    ['516', 'Authentication failed', 'PERMISSION_DENIED', 'Look at the user and the password'],
    [
      '159',
      'Timeout exceeded',
      'TIMEOUT',
      'Narrow it, best by a condition on ts, or give it longer: --timeout',
    ],
  ])('%s %s is %s', (serverCode, words, code, hint) => {
    const error = told('SELECT 1', serverCode, words);
    expect(error.code).toBe(code);
    expect(error.hint).toContain(hint);
  });

  it('says so when rows have been written before', () => {
    expect(told('SELECT 1', '395', 'boom', true).message).toBe(
      'cannot read the whole answer: what was written before is not all of it',
    );
  });
});
