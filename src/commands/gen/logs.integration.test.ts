import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAtbd } from '../_cli/testing/run-atbd.js';

const BIN = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'atbd-gen-'));
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

const gen = (...args: string[]) => runAtbd(['gen', 'logs', ...args]);

describe('atbd gen logs', () => {
  it('explains itself', async () => {
    const { stdout, code } = await runAtbd(['gen', 'logs', '--help'], { env: { COLUMNS: '100' } });
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(0);
  });

  it('writes the same log twice, and nothing else', async () => {
    const args = ['--format', 'nginx', '--count', '50', '--seed', '7', '--from', '2026-11-01'];
    const [one, two] = [await gen(...args), await gen(...args)];
    expect(one).toEqual({ code: 0, stderr: '', stdout: two.stdout });
    expect(one.stdout.split('\n')).toHaveLength(51);
    expect(one.stdout).toContain('[01/Nov/2026:00:00:00 +0000]');
  });

  it('ends now unless it is told where to start', async () => {
    const { stdout } = await gen('--format', 'json', '--duration', '10s', '--rate', '3');
    const times = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { time: string }).time);
    expect(times).toHaveLength(30);
    expect(times.every((time) => Date.parse(time) <= Date.now())).toBe(true);
  });

  it('replaces a file only with --yes, and reports as JSON', async () => {
    const path = join(dir, 'access.log');
    await writeFile(path, 'precious');
    const refused = await gen('--output', path);
    expect(refused.code).toBe(9);
    expect(refused.stderr).toContain(`cannot write to ${path}: it exists`);
    expect(await readFile(path, 'utf8')).toBe('precious');

    const { code, stdout } = await gen('--output', path, '--yes', '--count', '20', '--json');
    const written = await readFile(path, 'utf8');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      format: 'apache-combined',
      seed: 1,
      lineCount: 20,
      byteCount: Buffer.byteLength(written),
    });
  });

  it.each([
    [['--json'], 'cannot print the report as JSON: the log itself goes to standard output'],
    [['--from', 'now', '--speed', '1x'], 'cannot use --from with --speed 1x'],
    [['--duration', 'long'], 'cannot read --duration "long": it is not a duration'],
    [['--format', 'xml'], 'Expected --format=xml to be one of'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await gen(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it.each([
    ['a live log without an end, with 0', ['--speed', '1x', '--rate', '1000'], 0],
    ['a log that it cuts short, with 130', ['--count', '1000000000'], 130],
  ])('is ended by Ctrl-C: %s', async (_title, args, expected) => {
    const child = spawn(process.execPath, [BIN, 'gen', 'logs', ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(expected);
    expect(text.endsWith('\n')).toBe(true);
  });
});
