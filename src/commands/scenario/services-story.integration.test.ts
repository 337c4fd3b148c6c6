import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import { commandLinesKnowing } from '../_cli/testing/test-stack.js';

const BIN = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const SERVICES = fileURLToPath(new URL('../../../scenarios/fleet/service', import.meta.url));

/** Time for a stack to come up, or go down, on a busy machine. */
const SETTLE_MS = 60_000;

/** `atbd scenario run fleet`, once its shoppers are about. */
async function startFleetStory(): Promise<{ child: ChildProcess; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'atbd-fleet-story-'));
  const child = spawn(process.execPath, [BIN, 'scenario', 'run', 'fleet', '--folder', folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await expectNothingRuns(folder);
    await rm(folder, { recursive: true, force: true });
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const isShopping = (): void => {
    expect(said).toContain('story time');
  };
  await vi.waitFor(isShopping, { timeout: SETTLE_MS, interval: 100 });
  await vi.waitFor(async () => {
    expect((await servicesOf(folder)).length).toBeGreaterThan(3);
  }, SETTLE_MS);
  return { child, folder };
}

/** The story's own services: others may be running the same. */
async function servicesOf(folder: string): Promise<string[]> {
  const lines = await commandLinesKnowing(folder);
  return lines.filter((line) => line.includes(SERVICES));
}

async function expectNothingRuns(folder: string): Promise<void> {
  const check = async (): Promise<void> => {
    expect(await commandLinesKnowing(folder)).toEqual([]);
  };
  await vi.waitFor(check, { timeout: SETTLE_MS, interval: 200 });
}

it.each(['SIGINT', 'SIGTERM'] as const)(
  'takes services, script and stack down at %s',
  async (signal) => {
    const { child, folder } = await startFleetStory();
    child.kill(signal);
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(await readdir(folder)).toEqual([]);
    await expectNothingRuns(folder);
  },
);

it('leaves no process behind when it is killed itself', async () => {
  const { child, folder } = await startFleetStory();
  child.kill('SIGKILL');
  await expectNothingRuns(folder);
});
