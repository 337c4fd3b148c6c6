import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAtbd } from './_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from './_cli/testing/test-context.js';

let context: TestContext;
let names: string[];
beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 2 });
  const files = await readdir('src/store/migration');
  names = files.filter((name) => name.endsWith('.sql')).toSorted();
});
afterAll(() => context[Symbol.asyncDispose]());

async function migrate(...args: readonly string[]): Promise<unknown> {
  const { code, stdout } = await runAtbd(['migrate', '--json', ...args], { env: context.env });
  return { code, ...(JSON.parse(stdout) as object) };
}

async function onShard(shard: number, query: string): Promise<void> {
  const client = await context.testStore.store.shard(shard);
  await client.command({ query, http_headers: { 'X-ClickHouse-Database': 'default' } });
}

describe('atbd migrate', () => {
  it('--dry-run says what a shard lacks and changes nothing', async () => {
    expect(await migrate('--dry-run')).toEqual({ code: 0, applied: [], pending: [] });
    await onShard(1, `DELETE FROM atbd.migrations WHERE name = '${names.at(-1)!}'`);
    const pending = [{ shard: 1, name: names.at(-1) }];
    expect(await migrate('--dry-run')).toEqual({ code: 0, applied: [], pending });
    const { stdout } = await runAtbd(['migrate', '--dry-run'], { env: context.env });
    expect(stdout).toBe(`shard 1: would apply ${names.at(-1)!}\n`);
    expect(await migrate()).toEqual({ code: 0, applied: pending, pending: [] });
  });

  it('--dry-run knows a shard that was never migrated', async () => {
    await onShard(0, 'DROP DATABASE atbd SYNC');
    const pending = names.map((name) => ({ shard: 0, name }));
    expect(await migrate('--dry-run')).toEqual({ code: 0, applied: [], pending });
    expect(await migrate()).toEqual({ code: 0, applied: pending, pending: [] });
    expect(await migrate('--dry-run')).toEqual({ code: 0, applied: [], pending: [] });
  });
});
