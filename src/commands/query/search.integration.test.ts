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
