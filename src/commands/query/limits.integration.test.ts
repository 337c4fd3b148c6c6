import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeEvents } from '../../store/testing/write-events.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import type { TestContext } from '../_cli/testing/test-context.js';
import { startPurchaseContext } from './_question/testing/purchase-context.js';

const SLOW_DAY_MS = Date.UTC(2026, 10, 19, 10);

let context: TestContext;
beforeAll(async () => {
  context = await startPurchaseContext();
});
afterAll(() => context[Symbol.asyncDispose]());

function run(...args: string[]): Promise<Ran> {
  return runAtbd(['query', ...args, '--tz', 'UTC'], { env: context.env });
}

describe('--max-scan', () => {
  it('refuses to read more, with exit code 9', async () => {
    const args = ['page-views', '--from', '2026-11-01', '--max-scan', '1'];
    const { code, stdout, stderr } = await run(...args, '--json');
    expect({ code, stdout }).toEqual({ code: 9, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({
      error: {
        code: 'SCAN_LIMIT_EXCEEDED',
        message: 'cannot ask page-views: that reads more than 1 rows',
      },
    });
  });
});

describe('Ctrl-C', () => {
  it('ends the query on the servers, too, with exit code 130', async () => {
    const events = Array.from({ length: 30_000 }, (_, index) => ({
      // A day of its own, so that no other test sees it.
      ts: new Date(SLOW_DAY_MS + index).toISOString(),
      message: `${index} ${'aab'.repeat(120)}`,
    }));
    for (const shard of [0, 1])
      await writeEvents(context.testStore.store, events, {
        topic: 'slow',
        shard,
        partition: shard,
      });
    // Each is different, true and dear, so that together they take far longer than this test.
    const conditions = Array.from({ length: 80 }, (_, n) => `message~=^(.*a){${n + 1}}.*b.*[^c]$`);
    const child = spawnAtbd([
      ...['query', 'logs', '--from', '2026-11-19', '--to', '2026-11-20', '--limit', '1000000'],
      ...conditions.flatMap((condition) => ['-f', condition]),
    ]);
    for (const shard of [0, 1])
      await vi.waitUntil(async () => (await runningLogQueries(shard)) > 0, { timeout: 30_000 });
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(130);
    for (const shard of [0, 1])
      await vi.waitUntil(async () => (await runningLogQueries(shard)) === 0, { timeout: 10_000 });
  });

  function spawnAtbd(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, ['bin/run.js', ...args], {
      env: {
        ...context.env,
        NODE_ENV: 'production',
      },
      stdio: 'ignore',
    });
  }

  async function runningLogQueries(shard: number): Promise<number> {
    const client = await context.testStore.store.shard(shard);
    const answer = await client.query({
      query:
        "SELECT toUInt32(count()) AS n FROM system.processes WHERE Settings['log_comment'] = 'atbd:logs'",
      format: 'JSONEachRow',
    });
    return (await answer.json<{ n: number }>())[0]?.n ?? 0;
  }
});

// Last: a shard is gone afterwards.
describe('without one of the shards', () => {
  it('there is no answer with --require-all: exit code 6', async () => {
    await context.testStore.stopShard(1);
    const args = ['page-views', '--from', '2026-11-20', '--require-all'];
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toMatch(/^Error: cannot ask [\w-]+: shard 1 does not answer\n/);
  });
});
