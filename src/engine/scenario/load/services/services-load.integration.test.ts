import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { type Clock, systemClock } from '../../../model/clock.js';
import type { Queue, QueueMessage } from '../../../model/queue.js';
import { createServicesLoad } from './services-load.js';

/** What every script of these tests begins with. */
const PRELUDE = `
import { appendFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
const { ATBD_STORY_SEED, ATBD_STORY_MS, ATBD_STORY_LOGS, ATBD_STORY_TRUTH } = process.env;
const log = (service, fields) => appendFileSync(\`\${ATBD_STORY_LOGS}/\${service}.log\`, JSON.stringify({ time: Date.now(), name: service, level: 30, ...fields }) + '\\n');
const truth = (account) => writeFileSync(ATBD_STORY_TRUTH, JSON.stringify(account));
const leave = () => { process.disconnect(); };
`;

/** A queue that takes everything and keeps it. */
function keepingQueue(): { queue: Queue; kept: QueueMessage[] } {
  const kept: QueueMessage[] = [];
  const producer = {
    send: (_topic: string, messages: readonly QueueMessage[]) => {
      kept.push(...messages);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return {
    queue: { createProducer: () => Promise.resolve(producer) } as Partial<Queue> as Queue,
    kept,
  };
}

async function play(
  script: string,
  {
    clock = systemClock,
    signal = new AbortController().signal,
  }: { clock?: Clock; signal?: AbortSignal } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'atbd-services-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const logFolder = join(folder, 'logs');
  await mkdir(logFolder);
  await writeFile(join(folder, 'run.mjs'), PRELUDE + script);
  const logs = ['cart.log', 'order.log'];
  const spec = { kind: 'services', duration: 500, script: 'run.mjs', logs } as const;
  const load = createServicesLoad({
    spec: { ...spec, logs },
    seed: 7,
    folder,
    logFolder,
  });
  const { queue, kept } = keepingQueue();
  const steps: number[] = [];
  const onStep = (storyMs: number): void => void steps.push(storyMs);
  const target = { queue, topic: 'events', fromMs: clock.nowMs(), clock, signal, onStep };
  return { load, kept, steps, folder, sending: load.send(target) };
}

const textsOf = (messages: readonly QueueMessage[]): string[] =>
  messages
    .map(({ value }) => (JSON.parse(String(value)) as { message: string }).message)
    .toSorted();

it('brings every line of the log files into the queue, those before the end too, and takes the word of the script', async () => {
  const { load, kept, steps, sending } = await play(`
    log('cart', { msg: 'seed ' + ATBD_STORY_SEED, op_id: 'a' });
    await new Promise((resolve) => setTimeout(resolve, Number(ATBD_STORY_MS)));
    for (let index = 0; index < 50; index += 1) log('order', { msg: 'line ' + index, op_id: 'b' });
    truth({ total: 51, byService: { cart: 1, order: 50 }, amounts: { 'order.paid EUR': '1.50' },
      actions: [{ opId: 'b', operation: 'buy', eventsByService: { order: 50 } }] });
    leave();`);
  const { sentCount, toMs } = await sending;
  expect(sentCount).toBe(51);
  const expected = ['seed 7', ...Array.from({ length: 50 }, (_, index) => `line ${index}`)];
  expect(textsOf(kept)).toEqual(expected.toSorted());
  expect(kept.find(({ key }) => key === 'a')).toBeDefined();
  expect(toMs).toBeGreaterThanOrEqual(systemClock.nowMs() - 10_000);
  expect(steps.length).toBeGreaterThan(2);
  expect(Math.max(...steps)).toBeLessThanOrEqual(500);
  const { sent, amounts, actions } = load.truth();
  expect(sent).toMatchObject({ total: 51, dead: new Map(), byType: new Map() });
  expect(sent.byService).toEqual(
    new Map([
      ['cart', 1],
      ['order', 50],
    ]),
  );
  expect(amounts).toEqual(new Map([['order.paid EUR', '1.50']]));
  const eventsByService = new Map([['order', 50]]);
  expect(actions).toEqual([{ opId: 'b', operation: 'buy', eventsByService }]);
});

it.each([
  ['ends with another code than 0', 'process.exit(3);', 'ended with exit code 3'],
  ['is killed', "process.kill(process.pid, 'SIGKILL');", 'ended with SIGKILL'],
  ['says nothing of what is true', 'leave();', 'it is not there, or it is no JSON'],
  ['says it wrongly', "truth({ total: 'many' }); leave();", 'expected number, received string'],
])('fails when the script %s', async (_what, script, words) => {
  const { sending } = await play(script);
  await expect(sending).rejects.toMatchObject({
    code: 'STORY_FAILED',
    message: expect.stringContaining(words) as string,
  });
});

/** A script with a service that ends only by force; `pids` has both. */
const STUBBORN = `
  process.on('SIGTERM', () => undefined);
  const service = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000)"], { stdio: 'ignore' });
  service.once('spawn', () => writeFileSync('pids', process.pid + ' ' + service.pid));
  setInterval(() => undefined, 1000);`;

async function pidsIn(folder: string): Promise<number[]> {
  const path = join(folder, 'pids');
  await vi.waitFor(() => {
    expect(existsSync(path)).toBe(true);
  }, 20_000);
  return (await readFile(path, 'utf8')).split(' ').map(Number);
}

async function expectGone(pids: readonly number[]): Promise<void> {
  await vi.waitFor(() => {
    expect(pids.filter(isAlive)).toEqual([]);
  }, 20_000);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Time passes as it does, but whoever wants to wait for long does not have to. */
const impatientClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  sleep: (delayMs, signal) => systemClock.sleep(delayMs > 1_000 ? 1_000 : delayMs, signal),
};

it('ends a script that does not end, and the services with it', async () => {
  const { sending, folder } = await play(STUBBORN, { clock: impatientClock });
  await expect(sending).rejects.toMatchObject({
    code: 'STORY_FAILED',
    message: 'cannot play the story: its script run.mjs has not ended after 60.5 s',
  });
  await expectGone(await pidsIn(folder));
});

it('ends the script and all that it has started when it is told to stop', async () => {
  const stop = new AbortController();
  const { sending, folder } = await play(STUBBORN, { clock: impatientClock, signal: stop.signal });
  const pids = await pidsIn(folder);
  expect(pids.filter(isAlive)).toEqual(pids);
  stop.abort(new Error('stopped'));
  await expect(sending).rejects.toThrow('stopped');
  await expectGone(pids);
});
