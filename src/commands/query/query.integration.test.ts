import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RETRIED_PURCHASE } from '../../engine/testing/stored-events.js';
import { startTestStore, type TestStore } from '../../store/testing/test-store.js';
import { writeEvents } from '../../store/testing/write-events.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';

const START_MS = Date.UTC(2026, 10, 20, 10);
const SLOW_DAY_MS = Date.UTC(2026, 10, 19, 10);
const PASSWORD_ENV = 'ATBD_TEST_STORE_PASSWORD';

/** One call, made three times, on a day of its own. */
const RETRIES = ['failed', 'failed', 'ok'].map((status, index) => ({
  ts: new Date(Date.UTC(2026, 10, 18, 10, 0, 0, 110 * index)).toISOString(),
  kind: 'span',
  type: 'request',
  op_id: 'retry-1',
  span_id: `try-${index}`,
  service: 'payment',
  operation: 'buy',
  provider: 'acme',
  order_id: 'o-1',
  status,
  duration_ms: 10,
}));

/** An order that is paid an hour later under another op_id; its session has the name of a user, too. */
const STORY = ['failed', 'ok'].flatMap((status, index) => {
  const at = (ms: number): string =>
    new Date(Date.UTC(2026, 10, 17, 10 + index) + ms).toISOString();
  const facts = {
    op_id: `story-${index + 1}`,
    service: 'payment',
    operation: 'buy',
    order_id: 'o-story',
    user_id: 'u-story',
    status,
    ...(index === 1 ? { session_id: 's-story' } : {}),
  };
  const span_id = `story-span-${index}`;
  const attempt = { kind: 'record', type: 'payment.attempt', provider: 'acme', attempt: index + 1 };
  return [
    { ...facts, ts: at(0), kind: 'span', type: 'request', span_id, duration_ms: 200 },
    { ...facts, ts: at(150), span_id, ...attempt, amount: '9.99', currency: 'EUR' },
  ];
});

let testStore: TestStore;
let home: string;

beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 2 });
  home = await mkdtemp(join(tmpdir(), 'atbd-query-'));
  const { connection, reader } = testStore;
  const config = {
    current: 'test',
    contexts: {
      test: {
        queue: { kind: 'embedded', path: 'queue' },
        store: {
          kind: 'clickhouse',
          shards: connection.shards.map(({ url }) => url),
          username: connection.username,
          passwordEnv: PASSWORD_ENV,
          reader: { username: reader.username, passwordEnv: PASSWORD_ENV },
        },
      },
    },
  };
  // JSON is YAML, too.
  await writeFile(join(home, 'config.yaml'), JSON.stringify(config));
  const events = RETRIED_PURCHASE.map(({ at, ...event }) => ({
    ts: new Date(START_MS + at).toISOString(),
    op_id: 'buy-1',
    ...event,
  }));
  await writeEvents(testStore.store, events.slice(0, 8), { topic: 'events', shard: 0 });
  await writeEvents(testStore.store, events.slice(8), { topic: 'events', shard: 1, partition: 1 });
  await writeEvents(testStore.store, RETRIES, { topic: 'retries', shard: 1 });
  await writeEvents(testStore.store, STORY.slice(0, 2), { topic: 'story', shard: 0 });
  await writeEvents(testStore.store, STORY.slice(2), { topic: 'story', shard: 1, partition: 1 });
  const other = { ts: '2026-11-16T10:00:00Z', service: 'shop', op_id: 'other', user_id: 's-story' };
  await writeEvents(testStore.store, [other], { topic: 'other', shard: 0 });
});

afterAll(async () => {
  await testStore[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

function run(...args: string[]): Promise<Ran> {
  return runAtbd(['query', ...args, '--tz', 'UTC'], {
    env: {
      ATBD_CONFIG: join(home, 'config.yaml'),
      ATBD_HOME: home,
      [PASSWORD_ENV]: testStore.connection.password,
    },
  });
}

interface OrderAnswer {
  readonly order: Record<string, unknown>;
  readonly events: readonly Record<string, unknown>[];
}

interface TraceAnswer {
  readonly trace: Record<string, unknown>;
  readonly events: readonly Record<string, unknown>[];
}

describe('atbd query', () => {
  it.each([['logs'], ['trace'], ['fields'], ['values'], ['services']])(
    '%s explains itself',
    async (name) => {
      const { stdout, code } = await runAtbd(['query', name, '--help'], {
        env: { COLUMNS: '100' },
      });
      expect(stdout).toMatchSnapshot();
      expect(code).toBe(0);
    },
  );
});

describe('atbd query trace', () => {
  it('draws the action, without colour in a pipe', async () => {
    const { stdout, stderr, code } = await run('trace', ' buy-1 ');
    expect({ stdout, stderr, code }).toMatchSnapshot();
  });

  it('gives one JSON document with every event', async () => {
    const { stdout, code } = await run('trace', 'buy-1', '--json');
    const { trace, events } = JSON.parse(stdout) as TraceAnswer;
    expect(trace).toMatchObject({
      id: 'buy-1',
      start: '2026-11-20T10:00:00.000Z',
      durationMs: 5321,
      eventCount: 16,
      isTruncated: false,
      spanCount: 5,
      errorCount: 1,
      failureCount: 2,
      warnCount: 1,
      missingShards: [],
      firstProblem: { file: '/srv/payment/src/provider.js', line: 57 },
    });
    expect(events.map(({ message }) => message)).toEqual(
      RETRIED_PURCHASE.map(({ message }) => message),
    );
    expect(code).toBe(0);
  });

  it('gives each event a line with --flat', async () => {
    const { stdout } = await run('trace', 'buy-1', '--flat');
    const lines = stdout.trimEnd().split('\n').slice(-RETRIED_PURCHASE.length);
    const clock = (at: number): string => new Date(START_MS + at).toISOString().slice(11, 23);
    expect(lines.map((line) => line.slice(0, 12))).toEqual(
      RETRIED_PURCHASE.map(({ at }) => clock(Math.floor(at))),
    );
  });

  it('folds attempts into one line, and unfolds them with --expand', async () => {
    const folded = await run('trace', 'retry-1');
    expect(folded.stdout).toContain('buy acme ×3: failed, failed, ok 230ms');
    expect(folded.stdout).toContain('3 events of retries folded (--expand)');
    const expanded = await run('trace', 'retry-1', '--expand');
    expect(expanded.stdout.match(/buy acme (?:failed|ok) 10ms/gu)).toHaveLength(3);
    expect(expanded.stdout).not.toContain('×3');
  });

  it('says in JSON where the time went, what was tried again, and has every event all the same', async () => {
    const { stdout } = await run('trace', 'retry-1', '--json');
    const { trace, events } = JSON.parse(stdout) as TraceAnswer;
    expect(events).toHaveLength(3);
    // The event as it stands among the others, with the moment at which it was stored.
    expect(trace['firstProblem']).toEqual(events[0]);
    expect({ ...trace, firstProblem: 'see above' }).toMatchSnapshot();
  });

  it('says what else happened around it with --around', async () => {
    const { stdout, stderr, code } = await run('trace', 'story-1', '--around', '61m');
    expect(stdout.slice(stdout.indexOf('around'))).toMatchInlineSnapshot(`
      "around    08:59:00 to 11:01:00, what else happened in these services

      service  container  events  errors  failures  warnings  info  debug
      payment  1 other         2
      "
    `);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const asJson = await run('trace', 'story-1', '--around', '61m', '--json');
    expect((JSON.parse(asJson.stdout) as { around: unknown }).around).toMatchSnapshot();
    const list = await run('trace', 'u-story', '--around', '1m');
    expect(list.stderr).toContain('Note: --around looks around one action; choose one of these\n');
  });

  it('says when it shows only a part', async () => {
    const { stdout, stderr, code } = await run('trace', 'buy-1', '--limit', '3', '--json');
    const { trace, events } = JSON.parse(stdout) as TraceAnswer;
    expect(events).toHaveLength(3);
    expect(trace).toMatchObject({ eventCount: 16, isTruncated: true });
    expect(stderr).toBe('Warning: only the first 3 of 16 events are shown (--limit)\n');
    expect(code).toBe(0);
  });

  it('tells the story of an order over its actions', async () => {
    const { stdout, stderr, code } = await run('trace', 'o-story');
    expect({ stdout, stderr, code }).toMatchSnapshot();
    const asJson = await run('trace', '--order', 'o-story', '--json');
    const { order, events } = JSON.parse(asJson.stdout) as OrderAnswer;
    expect(events.map(({ op_id }) => op_id)).toEqual(['story-1', 'story-1', 'story-2', 'story-2']);
    expect(order).toMatchSnapshot();
  });

  it('lists what a user did, newest first, and in JSON always as a list', async () => {
    const { stdout, stderr, code } = await run('trace', 'u-story', '--limit', '1');
    expect({ stdout, stderr, code }).toMatchSnapshot();
    const asJson = await run('trace', '--user', 'u-story', '--json');
    expect(JSON.parse(asJson.stdout)).toMatchSnapshot();
  });

  it('shows the action itself where a session has one, and says so when an ID has two meanings', async () => {
    const { stdout, stderr, code } = await run('trace', 's-story');
    expect(stdout).toContain('trace     story-2\n');
    expect(stderr).toBe('Note: the same is also a user_id; flags choose\n');
    expect(code).toBe(0);
    const asJson = await run('trace', '--session', 's-story', '--json');
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      by: { field: 'session_id', id: 's-story' },
      actions: [{ opId: 'story-2' }],
      actionCount: 1,
      isTruncated: false,
    });
  });

  it.each([
    [
      'nope',
      4,
      'TRACE_NOT_FOUND',
      'cannot find an event with op_id, order_id, session_id, user_id or span_id "nope" in the hot data',
    ],
    [
      'buy',
      4,
      'TRACE_NOT_FOUND',
      'cannot find an event with op_id, order_id, session_id, user_id or span_id "buy" in the hot data',
    ],
    ['  ', 2, 'USAGE_INVALID', 'cannot look for an empty ID'],
  ])('ends on the ID %j with exit code %d', async (id, exitCode, code, message) => {
    const ran = await run('trace', id, '--json');
    expect(ran.stdout).toBe('');
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code, message, exitCode } });
    expect(ran.code).toBe(exitCode);
  });
});

describe('atbd query logs', () => {
  const from = ['--from', '2026-11-20'];

  it('prints a table, newest first', async () => {
    const { stdout, stderr, code } = await run('logs', '--level', 'info,warn+', ...from);
    expect({ stdout, stderr, code }).toMatchSnapshot();
  });

  it('pages through all with the cursor of each page', async () => {
    const seen: unknown[] = [];
    let after: string[] = [];
    for (;;) {
      const { stdout } = await run('logs', '--limit', '5', '--json', ...from, ...after);
      const page = JSON.parse(stdout) as { events: { message?: string }[]; next: string | null };
      seen.push(...page.events.map(({ message }) => message));
      if (page.next === null) break;
      after = ['--after', page.next];
    }
    expect(seen).toEqual(RETRIED_PURCHASE.map(({ message }) => message).reverse());
  });

  it.each([
    ['ndjson', ['--fields', 'service,line'], '{"service":"payment","line":57}\n'],
    ['csv', ['--fields', 'service,region,line'], 'service,region,line\r\npayment,,57\r\n'],
    ['json', ['--fields', 'line'], '{"events":[\n{"line":57}\n],"next":null,"missingShards":[]}\n'],
    [
      'table',
      ['--fields', 'ts,line'],
      'ts                       line\n2026-11-20 10:00:05.063  57\n',
    ],
    ['raw', [], `${RETRIED_PURCHASE[9]?.message ?? ''}\n`],
  ])('prints %s', async (format, fields, expected) => {
    const { stdout } = await run('logs', 'answer', '-o', format, ...fields, ...from);
    expect(stdout).toBe(expected);
  });

  it('asks conditions in CEL, all of which must hold', async () => {
    const where = (...conditions: string[]) =>
      run('logs', '-o', 'ndjson', '--fields', 'service,line', ...from, ...conditions);
    const payment = ['--where', 'service == "payment" && line in [57, 58]'];
    expect((await where(...payment)).stdout).toBe('{"service":"payment","line":57}\n');
    expect((await where(...payment, '--where', 'level < "trace" || has(amount)')).stdout).toBe('');
    const { stdout } = await where('answer', '--where', 'line != 57');
    expect(stdout).toBe('');
  });

  it('finds nothing with success, and says where it did not look', async () => {
    expect(await run('logs', 'nosuchword', '-f', 'servce=x')).toEqual({
      code: 0,
      stdout: '',
      stderr:
        'Nothing found.\nOnly the last 1h was searched: use --since or --from for more.\n' +
        '"servce" was looked for in attrs; did you mean service?\n',
    });
  });

  it.each([
    [['--level', 'eror'], 'cannot read the level "eror"'],
    [['--since', 'soon'], 'cannot read --since "soon": it is neither a duration nor a time'],
    [['-f', 'x~=('], 'cannot use the expression "("'],
    [
      ['--where', 'level >= "warn"', '--where', 'servce == "x"'],
      'cannot read --where "servce == "x"": unknown name servce at character 1',
    ],
    [['--after', 'x'], 'cannot use the --after cursor: it is not a cursor'],
    [['--tz', 'Mars/Base'], 'cannot find the time zone "Mars/Base"'],
    [['--timeout', '1h'], 'cannot use --timeout "1h": it is not between 1s and 300s'],
    [['--max-scan', 'all'], 'cannot read --max-scan "all"'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const ran = await runAtbd(['query', 'logs', '--json', ...args], {
      env: { ATBD_CONFIG: join(home, 'config.yaml'), [PASSWORD_ENV]: 'x' },
    });
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: 'USAGE_INVALID', message } });
    expect(ran.code).toBe(2);
  });
});

describe('what there is', () => {
  const from = ['--from', '2026-11-20', '--to', '2026-11-21'];

  it('fields: a row for each that has a value', async () => {
    const { stdout, stderr, code } = await run('fields', ...from);
    expect({ stdout, stderr, code }).toMatchSnapshot();
  });

  it('values of a field, as JSON', async () => {
    const { stdout, code } = await run('values', 'service', '--limit', '2', '--json', ...from);
    expect(JSON.parse(stdout)).toEqual({
      question: 'values',
      from: '2026-11-20T00:00:00.000Z',
      to: '2026-11-21T00:00:00.000Z',
      source: 'events',
      notes: ['Only the 2 most frequent of 4 values are shown (--limit).'],
      missingShards: [],
      field: 'service',
      total: 16,
      without: 0,
      distinct: 4,
      rows: [
        { value: 'payment', events: 7, share: 0.4375 },
        { value: 'order', events: 4, share: 0.25 },
      ],
    });
    expect(code).toBe(0);
  });

  it('services, and an assertion about each', async () => {
    const args = ['services', '--assert', 'error_share < 0.1', '--json', ...from];
    const { stdout, stderr, code } = await run(...args);
    const { rows } = JSON.parse(stdout) as { rows: Record<string, unknown>[] };
    expect(rows).toMatchSnapshot();
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'ASSERTION_FAILED' } });
    expect(code).toBe(1);
  });

  it('a sample says that it is one', async () => {
    const { stdout, stderr } = await run(
      'values',
      'service',
      '--sample',
      '3',
      '-o',
      'csv',
      ...from,
    );
    expect(stdout).toMatch(/^value,events,share\r\n/);
    expect(stdout.trimEnd().split('\r\n').slice(1).reduce(sumOfEvents, 0)).toBe(3);
    expect(stderr).toBe('');
    const table = await run('values', 'service', '--sample', '3', ...from);
    expect(table.stderr).toBe(
      'A sample: only the newest 3 events, since 2026-11-20T10:00:05.299Z.\n',
    );
  });

  it.each([
    [
      ['values', 'servce'],
      'None of 16 events has a value.\n"servce" was looked for in attrs; did you mean service?\n',
    ],
    [
      ['services', '--service', 'paymnt'],
      'Nothing found. Use --since or --from for another time, or fewer conditions.\n' +
        'No event of this time has the service "paymnt"; did you mean "payment"?\n',
    ],
    [['logs', '--host', 'somewhere'], 'Nothing found.\nNo event of this time has a host.\n'],
    [
      ['page-views', '--service', 'Gateway'],
      'Nothing found. Use --since or --from for another time, or fewer conditions.\n' +
        'No event of this time has the service "Gateway"; did you mean "gateway"?\n',
    ],
  ])('%j finds nothing, and says what was likely meant', async (args, hint) => {
    const { stderr, code } = await run(...args, ...from);
    expect(stderr).toBe(hint);
    expect(code).toBe(0);
  });

  it('no values of ts', async () => {
    const { stderr, code } = await run('values', 'ts', ...from);
    expect(stderr).toContain('Error: cannot filter by ts');
    expect(code).toBe(2);
  });
});

function sumOfEvents(sum: number, line: string): number {
  return sum + Number(line.split(',')[1]);
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
      await writeEvents(testStore.store, events, { topic: 'slow', shard, partition: shard });
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
        ATBD_CONFIG: join(home, 'config.yaml'),
        [PASSWORD_ENV]: testStore.connection.password,
        NODE_ENV: 'production',
      },
      stdio: 'ignore',
    });
  }

  async function runningLogQueries(shard: number): Promise<number> {
    const client = await testStore.store.shard(shard);
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
  it('the answer is partial: said on stderr and in JSON, exit code 3', async () => {
    await testStore.stopShard(1);
    const logs = await run('logs', '--json', '--from', '2026-11-20');
    const page = JSON.parse(logs.stdout) as { events: unknown[]; missingShards: number[] };
    expect(page.events).toHaveLength(8);
    expect(page.missingShards).toEqual([1]);
    expect(logs.stderr).toBe(
      'Warning: shard 1 of 2 did not answer; what is shown is not all. See: atbd status\n',
    );
    expect(logs.code).toBe(3);
    const trace = await run('trace', 'buy-1');
    expect(trace.stderr).toContain('Warning: shard 1 of 2 did not answer');
    expect(trace.code).toBe(3);
    const unknown = await run('trace', 'nope');
    expect(unknown.stderr).toContain(
      'cannot say whether there is an event with op_id, order_id, session_id, user_id or span_id "nope": shard 1 did not answer',
    );
    expect(unknown.code).toBe(3);
    const story = await run('trace', 'o-story', '--json');
    expect(JSON.parse(story.stdout)).toMatchObject({
      order: { actionCount: 1, missingShards: [1] },
    });
    expect(story.code).toBe(3);
  });

  it.each([
    ['logs', '--from', '2026-11-20'],
    ['trace', 'buy-1'],
    ['page-views', '--from', '2026-11-20'],
  ])('there is none with --require-all: %s ends with exit code 6', async (...args) => {
    const { code, stdout, stderr } = await run(...args, '--require-all');
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toMatch(/^Error: cannot ask [\w-]+: shard 1 does not answer\n/);
  });
});
