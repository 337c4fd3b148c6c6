import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  expectationResult,
  runAnswer,
  storyResult,
} from '../../engine/scenario/testing/story-result.js';
import { hasPart } from '../../engine/testing/required-part.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';

let folder: string;
let saved: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atbd-report-test-'));
  saved = join(folder, 'answer.json');
  const hostile = '</script><script>console.error("owned")</script><img src=x onerror=alert(1)>';
  const failed = expectationResult({ isMet: false, title: hostile, details: [hostile] });
  const story = { ...storyResult().story, title: hostile, description: hostile };
  const results = [
    storyResult(),
    storyResult({ story, verdict: 'failed', expectations: [failed] }),
  ];
  await writeFile(saved, JSON.stringify(runAnswer(...results)));
});
afterAll(() => rm(folder, { recursive: true }));

describe('atbd scenario report', () => {
  it('shows a saved answer again, with exit code 0 whatever became of its stories', async () => {
    const { code, stdout } = await runAtbd(['scenario', 'report', saved]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'short: A short story (seed 7, 600 records sent in 2.0 s, stored 0.3 s later)',
    );
    expect(stdout).toContain('FAILED: 0 of 1 expectations hold');
  });

  it('prints with --json what it has read', async () => {
    const { stdout } = await runAtbd(['scenario', 'report', saved, '--json']);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(await readFile(saved, 'utf8')));
  });

  it.each([
    ['no JSON', 'title: x'],
    ['another JSON', '{"results":[]}'],
  ])('refuses %s with exit code 2', async (_what, text) => {
    const path = join(folder, 'odd.json');
    await writeFile(path, text);
    expect(await runAtbd(['scenario', 'report', path])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Code: INPUT_UNREADABLE') as string,
    });
  });

  it('says so when it cannot write a report', async () => {
    const path = join(folder, 'nowhere', 'report.html');
    expect(await runAtbd(['scenario', 'report', saved, '--html', path])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cannot write the report') as string,
    });
  });
});

/** As it is installed by Debian. */
const CHROMIUM = 'chromium';

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--enable-logging=stderr'],
  // Until the page has drawn; by the browser's own clock, not the machine's.
  '--virtual-time-budget=5000',
];

function hasChromium(): boolean {
  let isThere = true;
  try {
    execFileSync(CHROMIUM, ['--version'], { stdio: 'ignore' });
  } catch {
    isThere = false;
  }
  return hasPart('chromium', isThere, 'run .ci/install');
}

/** The page's elements once its scripts have run, and what they said on the console. */
async function openPage(path: string): Promise<{ dom: string; console: string[] }> {
  const profile = await mkdtemp(join(folder, 'profile-'));
  const args = [...FLAGS, `--user-data-dir=${profile}`, '--dump-dom', `file://${path}`];
  const { stdout, stderr } = await promisify(execFile)(CHROMIUM, args, {
    maxBuffer: 64 * 1024 * 1024,
  });
  return { dom: stdout, console: stderr.split('\n').filter((line) => line.includes(':CONSOLE')) };
}

describe.runIf(hasChromium())('the page of a report', () => {
  it('draws every chart in a browser, without a word on the console and without a network', async () => {
    const path = join(folder, 'report.html');
    expect(await runAtbd(['scenario', 'report', saved, '--html', path])).toMatchObject({ code: 0 });
    const { dom, console } = await openPage(path);
    expect(console).toEqual([]);
    // Events, errors, latency and the pipe, of two stories.
    expect(dom.match(/<canvas/gu)).toHaveLength(8);
    expect(dom).not.toContain('<img');
    expect(dom).not.toMatch(/(?:src|href)="(?!data:)/u);
    expect((await readFile(path)).byteLength).toBeLessThan(200_000);
  });

  it('has JUnit XML beside it that is well-formed, whatever the texts in it', async () => {
    const path = join(folder, 'report.xml');
    await runAtbd(['scenario', 'report', saved, '--junit', path]);
    const { dom } = await openPage(path);
    expect(dom).not.toContain('parsererror');
    expect(dom.match(/<testcase /gu)).toHaveLength(2);
  });

  it('would not hide an error of its scripts from this test', async () => {
    const path = join(folder, 'broken.html');
    await writeFile(path, '<!doctype html><script>nothing.at.all()</script>');
    expect((await openPage(path)).console.join()).toContain('nothing is not defined');
  });
});
