import { describe, expect, it } from 'vitest';
import { instantSql, SqlParams, type ParamType } from '../query/sql-params.js';
import { readableSql } from './readable-sql.js';

function literal(type: ParamType, value: Parameters<SqlParams['add']>[1]): string {
  const params = new SqlParams();
  const sql = `SELECT ${params.add(type, value)}`;
  return readableSql({ sql, params }, 'atbd').slice('SELECT '.length, -';\n'.length);
}

describe('a statement to be read', () => {
  it.each<[ParamType, Parameters<SqlParams['add']>[1], string]>([
    ['String', 'plain', `'plain'`],
    ['String', `it's \\ 100 %`, String.raw`'it\'s \\ 100 %'`],
    ['String', '\u001b[2J\n\u202e\u009b', String.raw`'\x1B[2J\x0A\xE2\x80\xAE\xC2\x9B'`],
    ['String', '{p0:String}', `'{p0:String}'`],
    ['String', ') FROM events; --', `') FROM events; --'`],
    ['Array(String)', ['a', "b'"], String.raw`['a', 'b\'']`],
    ['Array(String)', [], `CAST([], 'Array(String)')`],
    ['Array(UInt64)', [18446744073709551615n], `CAST([18446744073709551615], 'Array(UInt64)')`],
    ['Int64', '-5', '-5'],
    ['Float64', 2000.5, '2000.5'],
    ['Float64', 1e300, '1e+300'],
    ['Float64', Infinity, `CAST('Infinity', 'Float64')`],
    ['Decimal(38, 9)', '1.50', `CAST('1.50', 'Decimal(38, 9)')`],
  ])('has a value of %s as a literal that the server reads as it', (type, value, text) => {
    expect(literal(type, value)).toBe(text);
  });

  it('has moments that can be read, and names its tables in full', () => {
    const params = new SqlParams();
    const sql = `
      SELECT ts
      FROM events
      WHERE ts >= ${instantSql(1_795_168_800_123_456_789n, params)}

      ORDER BY ts`;
    expect(readableSql({ sql, params }, 'atbd')).toBe(
      `SELECT ts\nFROM atbd.events\nWHERE ts >= toDateTime64('2026-11-20 10:00:00.123456789', 9, 'UTC')\nORDER BY ts;\n`,
    );
  });
});
