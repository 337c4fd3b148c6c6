import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEvents } from '../../store/testing/write-events.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';

const START_MS = Date.UTC(2026, 10, 20, 10);
const MINUTE_MS = 60_000;
const GIB = 1024 ** 3;

let context: TestContext;

function at(minute: number, second = 0): string {
  return new Date(START_MS + minute * MINUTE_MS + second * 1000).toISOString();
}

/** Users and load of each five minutes on two nodes; in the ninth, n1 is busy with something else. */
function eventsOf(node: string): Record<string, unknown>[] {
  const events: Record<string, unknown>[] = [];
  for (let interval = 0; interval < 12; interval += 1) {
    const minute = 5 * interval;
    const users = 4 + interval;
    for (let user = 0; user < users; user += 1) {
      const who = { node, service: 'catalog', user_id: `u${user}`, operation: 'view' };
      events.push({ ...who, ts: at(minute, user), kind: 'record', type: 'page.view' });
      events.push({ ...who, ts: at(minute, user), kind: 'span', type: 'request', duration_ms: 5 });
    }
    const isBusy = node === 'n1' && interval === 8;
    const cpu = isBusy ? 0.95 : 0.1 + 0.02 * users;
    for (const [second, shift] of [
      [30, -0.01],
      [150, 0.01],
    ] as const)
      events.push(...loadOf(node, { ts: at(minute, second), cpu: cpu + shift, memory: GIB }));
  }
  // The last one in each partition, so that the watermark is the same whichever is idle.
  events.push({ node, service: 'catalog', ts: at(61), kind: 'log', message: 'done' });
  return events;
}

/** What a machine says of itself, and what its two containers say, which is less. */
function loadOf(
  node: string,
  { ts, cpu, memory }: { readonly ts: string; readonly cpu: number; readonly memory: number },
): Record<string, unknown>[] {
  const metric = (name: string, value: number, unit: string, more: object) => ({
    ...{ ts, node, kind: 'metric', type: 'metric', metric: name, value, unit },
    ...more,
  });
  const machine = { service: 'node-exporter', host: `host-${node}` };
  const containers = ['a', 'b'].map((name) => ({
    service: 'catalog',
    pod: `catalog-${node}-${name}`,
    container: 'catalog',
  }));
  return [
    metric('system.cpu.utilization', cpu, '1', machine),
    metric('system.memory.usage', memory, 'By', machine),
    ...containers.flatMap((container, index) => [
      metric('container.cpu.utilization', 0.2 + 0.2 * index, '1', container),
      metric('container.memory.usage', (1 + index) * 1024 ** 2, 'By', container),
    ]),
  ];
}

beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 2 });
  for (const [shard, node] of ['n1', 'n2'].entries())
    await writeEvents(context.testStore.store, eventsOf(node), {
      topic: 'events',
      partition: shard,
      shard,
    });
});

afterAll(async () => {
  await context[Symbol.asyncDispose]();
});

const HOUR = ['--from', '2026-11-20T10:00:00Z', '--to', '2026-11-20T11:00:00Z', '--tz', 'UTC'];

function resources(...args: string[]): Promise<Ran> {
  return runAtbd(['query', 'resources', ...HOUR, ...args], { env: context.env });
}

interface ResourcesJson {
  readonly rows: readonly Record<string, unknown>[];
  readonly [name: string]: unknown;
}

async function resourcesJson(...args: string[]): Promise<ResourcesJson> {
  const { stdout, stderr, code } = await resources('--json', ...args);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return JSON.parse(stdout) as ResourcesJson;
}

describe('atbd query resources', () => {
  it('explains itself', async () => {
    const { stdout, code } = await runAtbd(['query', 'resources', '--help'], {
      env: { COLUMNS: '100' },
    });
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(0);
  });

  it('shows nodes each five minutes, and where load grew without users', async () => {
    const { stdout, stderr, code } = await resources('--node', 'n1');
    expect(stdout).toMatchInlineSnapshot(`
      "correlation: 0.541   suspicious_count: 1

      time              node     cpu  cpu_max  memory  memory_max  users  requests  users_per_core  cpu_expected  memory_expected  suspicious  provisional
      2026-11-20 10:00  n1    18.0 %   19.0 %   1 GiB       1 GiB      4         4            22.2        18.0 %            1 GiB  no          no
      2026-11-20 10:05  n1    20.0 %   21.0 %   1 GiB       1 GiB      5         5              25        20.0 %            1 GiB  no          no
      2026-11-20 10:10  n1    22.0 %   23.0 %   1 GiB       1 GiB      6         6            27.3        22.0 %            1 GiB  no          no
      2026-11-20 10:15  n1    24.0 %   25.0 %   1 GiB       1 GiB      7         7            29.2        24.0 %            1 GiB  no          no
      2026-11-20 10:20  n1    26.0 %   27.0 %   1 GiB       1 GiB      8         8            30.8        26.0 %            1 GiB  no          no
      2026-11-20 10:25  n1    28.0 %   29.0 %   1 GiB       1 GiB      9         9            32.1        28.0 %            1 GiB  no          no
      2026-11-20 10:30  n1    30.0 %   31.0 %   1 GiB       1 GiB     10        10            33.3        30.0 %            1 GiB  no          no
      2026-11-20 10:35  n1    32.0 %   33.0 %   1 GiB       1 GiB     11        11            34.4        32.0 %            1 GiB  no          no
      2026-11-20 10:40  n1    95.0 %   96.0 %   1 GiB       1 GiB     12        12            12.6        34.0 %            1 GiB  yes         no
      2026-11-20 10:45  n1    36.0 %   37.0 %   1 GiB       1 GiB     13        13            36.1        36.0 %            1 GiB  no          no
      2026-11-20 10:50  n1    38.0 %   39.0 %   1 GiB       1 GiB     14        14            36.8        38.0 %            1 GiB  no          no
      2026-11-20 10:55  n1    40.0 %   41.0 %   1 GiB       1 GiB     15        15            37.5        40.0 %            1 GiB  no          yes
      "
    `);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  it('has every figure in JSON', async () => {
    const { rows, ...head } = await resourcesJson();
    expect(rows).toHaveLength(24);
    expect(rows[1]).toMatchInlineSnapshot(`
      {
        "cpu": 0.18,
        "cpu_expected": 0.18,
        "cpu_max": 0.19,
        "memory": 1073741824,
        "memory_expected": 1073741824,
        "memory_max": 1073741824,
        "node": "n2",
        "provisional": false,
        "requests": 4,
        "suspicious": false,
        "time": "2026-11-20T10:00:00.000Z",
        "users": 4,
        "users_per_core": 22.22222222222222,
      }
    `);
    expect(head).toMatchInlineSnapshot(`
      {
        "correlation": 0.7283687778841498,
        "from": "2026-11-20T10:00:00.000Z",
        "missingShards": [],
        "notes": [],
        "question": "resources",
        "source": "events",
        "suspicious_count": 1,
        "to": "2026-11-20T11:00:00.000Z",
      }
    `);
  });

  it.each([
    ['host', 'host-n1', { cpu: 0.23, memory: GIB }],
    ['pod', 'catalog-n1-b', { cpu: 0.4, memory: 2 * 1024 ** 2 }],
    ['service', 'catalog', { cpu: 0.3, memory: 6 * 1024 ** 2 }],
    ['container', 'catalog', { cpu: 0.3, memory: 6 * 1024 ** 2 }],
  ])('counts nothing twice by %s', async (by, name, load) => {
    const { rows } = await resourcesJson('--by', by, '--every', '30m');
    const [row] = rows.filter((each) => each[by] === name);
    expect(row).toMatchObject(load);
  });

  it('divides by cores that are wholly busy', async () => {
    const [one] = (await resourcesJson('--cores', '8')).rows;
    expect(one).toMatchObject({ users: 4, cpu: 0.18, users_per_core: 4 / (0.18 * 8) });
  });

  it('writes CSV, and draws a line for each node', async () => {
    const csv = await resources('-o', 'csv', '--every', '30m', '--node', 'n2');
    expect(csv.stdout).toMatchInlineSnapshot(`
      "time,node,cpu,cpu_max,memory,memory_max,users,requests,users_per_core,cpu_expected,memory_expected,suspicious,provisional
      2026-11-20T10:00:00.000Z,n2,0.23,0.29000000000000004,1073741824,1073741824,9,39,39.130434782608695,,,,false
      2026-11-20T10:30:00.000Z,n2,0.35,0.41000000000000003,1073741824,1073741824,15,75,42.85714285714286,,,,true
      "
    `);
    const chart = await resources('-o', 'chart');
    expect(chart.stdout).toMatchInlineSnapshot(`
      "cpu    max 2026-11-20 10:00                                                                                                                                                    2026-11-20 10:55
      n1  95.0 % ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃███████████████▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃
      n2  40.0 % ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇██████████████████████████████
      "
    `);
  });

  it.each([
    [['--assert', 'correlation > 0.5 && suspicious_count == 1'], 0],
    [['--assert', '!suspicious'], 1],
    [['--node', 'n2', '--assert', '!suspicious'], 0],
  ])('judges %j with exit code %i', async (args, code) => {
    expect((await resources(...args)).code).toBe(code);
  });

  it.each([[['--by', 'operation']], [['--every', '7m']], [['--cores', '0']]])(
    'refuses %j with exit code 2',
    async (args) => {
      expect((await resources(...args)).code).toBe(2);
    },
  );

  it('says what is missing where nothing reports', async () => {
    const { stdout, stderr, code } = await resources('--node', 'n9');
    expect({ stdout, code }).toEqual({ stdout: '', code: 0 });
    expect(stderr).toContain('No system.* metric of that time names a node.');
  });

  // Last: a shard is gone afterwards.
  it('answers in part without one of the shards: said on stderr and in JSON, exit code 3', async () => {
    await context.testStore.stopShard(1);
    const { stdout, stderr, code } = await resources('--json');
    const { rows, missingShards } = JSON.parse(stdout) as ResourcesJson;
    expect(rows).toHaveLength(12);
    expect(missingShards).toEqual([1]);
    expect(stderr).toContain('Warning: shard 1 of 2 did not answer');
    expect(code).toBe(3);
  });
});
