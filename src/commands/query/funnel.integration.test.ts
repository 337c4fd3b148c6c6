import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEvents } from '../../store/testing/write-events.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';

const START_MS = Date.UTC(2026, 10, 20, 10);

type Fields = Readonly<Record<string, string>>;

/** One event of a session; the user is called as the session is. */
function sign(seconds: number, session: string, fields: Fields): Fields {
  const ts = new Date(START_MS + seconds * 1000).toISOString();
  const session_id = `s-${session}`;
  return { ts, service: 'shop', kind: 'record', session_id, user_id: session, ...fields };
}

const view = (seconds: number, session: string, page = '/'): Fields =>
  sign(seconds, session, { type: 'page.view', page });
const reserve = (seconds: number, session: string): Fields =>
  sign(seconds, session, { type: 'order.reserved', status: 'reserved' });
const buy = (seconds: number, session: string): Fields =>
  sign(seconds, session, { type: 'order.paid', status: 'paid' });

/** In no order; neighbours lie on different shards. */
const EVENTS: readonly Fields[] = [
  buy(100, 'ann'),
  view(0, 'ann'),
  reserve(40, 'ann'),
  view(60, 'ann', '/sale'),
  // Paid before it was reserved: that is another story.
  buy(110, 'bob'),
  reserve(120, 'bob'),
  view(100, 'bob', '/sale'),
  // Sent twice.
  view(200, 'cat'),
  view(200, 'cat'),
  // Reserved after a pause that ends the session.
  reserve(200 + 1800, 'cat'),
  // At one moment.
  view(3000, 'dan'),
  reserve(3000, 'dan'),
  buy(3000, 'dan'),
  // Began before, and no new session of the range.
  view(-60, 'eve'),
  view(10, 'eve'),
  buy(20, 'eve'),
  // The range ends before it does.
  view(7190, 'fay', '/sale'),
  reserve(7210, 'fay'),
  // The second session of a user.
  { ...view(4000, 'again'), user_id: 'ann' },
  { ts: new Date(START_MS + 5000).toISOString(), service: 'shop', type: 'page.view', page: '/' },
];

const WHEN = ['--from', '2026-11-20T10:00', '--to', '2026-11-20T12:00'];

let context: TestContext;
beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 2 });
  // Event time has come to the same moment in both partitions.
  const end = sign(8000, 'end', { type: 'log', message: 'end' });
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
  const env = { ...context.env, ATBD_TZ: 'UTC', COLUMNS: '120' };
  return runAtbd(['query', 'funnel', ...args], { env });
}

async function rowsOf(...args: string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await run(...WHEN, ...args, '--json');
  return (JSON.parse(stdout) as { rows: Record<string, unknown>[] }).rows;
}

describe('atbd query funnel', () => {
  it('explains itself', async () => {
    const { stdout, code } = await runAtbd(['query', 'funnel', '--help'], {
      env: { COLUMNS: '100' },
    });
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(0);
  });

  it('tells how far sessions come', async () => {
    expect(await run(...WHEN)).toMatchSnapshot();
  });

  it('tells it of each interval, those without anybody, too', async () => {
    expect(await run(...WHEN, '--every', '30m')).toMatchSnapshot();
  });

  it('leaves out what is too wide for the terminal', async () => {
    const env = { ...context.env, ATBD_TZ: 'UTC', COLUMNS: '80' };
    const ran = await runAtbd(['query', 'funnel', ...WHEN, '--every', '1h'], { env });
    expect(ran).toMatchSnapshot();
  });

  it('splits by the event of the first step', async () => {
    expect(await run(...WHEN, '--by', 'page')).toMatchSnapshot();
  });

  it('asks conditions of the event of the first step, so that they are the rows of a split', async () => {
    const split = await rowsOf('--by', 'page');
    const sale = split.filter(({ page }) => page === '/sale');
    const asked = await rowsOf('--where', 'page == "/sale"');
    expect(asked.map((row) => ({ page: '/sale', ...row }))).toEqual(sale);
  });

  it.each(['json', 'ndjson', 'csv', 'chart'])('writes %s', async (format) => {
    expect(await run(...WHEN, '-o', format)).toMatchSnapshot();
  });

  it('draws a step over time', async () => {
    expect(await run(...WHEN, '--every', '30m', '-o', 'chart')).toMatchSnapshot();
  });

  it('counts by what journeys say', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'atbd-funnel-'));
    const journeys = join(folder, 'journeys.yaml');
    await writeFile(
      journeys,
      `sessions: { gap: 1h }
funnel:
  within: 35m
  steps:
    - { step: came, where: { type: page.view } }
    - { step: took, where: { type: [order.reserved, order.placed] } }
`,
    );
    try {
      expect(await rowsOf('--journeys', journeys)).toMatchObject([
        { step: 'came', sessions: 6, users: 5 },
        // With pauses of an hour cat has only one session, and comes within 35 minutes.
        { step: 'took', sessions: 5, users: 5, took_p95: 1_800_000 },
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    [['--assert', 'step != "buy" || sessions == 2'], 0],
    [['--assert', 'step != "buy" || share > 0.5'], 1],
    [['--assert', 'provisional'], 0],
    [['--every', '7m'], 2],
    [['--by', 'pgae'], 2],
  ])('%j ends with exit code %i', async (args, code) => {
    expect((await run(...WHEN, ...args)).code).toBe(code);
  });

  it('finds nothing where nothing was', async () => {
    const { stdout, stderr, code } = await run('--from', '2026-11-19', '--to', '2026-11-20');
    expect(stdout).toMatch(/view +0/u);
    expect(stderr).toContain('Nothing found.');
    expect(code).toBe(0);
  });

  // Last: a shard is gone afterwards.
  it('says when a shard did not answer', async () => {
    await context.testStore.stopShard(1);
    const { code, stdout, stderr } = await run(...WHEN, '--json');
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ missingShards: [1] });
    expect(stderr).toContain('shard 1');
  });
});
