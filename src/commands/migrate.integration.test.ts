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
    expect(await migrate('--dry-run')).toEqual({
      code: 0,
      applied: [],
      pending: [],
      closedShards: [],
    });
    await onShard(1, `DELETE FROM atbd.migrations WHERE name = '${names.at(-1)!}'`);
    const pending = [{ shard: 1, name: names.at(-1) }];
    expect(await migrate('--dry-run')).toEqual({ code: 0, applied: [], pending, closedShards: [] });
    const { stdout } = await runAtbd(['migrate', '--dry-run'], { env: context.env });
    expect(stdout).toBe(`shard 1: would apply ${names.at(-1)!}\n`);
    expect(await migrate()).toEqual({ code: 0, applied: pending, pending: [], closedShards: [] });
  });

  it('opens a shard that a migration left closed, and --dry-run names it', async () => {
    await onShard(1, `ALTER TABLE atbd.intake ADD COLUMN closed_for_migration UInt8`);
    const { stdout } = await runAtbd(['migrate', '--dry-run'], { env: context.env });
    expect(stdout).toBe(
      'shard 1: refuses inserts, because a migration was cut off or is at work\n',
    );
    expect(await migrate('--dry-run')).toEqual({
      ...{ code: 0, applied: [], pending: [] },
      closedShards: [1],
    });
    expect(await migrate()).toEqual({ code: 0, applied: [], pending: [], closedShards: [] });
    expect(await migrate('--dry-run')).toMatchObject({ closedShards: [] });
  });

  it('--dry-run knows a shard that was never migrated', async () => {
    await onShard(0, 'DROP DATABASE atbd SYNC');
    const pending = names.map((name) => ({ shard: 0, name }));
    expect(await migrate('--dry-run')).toEqual({ code: 0, applied: [], pending, closedShards: [] });
    expect(await migrate()).toEqual({ code: 0, applied: pending, pending: [], closedShards: [] });
    expect(await migrate('--dry-run')).toEqual({
      code: 0,
      applied: [],
      pending: [],
      closedShards: [],
    });
  });
});
