import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { explain, type Explanation } from '../../engine/anomaly/explain.js';
import { faultOf, runShop, smallSpec } from '../../engine/generate/testing/run-shop.js';
import type { Truth } from '../../engine/generate/truth.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';
import { ShopTopic } from './_question/testing/shop-topic.js';

const RANGE = ['--from', '2026-11-20T09:00:00Z', '--to', '2026-11-20T11:00:00Z'];

let context: TestContext;
let truth: Truth;
let sent: Record<string, unknown>[];
beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 2 });
  const shop = runShop(
    smallSpec({
      seed: 31,
      fromMs: Date.UTC(2026, 10, 20, 9),
      toMs: Date.UTC(2026, 10, 20, 11),
      eventsPerSecond: 6,
      userCount: 300,
      faults: [
        faultOf({ kind: 'refund-ring', users: 2, every: '3m', at: '10m' }),
        faultOf({ kind: 'hammering-user', operation: 'view', perSecond: 2, at: '40m', for: '4m' }),
        faultOf({ kind: 'provider-down', provider: 'acme', at: '90m', for: '20m' }),
      ],
    }),
  );
  truth = shop.truth;
  sent = shop.sendings.map(({ value }) => JSON.parse(String(value)) as Record<string, unknown>);
  await new ShopTopic(context.testStore.store, 'events').write(shop.sendings);
});
afterAll(async () => {
  await context[Symbol.asyncDispose]();
});

interface AnomaliesJson {
  readonly warmingUp: number | null;
  readonly notes: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

async function ask(...args: readonly string[]): Promise<AnomaliesJson> {
  const range = args.includes('--from') ? [] : RANGE;
  const { code, stdout, stderr } = await runAtbd(
    ['query', 'anomalies', ...range, ...args, '--json'],
    context,
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as AnomaliesJson;
}

it('finds those who are guilty, each for what he did, and nobody else', async () => {
  const answer = await ask();
  const found = answer.rows.map(({ kind, who }) => `${String(kind)} ${String(who)}`);
  const guilty = truth.guilty.map(
    ({ userId, why }) => `${why === 'refund-ring' ? 'refunds' : 'multitude'} user ${userId}`,
  );
  expect([...new Set(found)].toSorted()).toEqual(guilty.toSorted());
  // Two hours are no history: no figure is called unusual.
  expect(answer.warmingUp).toBeGreaterThan(0);
  expect(answer.notes).toEqual([expect.stringContaining('series are warming up')]);
});

/** What `--explain` should say, counted from what was sent. */
function explainSent(fromMs: number, toMs: number): Explanation[] {
  const counts = new Map<string, { field: string; value: string; bad: number; all: number }>();
  const totals = new Map<string, { field: string; bad: number; all: number }>();
  for (const event of sent) {
    const ms = Date.parse(event['ts'] as string);
    if (ms < fromMs || ms >= toMs || event['kind'] === 'metric') continue;
    const isError = ['error', 'fatal'].includes(event['level'] as string);
    const bad = isError || ['error', 'failed', 'timeout'].includes(event['status'] as string);
    const source = event['file'] === undefined ? undefined : sourceOf(event);
    for (const [field, value] of Object.entries({ ...event, source })) {
      if (!EXPLAINED.includes(field) || typeof value !== 'string' || value === '') continue;
      const count = counts.get(`${field} ${value}`) ?? { field, value, bad: 0, all: 0 };
      const total = totals.get(field) ?? { field, bad: 0, all: 0 };
      for (const one of [count, total]) {
        one.all += 1;
        if (bad) one.bad += 1;
      }
      counts.set(`${field} ${value}`, count);
      totals.set(field, total);
    }
  }
  return explain([...counts.values()], [...totals.values()]);
}

const EXPLAINED = 'provider service operation node host pod module source currency'.split(' ');

function sourceOf({ file, line }: Readonly<Record<string, unknown>>): string {
  return `${String(file)}:${Number(line ?? 0)}`;
}

it('ranks what is over-represented in what went wrong, as what was sent has it', async () => {
  const outage = ['--from', '2026-11-20T10:30:00Z', '--to', '2026-11-20T10:50:00Z'];
  const { rows } = await ask('--explain', ...outage);
  const fromMs = Date.UTC(2026, 10, 20, 10, 30);
  const expected = explainSent(fromMs, fromMs + 20 * 60_000);
  expect(expected.length).toBeGreaterThan(3);
  expect(rows).toEqual(expected);
  // Most attempts are tries to pay by the one that is down: that must not hide it.
  const strongest = rows.slice(0, 3).map(({ field, value }) => [field, value]);
  expect(strongest).toContainEqual(['provider', 'acme']);
});

it('says what it does not watch: what the figures per minute cannot tell apart', async () => {
  const ofUser = await ask('--user', truth.guilty[0]!.userId);
  expect(ofUser).toMatchObject({
    warmingUp: null,
    notes: [expect.stringContaining('No figure is judged: the conditions name a field')],
  });
  expect(ofUser.rows).toHaveLength(1);
  const folder = await mkdtemp(join(tmpdir(), 'atbd-anomalies-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const journeys = join(folder, 'journeys.yaml');
  await writeFile(journeys, 'attempts: { where: { attrs.channel: web } }');
  const { notes } = await ask('--journeys', journeys);
  expect(notes).toEqual([
    expect.stringContaining('series are warming up'),
    expect.stringContaining('Attempts are not watched'),
  ]);
});

// The last one: nothing makes the store whole again.
it('says that no figure is judged where a shard has not said from when on they are complete', async () => {
  const shard = await context.testStore.store.shard(1);
  await shard.command({ query: 'TRUNCATE TABLE rollup_state_local' });
  const { warmingUp, notes } = await ask();
  expect({ warmingUp, notes }).toEqual({
    warmingUp: null,
    notes: [expect.stringContaining('No figure is judged: not every shard has said')],
  });
  const { stdout } = await runAtbd(['query', 'anomalies', ...RANGE], context);
  expect(stdout).not.toContain('warmingUp');
});
