import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEvents } from '../../store/testing/write-events.js';
import type { Ran } from '../_cli/testing/run-atbd.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';

let context: TestContext;

/** Signs of life on one morning: time, user, session, operation. */
const SIGNS = [
  ['10:00:00', 'ann', 's1', 'view'],
  ['10:04:00', 'ann', 's1', 'buy'],
  ['10:02:00.000000001', 'bob', 's2', 'view'],
  ['10:02:30', '', 's3', 'view'],
  ['10:31:59.999999999', 'bob', 's2', 'view'],
  // Exactly the gap after his last sign: a session of its own.
  ['11:01:59.999999999', 'bob', 's2', 'view'],
  // The last one in each partition, so that the watermark is the same whichever is idle.
  ['11:20:00', 'cat', 's4', 'view'],
  ['11:20:00', 'dan', '', 'reserve'],
] as const;

beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 2 });
  const events = SIGNS.map(([time, user_id, session_id, operation]) => ({
    ts: `2026-11-20T${time}Z`,
    service: operation === 'view' ? 'catalog' : 'order',
    kind: 'record',
    user_id,
    session_id,
    operation,
  }));
  const { store } = context.testStore;
  const parts = [0, 1].map((part) => events.filter((_, index) => index % 2 === part));
  for (const [shard, part] of parts.entries())
    await writeEvents(store, part, { topic: 'events', partition: shard, shard });
});

afterAll(async () => {
  await context[Symbol.asyncDispose]();
});

const MORNING = ['--from', '2026-11-20T10:00:00Z', '--to', '2026-11-20T12:00:00Z', '--tz', 'UTC'];

function users(...args: string[]): Promise<Ran> {
  return runAtbd(['query', 'users', ...MORNING, ...args], { env: context.env });
}

interface UsersJson {
  readonly rows: readonly Record<string, unknown>[];
  readonly [name: string]: unknown;
}

async function usersJson(...args: string[]): Promise<UsersJson> {
  const { stdout, stderr, code } = await users('--json', ...args);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return JSON.parse(stdout) as UsersJson;
}

describe('atbd query users', () => {
  it('explains itself', async () => {
    const { stdout, code } = await runAtbd(['query', 'users', '--help'], {
      env: { COLUMNS: '100' },
    });
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(0);
  });

  it('says in one line how many were there at most, and when', async () => {
    const { rows, ...head } = await usersJson();
    expect(head).toMatchInlineSnapshot(`
      {
        "final_until": "2026-11-20T10:48:00.000Z",
        "from": "2026-11-20T10:00:00.000Z",
        "missingShards": [],
        "notes": [],
        "now": 2,
        "now_at": "2026-11-20T11:20:00.000Z",
        "now_buying": 1,
        "now_provisional": true,
        "now_viewing": 1,
        "peak": 3,
        "peak_at": "2026-11-20T10:02:30.000Z",
        "question": "users",
        "source": "rollups",
        "to": "2026-11-20T12:00:00.000Z",
      }
    `);
    expect(rows).toMatchInlineSnapshot(`
      [
        {
          "buying": 1,
          "buying_at": "2026-11-20T10:00:00.000Z",
          "provisional": true,
          "sessions": 6,
          "total": 3,
          "total_at": "2026-11-20T10:02:30.000Z",
          "users": 5,
          "viewing": 2,
          "viewing_at": "2026-11-20T10:02:30.000Z",
        },
      ]
    `);
  });

  it('tells each interval with --every, those without anybody too', async () => {
    const { stdout, stderr, code } = await users('--every', '30m');
    expect(stdout).toMatchInlineSnapshot(`
      "peak: 3   peak_at: 2026-11-20 10:02:30.000   now: 2   now_viewing: 1   now_buying: 1   now_at: 2026-11-20 11:20   now_provisional: yes   final_until: 2026-11-20 10:48

      time              total  total_at                 viewing  viewing_at               buying  buying_at         users  sessions  provisional
      2026-11-20 10:00      3  2026-11-20 10:02:30.000        2  2026-11-20 10:02:30.000       1  2026-11-20 10:00      3         3  no
      2026-11-20 10:30      1  2026-11-20 10:30               1  2026-11-20 10:30              0  -                     1         1  yes
      2026-11-20 11:00      2  2026-11-20 11:20               1  2026-11-20 11:01:59.999       1  2026-11-20 11:20      3         3  yes
      2026-11-20 11:30      0  -                              0  -                             0  -                     0         0  yes
      "
    `);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  it('takes as signs of life only what the filter lets pass', async () => {
    const { rows } = await usersJson('--service', 'order');
    expect(rows).toMatchObject([{ total: 1, viewing: 0, buying: 1, users: 2, sessions: 2 }]);
  });

  it('writes CSV and one object a line', async () => {
    const csv = await users('-o', 'csv', '--every', '1h');
    expect(csv.stdout).toMatchInlineSnapshot(`
      "time,total,total_at,viewing,viewing_at,buying,buying_at,users,sessions,provisional
      2026-11-20T10:00:00.000Z,3,2026-11-20T10:02:30.000Z,2,2026-11-20T10:02:30.000Z,1,2026-11-20T10:00:00.000Z,3,3,true
      2026-11-20T11:00:00.000Z,2,2026-11-20T11:20:00.000Z,1,2026-11-20T11:01:59.999999999Z,1,2026-11-20T11:20:00.000Z,3,3,true
      "
    `);
    const ndjson = await users('-o', 'ndjson', '--every', '1h');
    const lines = ndjson.stdout.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { total: number }).total)).toEqual([3, 2]);
  });

  it('draws minutes, unless other intervals are asked for', async () => {
    const { stdout } = await users('-o', 'chart');
    expect(stdout).toMatchInlineSnapshot(`
      "total
          3 ┤  █
            ┤  █
            ┤  █
            ┤  █▅▅                                                                           ▅
            ┤  ███                                                                           █
            ┤  ███                                                                           █
            ┤▃▃███▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃                            ▃▃                 █
            ┤█████████████████████████████████                            ██                 █
            ┤█████████████████████████████████                            ██                 █
          0 ┼█████████████████████████████████                            ██                 █
             2026-11-20 10:00                                                                                        2026-11-20 11:59
      "
    `);
    const buying = await users('-o', 'chart', '--measure', 'buying', '--every', '1h');
    expect(buying.stdout.split('\n')[0]).toBe('buying');
  });

  it.each([
    [['--assert', 'total <= 3 && peak == 3'], 0],
    [['--assert', 'buying > 1'], 1],
    [['--every', '1h', '--assert', '!provisional'], 1],
    [['--assert', 'now_provisional'], 0],
  ])('judges %j with exit code %i', async (args, code) => {
    expect((await users(...args)).code).toBe(code);
  });

  it.each([
    [['--every', '7m'], 'cannot use --every "7m"'],
    [['--assert', 'totl > 1'], 'totl'],
    [['-o', 'chart', '--measure', 'sales'], 'cannot draw "sales"'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const ran = await users(...args);
    expect(ran.stderr).toContain(message);
    expect(ran.code).toBe(2);
  });

  it('has no --by: a user is at no place', async () => {
    expect((await users('--by', 'service')).code).toBe(2);
  });

  // Last: a shard is gone afterwards.
  it('answers in part without one of the shards: said on stderr and in JSON, exit code 3', async () => {
    await context.testStore.stopShard(1);
    const { stdout, stderr, code } = await users('--json');
    expect(JSON.parse(stdout)).toMatchObject({ missingShards: [1], rows: [{ users: 3 }] });
    expect(stderr).toContain('Warning: shard 1 of 2 did not answer');
    expect(code).toBe(3);
  });
});
