import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RETRIED_PURCHASE } from '../../engine/testing/stored-events.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import type { TestContext } from '../_cli/testing/test-context.js';
import { PURCHASE_MS, startPurchaseContext } from './_question/testing/purchase-context.js';

const AWAY = 'Warning: shard 1 of 2 did not answer; what is shown is not all. See: atbd status\n';

let context: TestContext;
beforeAll(async () => {
  context = await startPurchaseContext();
});
afterAll(() => context[Symbol.asyncDispose]());

function run(...args: string[]): Promise<Ran> {
  return runAtbd(['query', ...args, '--tz', 'UTC'], { env: context.env });
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
  it.each([['trace']])('%s explains itself', async (name) => {
    const { stdout, code } = await runAtbd(['query', name, '--help'], { env: { COLUMNS: '100' } });
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(0);
  });
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
    const clock = (at: number): string => new Date(PURCHASE_MS + at).toISOString().slice(11, 23);
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

// Last: a shard is gone afterwards.
describe('without one of the shards', () => {
  beforeAll(() => context.testStore.stopShard(1));

  it('the answer is partial: said on stderr and in JSON, exit code 3', async () => {
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

  it('so is what else happened around an action', async () => {
    const { code, stdout, stderr } = await run('trace', 'story-1', '--around', '61m', '--json');
    const answer = JSON.parse(stdout) as TraceAnswer & { readonly around: object };
    expect(answer.events).toHaveLength(2);
    // The second action, an hour later, lies on the shard that is away.
    expect(answer.around).toMatchObject({ places: [] });
    expect(answer.trace).toMatchObject({ missingShards: [1] });
    expect(stderr).toBe(AWAY);
    expect(code).toBe(3);
  });

  it('so is what find finds, and what it sums up', async () => {
    const find = [
      'trace',
      'find',
      'service == "payment"',
      '--from',
      '2026-11-17',
      '--to',
      '2026-11-19',
    ];
    const { code, stdout, stderr } = await run(...find, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      actionCount: 1,
      missingShards: [1],
      actions: [{ opId: 'story-1' }],
    });
    expect(stderr).toBe(AWAY);
    expect(code).toBe(3);
    const nothing = await run('trace', 'find', 'op_id == "retry-1"', '--from', '2026-11-17');
    expect(nothing.stderr).toBe(`Nothing found.\n${AWAY}`);
    expect(nothing.code).toBe(3);
  });

  it.each([
    ['trace', 'buy-1'],
    ['trace', 'story-1', '--around', '61m'],
    ['trace', 'find', 'service == "payment"', '--from', '2026-11-17'],
  ])('there is none with --require-all: %s %s %s ends with exit code 6', async (...args) => {
    const { code, stdout, stderr } = await run(...args, '--require-all');
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toMatch(/^Error: cannot ask [\w-]+: shard 1 does not answer\n/);
  });
});
