import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEvents } from '../../store/testing/write-events.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';

const START_MS = Date.UTC(2026, 10, 20, 10);
const HOUR_S = 3600;

type Fields = Readonly<Record<string, string | number>>;

function at(seconds: number, fields: Fields): Fields {
  return { ts: new Date(START_MS + seconds * 1000).toISOString(), service: 'payment', ...fields };
}

function attempt(seconds: number, order_id: string, fields: Fields): Fields {
  const type = 'payment.attempt';
  const money = { amount: '19.90', currency: 'EUR', provider: 'acme', user_id: 'u-1' };
  return at(seconds, { type, order_id, op_id: `buy-${order_id}`, ...money, ...fields });
}

/** One of each outcome, in no order, with an attempt that was sent twice. The last chain began an hour before. */
const EVENTS: readonly Fields[] = [
  attempt(2, 'o-recovered', { attempt: 2, status: 'failed' }),
  attempt(HOUR_S, 'o-recovered', { attempt: 4, status: 'ok', op_id: 'again-o-recovered' }),
  at(HOUR_S + 1, { type: 'order.paid', order_id: 'o-recovered', status: 'paid' }),
  attempt(0, 'o-recovered', { attempt: 1, status: 'failed' }),
  attempt(7, 'o-recovered', { attempt: 3, status: 'timeout' }),
  attempt(60, 'o-first', { attempt: 1, status: 'ok', provider: 'paybridge', amount: '0.10' }),
  attempt(60, 'o-first', { attempt: 1, status: 'ok', provider: 'paybridge', amount: '0.10' }),
  at(120, { type: 'order.failed', order_id: 'o-failed', status: 'failed' }),
  attempt(119, 'o-failed', { attempt: 1, status: 'failed', amount: '5', currency: 'USD' }),
  attempt(180, 'o-abandoned', { attempt: 1, status: 'timeout' }),
  attempt(2 * HOUR_S, 'o-open', { attempt: 1, status: 'timeout' }),
  attempt(-HOUR_S, 'o-before', { attempt: 1, status: 'failed' }),
  attempt(30, 'o-before', { attempt: 2, status: 'ok' }),
  at(90, { type: 'payment.attempt', status: 'ok', user_id: 'u-2' }),
];

const WHEN = ['--from', '2026-11-20T10:00', '--to', '2026-11-20T13:00'];

let context: TestContext;
beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 2 });
  // Event time has come to the same moment in both partitions.
  const end = at(2 * HOUR_S + 600, { type: 'page.view', page: '/' });
  for (const shard of [0, 1]) {
    const own = EVENTS.filter((_, index) => index % 2 === shard);
    const target = { topic: 'events', partition: shard, shard };
    await writeEvents(context.testStore.store, [...own, end], target);
  }
});
afterAll(async () => {
  await context[Symbol.asyncDispose]();
});

function run(...args: string[]): Promise<Ran> {
  return runAtbd(['query', 'retries', ...args, '--tz', 'UTC'], { env: context.env });
}

describe('atbd query retries', () => {
  it('explains itself', async () => {
    const { stdout } = await runAtbd(['query', 'retries', '--help'], { env: { COLUMNS: '100' } });
    expect(stdout).toMatchSnapshot();
  });

  it('tells by provider how chains ended, over all shards', async () => {
    expect(await run(...WHEN)).toMatchSnapshot();
  });

  it('tells per interval what is final and what is not', async () => {
    expect(await run(...WHEN, '--every', '1h', '--by', 'none', '--json')).toMatchSnapshot();
  });

  it('lists chains, worst first, with the actions to trace', async () => {
    expect(await run(...WHEN, '--chains', '-o', 'csv')).toMatchSnapshot();
    const { stdout } = await run(...WHEN, '--chains', '--outcome', 'failed,open', '--json');
    const { rows } = JSON.parse(stdout) as { rows: { order_id: string }[] };
    expect(rows.map(({ order_id }) => order_id)).toEqual(['o-failed', 'o-open']);
  });

  it('draws', async () => {
    expect(await run(...WHEN, '-o', 'chart', '--measure', 'failed')).toMatchSnapshot();
  });

  it('counts by what journeys say', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'atbd-retries-'));
    const journeys = join(folder, 'journeys.yaml');
    await writeFile(journeys, 'attempts: { patience: 30m, abandoned: failed }');
    try {
      const { stdout } = await run(...WHEN, '--by', 'none', '--journeys', journeys, '--json');
      const { rows } = JSON.parse(stdout) as { rows: unknown[] };
      // An attempt an hour later is a chain of its own, and what it leaves behind has failed.
      expect(rows).toMatchObject([
        { chains: 7, ok_first: 3, recovered: 0, failed: 3, abandoned: 0, open: 1 },
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    [['--assert', 'failed + abandoned < 2'], 1],
    [['--assert', 'failed < 2 && chains > 0'], 0],
    [['--provider', 'paybridge', '--assert', 'chains == 1 && !provisional'], 1],
    [['--by', 'colour'], 2],
    [['--outcome', 'failed'], 2],
    [['--chains', '--every', '1h'], 2],
  ])('%j ends with exit code %i', async (args, code) => {
    expect((await run(...WHEN, ...args)).code).toBe(code);
  });

  it('says when a shard did not answer', async () => {
    await context.testStore.stopShard(1);
    try {
      const { code, stdout, stderr } = await run(...WHEN, '--json');
      expect(code).toBe(3);
      expect(JSON.parse(stdout)).toMatchObject({ missingShards: [1] });
      expect(stderr).toContain('shard 1');
    } finally {
      await context.testStore.startShard(1);
    }
  });
});
