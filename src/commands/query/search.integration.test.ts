import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeEvents } from '../../store/testing/write-events.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';

const START_MS = Date.UTC(2026, 10, 20, 10);
const SHARD_COUNT = 2;

/** Three services in turn, a line a second, on both shards. */
const EVENTS = Array.from({ length: 300 }, (_, index) => ({
  ts: new Date(START_MS + index * 1000).toISOString(),
  service: ['order', 'payment', 'gateway'][index % 3],
  level: index % 50 === 1 ? 'error' : index % 10 === 0 ? 'warn' : 'info',
  message: `line ${index}`,
  ...(index % 20 === 0 && { file: '/srv/a.ts', line: 5, amount: `${index}.5`, "it's": 'x' }),
}));

let context: TestContext;
let searches: string;
beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: SHARD_COUNT });
  searches = join(dirname(context.env['ATBD_CONFIG'] ?? ''), 'searches.yaml');
  const { store } = context.testStore;
  for (const shard of [0, 1]) {
    const own = EVENTS.filter((_, index) => index % SHARD_COUNT === shard);
    await writeEvents(store, own, { topic: 'events', shard, partition: shard });
  }
});
afterAll(() => context[Symbol.asyncDispose]());

function run(...args: readonly string[]): Promise<Ran> {
  return runAtbd(['query', ...args], { env: { ...context.env, ATBD_TZ: 'UTC' } });
}

function messagesOf({ stdout }: Ran): string[] {
  return stdout.trimEnd().split('\n');
}

const DAY = ['--from', '2026-11-20', '--to', '2026-11-21'];

describe('saved searches', () => {
  beforeEach(() => writeFile(searches, '# mine\n'));

  it('are asked again by name, with more flags where wanted', async () => {
    const asked = ['logs', '--level', 'error+', ...DAY, '--limit', '3', '-o', 'raw'];
    const saved = await run(...asked, '--save', 'errors');
    expect(messagesOf(saved)).toEqual(['line 251', 'line 201', 'line 151']);
    expect(saved.stderr).toMatch(/^Saved @errors\. Ask it again: atbd query logs @errors\n/);
    expect((await run('logs', '@errors')).stdout).toBe(saved.stdout);
    const narrower = ['--limit=1', '--service', 'payment', '--to', '2026-11-20T10:02'];
    expect(messagesOf(await run('logs', '@errors', ...narrower))).toEqual(['line 1']);
    expect((await run('logs', '@errors', '--since', '1h')).stderr).toBe('Nothing found.\n');
    expect(await readFile(searches, 'utf8')).toMatch(
      /^# mine\n\nsearches:\n {2}errors: \[ --level, error\+, --from/,
    );
  });

  it('are listed, replaced and removed', async () => {
    await run('logs', 'line', ...DAY, '--save', 'b');
    await run('logs', "it's", ...DAY, '--save', 'a');
    expect((await run('logs', '@b', '--limit', '1', '--save', 'b')).stderr).toMatch(/^Replaced @b/);
    const { stdout } = await run('saved', 'ls');
    expect(stdout).toBe(
      'NAME  ARGUMENTS\n' +
        `@a    'it'\\''s' --from 2026-11-20 --to 2026-11-21\n` +
        '@b    line --from 2026-11-20 --to 2026-11-21 --limit 1\n',
    );
    expect((await run('saved', 'rm', '@a')).stderr).toBe('Removed @a.\n');
    const left = JSON.parse((await run('saved', 'ls', '--json')).stdout) as unknown;
    const argv = ['line', '--from', '2026-11-20', '--to', '2026-11-21', '--limit', '1'];
    expect(left).toEqual({ searches: [{ name: 'b', arguments: argv }] });
  });

  it('what cannot be understood is not saved', async () => {
    expect((await run('logs', '--level', 'eror', '--save', 'x')).code).toBe(2);
    expect((await run('saved', 'ls')).stderr).toContain('No search is saved');
  });

  it.each([
    [['logs', '@ers'], 4, 'SEARCH_NOT_FOUND', 'cannot find the saved search "ers"'],
    [['saved', 'rm', 'ers'], 4, 'SEARCH_NOT_FOUND', 'cannot find the saved search "ers"'],
    [['logs', '--save', '../x', ...DAY], 2, 'USAGE_INVALID', 'cannot save a search as "../x"'],
  ])('%j ends with exit code %d', async (args, exitCode, code, message) => {
    await run('logs', ...DAY, '--save', 'errs');
    const ran = await run(...args, '--json');
    expect(ran.code).toBe(exitCode);
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code, message } });
  });

  it('a word that begins with @ is searched for as a word, and doubted', async () => {
    const { stderr, code } = await run('logs', ...DAY, '@errs');
    expect(stderr).toMatch(/^Note: @errs is looked for as a word; a saved search stands first/);
    expect(code).toBe(0);
    expect((await run('logs', ...DAY, '--', '@errs')).stderr).toBe('Nothing found.\n');
  });

  it('a file that is broken is refused with the place', async () => {
    await writeFile(searches, 'searches:\n  a: text\n');
    const { stderr, code } = await run('logs', '@a');
    expect(stderr).toContain(`${searches}:2:6 searches.a: `);
    expect(code).toBe(2);
  });
});

describe('--histogram', () => {
  const hour = ['--from', '2026-11-20T09:59', '--to', '2026-11-20T10:06'];

  it('draws how many of each level there are in each interval', async () => {
    const { stdout, stderr, code } = await run('logs', '--histogram=1m', ...hour);
    expect({ stdout, stderr, code }).toMatchSnapshot();
  });

  it('chooses the interval, and leaves out what has not begun', async () => {
    const { stdout } = await run('logs', '--histogram', '--json', '--from', '2026-11-19');
    const { total, rows } = JSON.parse(stdout) as { total: number; rows: { time: string }[] };
    expect(total).toBe(EVENTS.length);
    expect(rows[0]?.time).toBe('2026-11-19T00:00:00.000Z');
    expect(Date.parse(rows.at(-1)?.time ?? '')).toBeLessThanOrEqual(Date.now());
    expect(rows.length).toBeLessThanOrEqual(49);
  });

  it('begins with the first event where the range has no beginning, and is of the filter alone', async () => {
    const { stdout } = await run(
      ...['logs', '--histogram=1m', '-o', 'csv', '--level', 'error+', '--to', '2026-11-20T10:02'],
    );
    expect(stdout).toBe(
      'time,events,fatal,error,warn,info,debug,trace,other\r\n' +
        '2026-11-20T10:00:00.000Z,2,0,2,0,0,0,0,0\r\n' +
        '2026-11-20T10:01:00.000Z,1,0,1,0,0,0,0,0\r\n',
    );
  });

  it('says that nothing was found; to a program in zeros', async () => {
    const none = await run('logs', 'nosuchword', '--histogram=1m', ...hour);
    expect(none).toEqual({ code: 0, stdout: '', stderr: 'Nothing found.\n' });
    const { stdout } = await run('logs', 'nosuchword', '--histogram=7m', '--json', ...hour);
    expect(stdout).toBe('');
    const zeros = await run('logs', 'nosuchword', '--histogram=1h', '--json', ...hour);
    expect(JSON.parse(zeros.stdout)).toMatchObject({
      total: 0,
      rows: [{ events: 0 }, { events: 0 }],
    });
  });
});

describe('--facets', () => {
  it('shows the most frequent values of the usual fields', async () => {
    const { stdout, stderr, code } = await run('logs', '--level', 'warn+', '--facets', ...DAY);
    expect({ stdout, stderr, code }).toMatchSnapshot();
  });

  it('of the fields that are named, and says what is cut', async () => {
    const args = ['logs', '--facets=message,attrs.nope', '--json', ...DAY];
    const { stdout } = await run(...args);
    const answer = JSON.parse(stdout) as { total: number; notes: string[]; rows: object[] };
    expect(answer.total).toBe(EVENTS.length);
    expect(answer.notes).toEqual(['message: the 10 most frequent of 300 values.']);
    expect(answer.rows).toHaveLength(10);
    expect(answer.rows[0]).toEqual({
      field: 'message',
      value: 'line 0',
      events: 1,
      share: 1 / 300,
    });
  });
});

describe('--show-sql', () => {
  /** As a client does that knows nothing of atbd: over its own database. */
  async function paste(sql: string): Promise<Record<string, unknown>[]> {
    const { shards, username, password } = context.testStore.reader;
    const answer = await fetch(`${shards[0]?.url ?? ''}/?default_format=JSONEachRow`, {
      method: 'POST',
      body: sql,
      headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it.each([
    [['--level', 'warn+']],
    [['line', '251', '--asc']],
    [['-f', 'message~=^line .*[05]$', '-f', 'level!=info']],
    [['--where', `service in ["order", "it's \\\\"] && (line > 2 || message.contains("9"))`]],
    [['--where', 'amount < 5.5 || level >= "error"', '--limit', '3']],
    [['--source', 'a.ts:5', '--service', 'order']],
    [['-f', `attrs.it's?`, '--fields', `message,attrs.it's,offset`]],
    [['--arrived-since', '2026-01-01', '--limit', '7']],
  ])('%j is a statement that gives the same', async (args) => {
    const fields = args.includes('--fields') ? [] : ['--fields', 'message'];
    const page = ['logs', ...fields, ...DAY, ...args];
    const { stdout } = await run(...page, '-o', 'raw');
    const shown = await run(...page, '--show-sql');
    expect(shown.code).toBe(0);
    const rows = await paste(shown.stdout);
    expect(rows.map(({ message }) => `${String(message)}\n`).join('')).toBe(stdout);
  });

  it('of a further page, of a histogram and of facets, too', async () => {
    const { stdout: first } = await run('logs', 'line', ...DAY, '--limit', '5', '--json');
    const { next } = JSON.parse(first) as { next: string };
    const page = ['logs', 'line', '--limit', '5', '--after', next];
    const { stdout: sql } = await run(...page, '--show-sql', '--fields', 'message');
    expect((await paste(sql)).map(({ message }) => message)).toEqual(
      messagesOf(await run(...page, '-o', 'raw')),
    );
    const histogram = await run('logs', ...DAY, '--histogram=1h', '--show-sql');
    const counts = (await paste(histogram.stdout)).map(({ n }) => Number(n));
    expect(counts.reduce((sum, n) => sum + n, 0)).toBe(EVENTS.length);
    const facets = await run('logs', ...DAY, '--facets=service', '--show-sql', '--json');
    expect(await paste((JSON.parse(facets.stdout) as { sql: string }).sql)).toHaveLength(3);
  });

  it('has no byte in it that a terminal would act on', async () => {
    const { stdout } = await run('logs', '-f', 'message=\u001b[2J\u202e', ...DAY, '--show-sql');
    expect(stdout).toContain(String.raw`\x1B[2J\xE2\x80\xAE`);
    expect(stdout).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  });
});

describe('--explain', () => {
  it('says what was read on which shards, and what each index left', async () => {
    const args = ['logs', '--level', 'error+', ...DAY, '--limit', '4', '--explain', '--json'];
    const { stdout, code } = await run(...args);
    const answer = JSON.parse(stdout) as Record<string, unknown> & { rows: { shard: number }[] };
    expect(answer).toMatchObject({ question: 'explain', found: 4, shards: '2 of 2' });
    // The server counts a row again for each step that looks at it.
    expect(answer['rows_read']).toBeGreaterThanOrEqual(EVENTS.length);
    expect(Number(answer['bytes_read'])).toBeGreaterThan(EVENTS.length);
    expect([...new Set(answer.rows.map(({ shard }) => shard))]).toEqual([0, 1]);
    const key = { index: 'PrimaryKey ts', parts: 1, of_parts: 1 };
    expect(answer.rows).toContainEqual(expect.objectContaining({ shard: 1, ...key }));
    expect(code).toBe(0);
  });

  it('of a time of which there is nothing says that nothing was read', async () => {
    const { stdout } = await run(
      'logs',
      '--to',
      '2026-11-01',
      '--histogram',
      '--explain',
      '--json',
    );
    expect(JSON.parse(stdout)).toMatchObject({ found: 0, rows_read: 0 });
    const facets = await run('logs', ...DAY, '--facets', '--explain');
    expect(facets.stdout).toMatch(/^found: 300 {3}rows_read: 300 /);
  });
});

describe('flags that do not go together', () => {
  it.each([
    [['--histogram', '--facets'], '--histogram'],
    [['--histogram=5s'], 'cannot use --histogram "5s": intervals are whole minutes'],
    [['--explain', '--show-sql'], '--show-sql'],
    [['--explain', '-o', 'raw'], 'cannot write figures as raw'],
    [['-o', 'chart'], 'cannot draw events as a chart'],
    [['--facets', '-o', 'raw'], 'cannot write figures as raw'],
    [['--facets=ts'], 'cannot filter by ts'],
    [
      [`--facets=${Array.from({ length: 21 }, (_, n) => `k${n}`).join(',')}`],
      'cannot count the values of 21 fields',
    ],
  ])('%j are refused with exit code 2', async (args, message) => {
    const { stderr, code } = await run('logs', ...DAY, ...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
