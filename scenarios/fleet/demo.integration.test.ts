import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';

const DEMO = path.join(import.meta.dirname, 'demo.js');

/** Time for a stack to go down on a busy machine. */
const TAKE_DOWN_TIMEOUT_MS = 40_000;

interface RunningDemo {
  readonly child: ChildProcess;
  /** Everything the demo makes is below it. */
  readonly dir: string;
  readonly output: () => string;
}

async function startDemo(...args: string[]): Promise<RunningDemo> {
  const dir = await mkdtemp(path.join(tmpdir(), 'atbd-demo-test-'));
  const child = spawn(process.execPath, [DEMO, ...args], {
    env: { ...process.env, TMPDIR: dir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => (output += part.toString('utf8')));
  }
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await expectNothingLeft(dir);
    await rm(dir, { recursive: true, force: true });
  });
  return { child, dir, output: () => output };
}

async function expectNothingLeft(dir: string): Promise<void> {
  const timeout = TAKE_DOWN_TIMEOUT_MS;
  await vi.waitFor(async () => expect(await leftovers(dir)).toEqual([]), {
    timeout,
    interval: 200,
  });
}

/** Files below `dir`, and processes that were started with it in their environment. */
async function leftovers(dir: string): Promise<string[]> {
  const files = await readdir(dir);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
  const running = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return environment.includes(dir) ? [`pid ${pid}`] : [];
    }),
  );
  return [...files, ...running.flat()];
}

function waitForText({ output }: RunningDemo, text: string): Promise<void> {
  return vi.waitFor(() => expect(output()).toContain(text), { timeout: 60_000, interval: 100 });
}

it('tells the whole story, agrees with grep, and leaves nothing behind', async () => {
  const demo = await startDemo('--seconds', '5');
  const [code] = (await once(demo.child, 'close')) as [number];
  const output = demo.output();
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toMatch(/\$ atbd query trace [0-9a-f]{32}\n/u);
  expect(output).toMatch(/✓ (?<count>\d+) lines in the files, \k<count> events stored/u);
  expect(output).toContain('nothing lost, nothing twice');
  expect(await leftovers(demo.dir)).toEqual([]);
});

it('takes everything down at Ctrl-C', async () => {
  const demo = await startDemo();
  await waitForText(demo, '$ atbd tail');
  demo.child.kill('SIGINT');
  const [code] = (await once(demo.child, 'close')) as [number];
  expect({ code, output: demo.output() }).toMatchObject({ code: 130 });
  expect(await leftovers(demo.dir)).toEqual([]);
});

it('has everything taken down when it is killed', async () => {
  const demo = await startDemo();
  await waitForText(demo, '$ atbd tail');
  demo.child.kill('SIGKILL');
  await expectNothingLeft(demo.dir);
});
