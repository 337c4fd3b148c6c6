import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { StoryResult } from '../../engine/scenario/result/story-result.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import { commandLinesNaming } from '../_cli/testing/test-stack.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atbd-scenario-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A story of a few thousand events on one shard: as short as a whole stack allows. */
const SHORT = {
  title: 'A short story',
  stack: { shards: 1 },
  load: { duration: '20m', eventsPerSecond: 3 },
  expect: [{ kind: 'ingest' }, { kind: 'counts' }, { kind: 'traces', sample: 100 }],
};

async function writeStory(name: string, story: object): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  await writeFile(path, stringify(story));
  return path;
}

function run(...args: readonly string[]): Promise<Ran> {
  return runAtbd(['scenario', 'run', '--folder', join(folder, 'run'), ...args]);
}

interface Answer {
  readonly verdict: string;
  readonly results: readonly StoryResult[];
}

/** Nothing of a run is left: no folder of a stack, no process. */
async function expectNothingLeft(): Promise<void> {
  expect(await readdir(join(folder, 'run'))).toEqual([]);
  expect(await commandLinesNaming(join(folder, 'run'))).toEqual([]);
}

describe('atbd scenario run', () => {
  it('passes a story whose expectations hold, tells the same in two runs of one seed, and leaves nothing behind', async () => {
    const path = await writeStory('short', SHORT);
    const { code, stdout, stderr } = await run(path, '--repeat', '2', '--json');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { verdict, results } = JSON.parse(stdout) as Answer;
    expect(verdict).toBe('passed');
    const [first, second] = results.map(({ load, expectations }) => ({
      ...load,
      sendMs: 0,
      settleMs: 0,
      expectations: expectations.map((each) => ({ ...each, tookMs: 0 })),
    }));
    expect(first?.sent).toBeGreaterThan(1_000);
    expect(second).toEqual(first);
    await expectNothingLeft();
  });

  it('fails with exit code 1, a readable reason and the logs of every part when an expectation is wrong', async () => {
    const where = { service: 'nobody' };
    const wrong = { kind: 'logs', where, count: { min: 1 }, within: '1s' };
    const path = await writeStory('wrong', { ...SHORT, expect: [wrong] });
    const { code, stdout, stderr } = await run(path);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ logs --service nobody: at least 1 \(given up after \d/u);
    expect(stdout).toMatch(
      /expected {2}at least 1\n +seen {6}0\n +see it {4}atbd query logs --service nobody --from /u,
    );
    expect(stderr).toContain('Code: STORY_FAILED');
    const logFolder = /logs of every part: (?<path>.*)/u.exec(stdout)?.groups?.['path'] ?? '';
    const logs = await readdir(logFolder);
    expect(logs).toEqual(
      expect.arrayContaining([
        'ingest-1.log',
        'shard-0.log',
        'shard-0-server.log',
        'supervisor.log',
      ]),
    );
    expect(await readFile(join(logFolder, 'ingest-1.log'), 'utf8')).toContain('storing events');
    await rm(join(logFolder, '..'), { recursive: true });
    await expectNothingLeft();
  });

  it('runs nothing when one of the stories is not valid: exit code 2, with line and column', async () => {
    const path = await writeStory('short', SHORT);
    const invalid = join(folder, 'invalid.yaml');
    await writeFile(
      invalid,
      'title: x\nload:\n  duration: 5x\n  eventsPerSecond: 1\nexpect:\n  - kind: magic\n',
    );
    const { code, stdout, stderr } = await run(path, invalid);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`${invalid}:3:13 load.duration: must be a duration`);
    expect(stderr).toContain(`${invalid}:6:11 expect.0.kind: must be traces, logs, counts`);
  });

  it('says which stories there are when one is not known', async () => {
    expect(await run('quiet-dya')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('Did you mean quiet-day?') as string,
    });
  });

  it('takes everything down on SIGTERM', async () => {
    const path = await writeStory('endless', { ...SHORT, clock: 'real' });
    const controller = new AbortController();
    const untilPlaying = setInterval(() => {
      void commandLinesNaming(join(folder, 'run')).then((lines) => {
        if (lines.some((line) => line.includes('server.child.js'))) controller.abort();
      });
    }, 100);
    await expect(
      runAtbd(['scenario', 'run', '--folder', join(folder, 'run'), path], {
        signal: controller.signal,
      }),
    ).rejects.toThrow('aborted');
    clearInterval(untilPlaying);
    // The signal does not wait for the process: it takes its folder down first, and ends then.
    await expect
      .poll(() => commandLinesNaming(join(folder, 'run')), { timeout: 30_000 })
      .toEqual([]);
    await expectNothingLeft();
  });
});

describe('atbd scenario validate', () => {
  it('finds every shipped story valid', async () => {
    const { stdout } = await runAtbd(['scenario', 'ls', '--json']);
    const names = (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
    expect(names).toContain('quiet-day');
    expect(await runAtbd(['scenario', 'validate', ...names])).toMatchObject({ code: 0 });
  });
});
