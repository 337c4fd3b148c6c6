import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeEvents } from '../store/testing/write-events.js';
import { onTerminal } from './_cli/testing/on-terminal.js';
import { runAtbd, type Ran } from './_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from './_cli/testing/test-context.js';

const SHARD_COUNT = 3;
const EVENTS_A_SHARD = 200;

let context: TestContext;
let dir: string;
beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: SHARD_COUNT });
  dir = await mkdtemp(join(tmpdir(), 'atbd-sql-'));
  for (let shard = 0; shard < SHARD_COUNT; shard += 1) {
    const events = Array.from({ length: EVENTS_A_SHARD }, (_, index) => ({
      ts: new Date(Date.UTC(2026, 10, 20) + index).toISOString(),
      service: index % 2 === 0 ? 'order' : "it's",
      message: `line ${index}`,
    }));
    await writeEvents(context.testStore.store, events, { topic: 't', shard, partition: shard });
  }
});
afterAll(async () => {
  await context[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

function sql(...args: readonly string[]): Promise<Ran> {
  return runAtbd(['sql', ...args], { env: { ...context.env, COLUMNS: '80' } });
}

/** With a text on standard input; bytes as they come. */
async function piped(input: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, ['bin/run.js', 'sql', ...args], {
    env: { ...process.env, ...context.env, NODE_ENV: 'production' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.end(input);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, bytes: Buffer.concat(chunks) };
}

const BY_SERVICE =
  'SELECT service, count() AS n FROM events GROUP BY service ORDER BY service DESC';

describe('atbd sql', () => {
  it('says where formats are listed when it does not know one', async () => {
    const { code, stderr } = await sql('-q', 'SELECT 1', '--format', 'Tabel');
    expect(stderr).toContain('Try this: See https://clickhouse.com/docs/interfaces/formats');
    expect(code).toBe(2);
  });

  it('explains itself', async () => {
    const { stdout, code } = await runAtbd(['sql', '--help'], { env: { COLUMNS: '100' } });
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(0);
  });

  it('asks all shards; in a pipe its lines have names above them', async () => {
    expect(await sql('-q', BY_SERVICE)).toEqual({
      code: 0,
      stdout: `service\tn\norder\t300\nit\\'s\t300\n`,
      stderr: '',
    });
  });

  it('takes the statement from a file or from standard input, with a semicolon or without', async () => {
    const file = join(dir, 'a.sql');
    await writeFile(file, `\ufeff-- by service\n${BY_SERVICE};\n`);
    expect((await sql(file, '--format', 'CSV')).stdout).toBe(`"order",300\n"it's",300\n`);
    const { bytes } = await piped(BY_SERVICE, '-', '--format', 'CSV');
    expect(bytes.toString()).toBe(`"order",300\n"it's",300\n`);
    expect((await piped(BY_SERVICE)).bytes.toString()).toMatch(/^service\tn\n/u);
  });

  it('puts values beside the text', async () => {
    const text = `SELECT count(), {x:String} AS x FROM events WHERE service = {s:String} AND offset IN {ids:Array(UInt64)}`;
    const x = `a\tb\\c\n'"%41 {s:String} ü`;
    const args = ['-p', "s=it's", '-p', `x=${x}`, '-p', 'ids=[1,3,5]', '--json'];
    const { stdout, stderr } = await sql('-q', text, ...args);
    expect(stderr).toBe('');
    expect((JSON.parse(stdout) as { rows: unknown[] }).rows).toEqual([{ 'count()': '9', x }]);
    const unused = await sql('-q', 'SELECT 1', '-p', 'servce=x');
    expect(unused).toMatchObject({
      code: 0,
      stderr: 'Note: the statement does not ask for {servce:…}\n',
    });
  });

  it('gives any format, and says its columns in JSON', async () => {
    expect((await sql('-q', BY_SERVICE, '--format', 'table')).stdout).toBe(
      "service    n\norder    300\nit's     300\n",
    );
    expect(JSON.parse((await sql('-q', BY_SERVICE, '--json')).stdout)).toEqual({
      columns: [
        { name: 'service', type: 'LowCardinality(String)' },
        { name: 'n', type: 'UInt64' },
      ],
      rows: [
        { service: 'order', n: '300' },
        { service: "it's", n: '300' },
      ],
      missingShards: [],
    });
    expect((await sql('-q', `${BY_SERVICE} FORMAT JSONEachRow`, '--format', 'table')).stdout).toBe(
      `{"service":"order","n":300}\n{"service":"it's","n":300}\n`,
    );
    const { bytes, code } = await piped(
      `SELECT '\u001b[2J', unhex('00FF0D0A')`,
      '--format',
      'RowBinary',
    );
    expect(bytes).toEqual(Buffer.from('\u0004\u001b[2J\u0004\x00\xff\r\n', 'latin1'));
    expect(code).toBe(0);
    expect((await piped('SELECT 1', '--format', 'Parquet')).bytes.subarray(0, 4).toString()).toBe(
      'PAR1',
    );
  });

  it('passes on what is larger than memory should hold, to the last row', async () => {
    const { bytes, code } = await piped('SELECT number FROM numbers(3000000)', '--format', 'TSV');
    expect(code).toBe(0);
    expect(bytes.toString('latin1').trimEnd().split('\n').at(-1)).toBe('2999999');
  });

  it('answers only what is in the tables of atbd: SHOW TABLES, and nothing is changed', async () => {
    const { stdout } = await sql('-q', 'SHOW TABLES', '--format', 'TSV');
    expect(stdout.split('\n')).toContain('events');
    expect(
      (await sql('-q', 'SELECT count() > 0 FROM system.tables', '--format', 'TSV')).stdout,
    ).toBe('1\n');
  });
});

describe('on a terminal', () => {
  it('lets nothing through that a terminal acts on, in a table or in any format', async () => {
    const evil = `SELECT '\u001b[2Jgone' AS text, 1 AS n`;
    const { env } = context;
    const table = await onTerminal(['sql', '-q', evil], { env });
    const raw = await onTerminal(['sql', '-q', `${evil} FORMAT TSVRaw`], { env });
    for (const shown of [table, raw]) {
      expect(shown).not.toContain('\u001b[2J');
      expect(shown).toContain('gone');
      expect(shown).toMatch(/code 0\n$/u);
    }
  });

  it('hands a long answer to the pager', async () => {
    const query = 'SELECT arrayJoin(range(200)) AS number';
    const shown = await onTerminal(['sql', '-q', query], {
      rows: 20,
      pager: 'tail -n 1',
      env: context.env,
    });
    expect(shown).toMatch(/^ *199\ncode 0\n$/u);
  });
});

describe('what the read-only user may not', () => {
  it.each([
    "SELECT * FROM file('/etc/hostname', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/key', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1:1', 'system', 'one')",
    "SELECT * FROM cluster('atbd', 'system', 'processes')",
    "SELECT * FROM executable('id', 'LineAsString', 'x String')",
    'SELECT * FROM system.processes',
    'SELECT * FROM system.users',
    "INSERT INTO events_local (message) VALUES ('x')",
    "INSERT INTO FUNCTION file('/tmp/x', 'TSV', 'a String') VALUES ('x')",
    'TRUNCATE TABLE events_local',
    'ALTER TABLE events_local DELETE WHERE 1',
    'CREATE TABLE atbd.mine (a Int8) ENGINE = Memory',
    "KILL QUERY WHERE user = 'atbd'",
    'SELECT 1 SETTINGS readonly = 0',
  ])('%s ends with exit code 8', async (text) => {
    const { code, stdout, stderr } = await sql('-q', text, '--json');
    expect({ code, stdout }).toEqual({ code: 8, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'PERMISSION_DENIED' } });
  });

  it.each([
    ["SELECT file('/etc/hostname')"],
    ["SELECT 1 INTO OUTFILE '/tmp/atbd-must-not-be'"],
    ['SELECT count() FROM events SETTINGS max_memory_usage = 0'],
    ['SELECT count() FROM events SETTINGS max_execution_time = 100000'],
  ])('%s is refused', async (text) => {
    const { code, stdout } = await sql('-q', text);
    expect(stdout).toBe('');
    expect(code).not.toBe(0);
  });
});

describe('a mistake', () => {
  it('is shown at its place', async () => {
    const { code, stderr, stdout } = await sql('-q', 'SELECT service\nFORM events, 2');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^Error: cannot run the SQL at line 2, column 6\n {2}FORM events, 2\n {7}\^\n {2}because: Syntax error: failed at position 21/u,
    );
    expect(stderr).toContain('Code: SQL_INVALID (docs/errors.md#sql_invalid)\n');
  });

  it.each([
    [['-q', 'SELECT 1; SELECT 2'], 'SQL_INVALID', 'Send one statement at a time.'],
    [['-q', 'SELECT * FROM nothing'], 'SQL_INVALID', 'List the tables'],
    [['-q', 'SELECT servce FROM events'], 'SQL_INVALID', 'Correct the text'],
    [['-q', 'SELECT {x:UInt8}'], 'SQL_INVALID', 'Give its value: -p NAME=VALUE'],
    [['-q', 'SELECT {x:UInt8}', '-p', 'x=a'], 'SQL_INVALID', 'Correct the value of -p'],
    [['-q', 'SELECT 1', '--format', 'CSV'], 'USAGE_INVALID', 'Leave one of them out'],
    [['-q', 'SELECT 1 FORMAT CSV', '--json'], 'USAGE_INVALID', 'Leave one of them out.'],
    [['-q', ' ;; '], 'SQL_INVALID', 'Correct the text'],
    [['-q', ' '], 'USAGE_INVALID', 'Give it by -q'],
    [[], 'USAGE_INVALID', 'Give it by -q'],
    [['a.sql', '-q', 'SELECT 1'], 'USAGE_INVALID', 'Leave one of them out.'],
    [['SELECT 1'], 'INPUT_UNREADABLE', 'A statement itself is given by -q'],
    [['-q', 'SELECT 1', '-p', 'x'], 'USAGE_INVALID', 'Write NAME=VALUE'],
  ])('%j ends with exit code 2', async (args, code, hint) => {
    const ran = await sql(...args, '--json');
    expect(ran.stdout).toBe('');
    const { error } = JSON.parse(ran.stderr.replace(/^Note:.*\n/u, '')) as {
      error: { code: string; hint: string };
    };
    expect(error.code).toBe(code);
    expect(error.hint).toContain(hint);
    expect(ran.code).toBe(2);
  });
});

describe('limits', () => {
  const BREAKS = 'SELECT number, throwIf(number = 5) FROM numbers(10) SETTINGS max_block_size = 1';

  it.each(['TSV', 'table'])(
    'an answer that breaks off in the middle ends with an error: %s',
    async (format) => {
      const { code, stdout, stderr } = await sql('-q', BREAKS, '--format', format);
      // The server may drop rows that it had not sent when it failed.
      expect(stdout).toMatch(/\b0\b/u);
      expect(stdout).not.toContain('exception');
      expect(stderr).toMatch(
        /^Error: cannot read the whole answer: what was written before is not all of it\n {2}because: Value passed to 'throwIf'/u,
      );
      expect(code).toBe(2);
    },
  );

  it('JSON that breaks off is none', async () => {
    const { code, stdout } = await sql('-q', BREAKS, '--json');
    expect(() => JSON.parse(stdout) as unknown).toThrow();
    expect(code).toBe(2);
  });

  it.each([
    [
      ["SELECT count() FROM events WHERE message != ''", '--max-scan', '100'],
      9,
      'SCAN_LIMIT_EXCEEDED',
      '--max-scan',
    ],
    [
      [
        'SELECT count(number) FROM numbers_mt(1000000000000) WHERE cityHash64(number) = 1',
        '--timeout',
        '1s',
      ],
      7,
      'TIMEOUT',
      '--timeout',
    ],
    [
      ['SELECT length(groupArray(number)) FROM numbers(1000000000)'],
      1,
      'MEMORY_LIMIT_EXCEEDED',
      'fewer columns or groups',
    ],
  ])('%j ends with exit code %d', async ([text = '', ...args], exitCode, code, hint) => {
    const ran = await sql('-q', text, ...args, '--json');
    const { error } = JSON.parse(ran.stderr) as { error: { code: string; hint: string } };
    expect({ code: error.code, exit: ran.code }).toEqual({ code, exit: exitCode });
    expect(error.hint).toContain(hint);
    expect(error.hint).not.toContain('--since');
  });
});

describe('Ctrl-C', () => {
  it('ends the statement on every shard, with exit code 130', async () => {
    const shards = Array.from({ length: SHARD_COUNT }, (_, shard) => shard);
    const events = Array.from({ length: 80_000 }, (_, index) => ({
      ts: new Date(Date.UTC(2026, 10, 19) + index).toISOString(),
      message: `${index} ${'aab'.repeat(120)}`,
    }));
    for (const shard of shards)
      await writeEvents(context.testStore.store, events, {
        topic: 'slow',
        shard,
        partition: shard,
      });
    // Each is different, true and dear, so that together they take far longer than this test.
    const conditions = Array.from(
      { length: 80 },
      (_, n) => `match(message, '^(.*a){${n + 1}}.*b.*[^c]$')`,
    );
    const text = `SELECT count() FROM events WHERE topic = 'slow' AND ${conditions.join(' AND ')}`;
    const child = spawn(process.execPath, ['bin/run.js', 'sql', '-q', text], {
      env: { ...process.env, ...context.env, NODE_ENV: 'production' },
      stdio: 'ignore',
    });
    for (const shard of shards)
      await vi.waitUntil(async () => (await running(shard)) > 0, { timeout: 30_000 });
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(130);
    for (const shard of shards)
      await vi.waitUntil(async () => (await running(shard)) === 0, { timeout: 10_000 });
  });

  async function running(shard: number): Promise<number> {
    const client = await context.testStore.store.shard(shard);
    const answer = await client.query({
      query:
        "SELECT toUInt32(count()) AS n FROM system.processes WHERE Settings['log_comment'] = 'atbd:sql'",
      format: 'JSONEachRow',
    });
    return (await answer.json<{ n: number }>())[0]?.n ?? 0;
  }
});

// Last: a shard is gone afterwards.
describe('without one of the shards', () => {
  it('the answer is partial: said on stderr and in JSON, exit code 3', async () => {
    await context.testStore.stopShard(1);
    const { code, stdout, stderr } = await sql(
      '-q',
      'SELECT count() AS n FROM events WHERE topic = {t:String}',
      '-p',
      't=t',
      '--json',
    );
    expect(JSON.parse(stdout)).toMatchObject({ rows: [{ n: '400' }], missingShards: [1] });
    expect(stderr).toContain('Warning: shard 1 of 3 did not answer');
    expect(code).toBe(3);
  });

  it('there is none with --require-all: exit code 6', async () => {
    const { code, stdout } = await sql(
      '-q',
      'SELECT count() FROM events WHERE topic = {t:String}',
      '-p',
      't=t',
      '--require-all',
    );
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
  });

  it('another one is asked where the first is gone', async () => {
    await context.testStore.startShard(1);
    await context.testStore.stopShard(0);
    const { code, stdout } = await sql(
      '-q',
      'SELECT count() FROM events WHERE topic = {t:String}',
      '-p',
      't=t',
      '--format',
      'TSV',
    );
    expect({ code, stdout }).toEqual({ code: 3, stdout: '400\n' });
  });
});
