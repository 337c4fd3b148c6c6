import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RETRIED_PURCHASE } from '../../engine/testing/stored-events.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import type { TestContext } from '../_cli/testing/test-context.js';
import { startPurchaseContext } from './_question/testing/purchase-context.js';

let context: TestContext;
beforeAll(async () => {
  context = await startPurchaseContext();
});
afterAll(() => context[Symbol.asyncDispose]());

function run(...args: string[]): Promise<Ran> {
  return runAtbd(['query', ...args, '--tz', 'UTC'], { env: context.env });
}

describe('atbd query', () => {
  it.each([['logs']])('%s explains itself', async (name) => {
    const { stdout, code } = await runAtbd(['query', name, '--help'], { env: { COLUMNS: '100' } });
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(0);
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
      env: { ...context.env, ATBD_TEST_PASSWORD: 'x' },
    });
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: 'USAGE_INVALID', message } });
    expect(ran.code).toBe(2);
  });
});

// Last: a shard is gone afterwards.
describe('without one of the shards', () => {
  beforeAll(() => context.testStore.stopShard(1));

  const from = ['--from', '2026-11-20', '--to', '2026-11-21'];

  /** What the gateway said, of the half that is there. */
  const there = RETRIED_PURCHASE.slice(0, 8).filter(({ service }) => service === 'gateway');

  it('the answer is partial: said on stderr and in JSON, exit code 3', async () => {
    const logs = await run('logs', '--json', ...from);
    const page = JSON.parse(logs.stdout) as { events: unknown[]; missingShards: number[] };
    expect(page.events).toHaveLength(8);
    expect(page.missingShards).toEqual([1]);
    expect(logs.stderr).toBe(
      'Warning: shard 1 of 2 did not answer; what is shown is not all. See: atbd status\n',
    );
    expect(logs.code).toBe(3);
  });

  it.each([
    [['--histogram=1h'], { total: 8 }],
    [['--facets=service'], { total: 8 }],
    [
      ['received', '-C', '9'],
      {
        groups: [
          there.map(({ message }) => ({
            isHit: message === 'request received',
            event: { message },
          })),
        ],
      },
    ],
  ])('so are %j', async (flags, expected) => {
    const { code, stdout, stderr } = await run('logs', '--json', ...flags, ...from);
    expect(JSON.parse(stdout)).toMatchObject({ ...expected, missingShards: [1] });
    expect(stderr).toBe(
      'Warning: shard 1 of 2 did not answer; what is shown is not all. See: atbd status\n',
    );
    expect(code).toBe(3);
  });

  it.each([[[]], [['--histogram=1h']], [['--facets']], [['-C', '1']]])(
    'there is none with --require-all: %j ends with exit code 6',
    async (flags) => {
      const { code, stdout, stderr } = await run('logs', ...flags, ...from, '--require-all');
      expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
      expect(stderr).toMatch(/^Error: cannot ask [\w-]+: shard 1 does not answer\n/);
    },
  );
});
