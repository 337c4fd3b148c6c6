import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEvents } from '../store/testing/write-events.js';
import { runAtbd } from './_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from './_cli/testing/test-context.js';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

let context: TestContext;
let folder: string;

beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 2 });
  folder = await mkdtemp(join(tmpdir(), 'atbd-completion-'));
  const ts = new Date(Date.now() - 60_000).toISOString();
  const services = ['payment', 'payment', 'order', '$(touch owned)', 'a b', 'é;rm'];
  const events = services.map((service) => ({ ts, service, message: 'here' }));
  await writeEvents(context.testStore.store, events, {
    topic: 'events',
    shard: 0,
    isBackfill: true,
  });
});

afterAll(async () => {
  await context[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** What the words may become, without descriptions. */
async function complete(...words: string[]): Promise<string[]> {
  const env = { ...context.env, XDG_CACHE_HOME: folder };
  const { stdout, stderr, code } = await runAtbd(['complete', '--', ...words], {
    env,
    cwd: folder,
  });
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => line.split('\t')[0] ?? '');
}

describe('completion', () => {
  it.each<[string[], string[]]>([
    [['sta'], ['status']],
    [
      ['query', 'tr'],
      ['trace', 'transactions'],
    ],
    [
      ['query', 'trace', 'find', '--t'],
      ['--timeout', '--to', '--tz'],
    ],
    [['query', 'logs', '--output', 'nd'], ['ndjson']],
    [['query', 'logs', '-o', 'nd'], ['ndjson']],
    [['query', 'values', 'prov'], ['provider']],
    [['scenario', 'run', 'quiet'], ['quiet-day']],
    [['completion', 'ba'], ['bash']],
    [['query', 'logs', '--output=nd'], ['--output=ndjson']],
    [['query', 'logs', '--output', '=', 'nd'], ['ndjson']],
    [['nothing', 'of', 'ours', ''], []],
  ])('of %j is %j', async (words, expected) => {
    expect((await complete(...words)).toSorted()).toEqual(expected);
  });

  it('offers services that were stored, and none that a shell would have to quote', async () => {
    expect(await complete('query', 'logs', '--service', '')).toEqual(['payment', 'order']);
  });

  it('remembers them for a minute, and has none where there is no store', async () => {
    const env = { ATBD_HOME: join(folder, 'nowhere'), XDG_CACHE_HOME: folder };
    const words = ['complete', '--', 'query', 'logs', '--service', ''];
    expect(await runAtbd(words, { env })).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('offers files, and what is in the only folder', async () => {
    await writeFile(join(folder, 'app.log'), '');
    await chmod(join(folder, 'app.log'), 0o600);
    expect(await complete('ingest', 'ap')).toEqual(['app.log']);
    expect(await complete('query', 'users', '--journeys', 'ap')).toEqual(['app.log']);
  });

  it('works in a bash', async () => {
    const bin = await mkdtemp(join(folder, 'bin-'));
    await symlink(BIN, join(bin, 'atbd'));
    const script = `source <(atbd completion bash)
      COMP_WORDS=(atbd query trans); COMP_CWORD=2
      _atbd; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = {
      ...process.env,
      ...context.env,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    };
    const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', script], { env });
    expect(stdout.trim()).toBe('transactions');
  });

  it.each(['zsh', 'fish'])('has a script for %s that asks atbd', async (shell) => {
    const { stdout, code } = await runAtbd(['completion', shell]);
    expect(code).toBe(0);
    expect(stdout).toContain('atbd complete');
  });
});
