import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished, vi } from 'vitest';
import { countInFiles } from './demo/count-lines.js';
import { accountOf } from './driver/account.js';
import { SERVICES, startFleet } from './driver/fleet.js';
import { planShopping } from './driver/plan.js';
import { shop } from './driver/shop.js';

const HERE = import.meta.dirname;

/** Short visits of many shoppers: enough for failed payments, quick enough for a test. */
const PLAN = { seed: 7, shopperCount: 12, durationMs: 4000 };

interface LogLine {
  readonly level: number;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly msg: string;
  readonly op_id?: string;
  readonly type?: string;
  readonly status?: string;
  readonly amount?: string;
  readonly err?: { readonly stack: string };
}

async function temporaryDir(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'atbd-fleet-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function shopOnce(): Promise<{ outcomes: unknown; lines: LogLine[]; logFiles: string[] }> {
  const fleet = await startFleet({ logDir: await temporaryDir(), seed: PLAN.seed });
  try {
    const outcomes = await shop({ plan: planShopping(PLAN), gatewayUrl: fleet.gatewayUrl });
    const texts = await Promise.all(fleet.logFiles.map((file) => readFile(file, 'utf8')));
    const lines = texts.join('').trimEnd().split('\n');
    const { logFiles } = fleet;
    return { outcomes, lines: lines.map((line) => JSON.parse(line) as LogLine), logFiles };
  } finally {
    await fleet.stop();
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('plans the same shopping for the same seed, and another for another', () => {
  const plan = planShopping(PLAN);
  expect(planShopping(PLAN)).toEqual(plan);
  expect(planShopping({ ...PLAN, seed: 8 })).not.toEqual(plan);
  const ids = plan.flat().map(({ opId }) => opId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => /^[0-9a-f]{32}$/u.test(id))).toBe(true);
});

// The services are real and wait 600 ms for the provider: a machine that stands still for so long tells another story.
const BUSY = { retry: 3 };

it(
  'tells the same story twice: one op_id through all services, failed payments asked again',
  BUSY,
  async () => {
    const first = await shopOnce();
    const second = await shopOnce();
    expect(second.outcomes).toEqual(first.outcomes);
    expect(second.lines.map(storyOf).toSorted()).toEqual(first.lines.map(storyOf).toSorted());

    const attempts = first.lines.filter(({ type }) => type === 'payment.attempt');
    const failed = attempts.find(({ status }) => status !== 'ok');
    expect(failed).toBeDefined();
    const ofAction = first.lines.filter((line) => line.op_id === failed?.op_id);
    expect([...new Set(ofAction.map(({ name }) => name))].toSorted()).toEqual(SERVICES.toSorted());
    expect(ofAction.filter(({ type }) => type === 'payment.attempt').length).toBeGreaterThan(1);
  },
);

it('logs errors with their stack and with the file and line that wrote them', async () => {
  const errors = (await shopOnce()).lines.filter(({ level }) => level === 50);
  expect(errors.length).toBeGreaterThan(0);
  for (const { file, line, err } of errors) {
    const source = await readFile(path.join(HERE, file), 'utf8');
    expect(source.split('\n')[line - 1]).toContain('log.error(');
    expect(err?.stack).toMatch(/^CallFailed: .+\n {4}at /u);
  }
});

it('counts what grep counts', async () => {
  const { logFiles } = await shopOnce();
  const numbers = { debug: 20, info: 30, warn: 40, error: 50 };
  const counts = await countInFiles(logFiles);
  expect(counts.size).toBeGreaterThan(logFiles.length);
  for (const [key, count] of counts) {
    const [service, level] = key.split(' ') as [string, keyof typeof numbers];
    const file = logFiles.find((name) => name.endsWith(`${service}.log`)) ?? '';
    const grep = execFileSync('grep', ['-c', `"level":${numbers[level]}`, file], {
      encoding: 'utf8',
    });
    expect([key, count]).toEqual([key, Number(grep)]);
  }
});

it('knows of its log files what grep finds in them, and what the shoppers did', async () => {
  const { logFiles, outcomes, lines } = await shopOnce();
  const account = await accountOf(logFiles);
  const grep = (pattern: string): number =>
    Number(
      execFileSync('sh', ['-c', `cat "$@" | grep -cE '${pattern}' || true`, '-', ...logFiles]),
    );
  expect(account.total).toBe(grep('^.+$'));
  expect(account.byLevel['error']).toBe(grep('"level":50'));
  expect(account.byType['payment.attempt']).toBe(grep('"type":"payment.attempt"'));
  for (const status of ['ok', 'failed', 'timeout']) {
    const found = grep(`"type":"payment.attempt".*"status":"${status}"`);
    expect(account.byTypeAndStatus[`payment.attempt ${status}`] ?? 0).toBe(found);
  }
  const { buy } = outcomes as { buy: { done: number; refused: number } };
  const buys = account.actions.filter(({ operation }) => operation === 'buy');
  expect(buys).toHaveLength(buy.done + buy.refused);
  expect(account.byTypeAndStatus['order.paid paid']).toBe(buy.done);
  const paid = lines.filter(({ type }) => type === 'order.paid');
  const cents = paid.reduce((sum, { amount = '0' }) => sum + Math.round(Number(amount) * 100), 0);
  expect(account.amounts['order.paid EUR']).toBe((cents / 100).toFixed(2));
});

it('ends with its parent, even when that is killed', async () => {
  const script = `
    import { startFleet } from ${JSON.stringify(path.join(HERE, 'driver/fleet.js'))};
    const fleet = await startFleet({ logDir: process.argv[1], seed: 1 });
    console.log(JSON.stringify(fleet.pids));`;
  const args = ['--input-type=module', '--eval', script, await temporaryDir()];
  const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [pids] = await readLines(parent.stdout);
  expect(pids?.every(isAlive)).toBe(true);
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(pids?.some(isAlive)).toBe(false), { timeout: 5000 });
});

async function readLines(stream: NodeJS.ReadableStream): Promise<number[][]> {
  for await (const line of createInterface({ input: stream }))
    return [JSON.parse(line) as number[]];
  return [];
}

/** What a line says, without what differs from run to run: ports, and the stock at that moment. */
function storyOf({ name, level, op_id, type, status, msg }: LogLine): string {
  const text = msg.replace(/port \d+|^\d+ of/u, '');
  return [name, level, op_id, type, status, text].join(' ');
}
