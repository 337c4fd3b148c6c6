import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAtbd } from '../_cli/testing/run-atbd.js';
import { TestStack } from '../_cli/testing/test-stack.js';
import type { LoadReport } from './_requests/load-report.js';

const BIN = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

describe('atbd gen requests without a stack', () => {
  it('explains itself', async () => {
    const { stdout, code } = await runAtbd(['gen', 'requests', '--help'], {
      env: { COLUMNS: '100' },
    });
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(0);
  });

  it.each([
    [['--stage', 'soon'], 'cannot read --stage "soon": it has no duration'],
    [
      ['--stage', '5s:events=1', '--events', '3'],
      'cannot use --events with --stage: the stages say it',
    ],
    [['--events', '0', '--selects', '0'], 'cannot make this run: it has no request'],
    [['--mix', 'trace'], 'cannot read --mix "trace"'],
    [
      ['--assert', 'trace.p99 < 200', '--assert', 'trace.p95 < 200'],
      'unknown name trace.p95 at character 7',
    ],
  ])('refuses %j before it opens anything', async (args, message) => {
    const { code, stdout, stderr } = await runAtbd(['gen', 'requests', ...args], {
      env: { ATBD_HOME: '/nowhere' },
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('atbd gen requests on a local stack', () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await TestStack.make();
    await stack.up('--shards', '2');
  });

  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
  });

  it('measures every request it planned, and finds every probe', async () => {
    const load = ['--stage', '1s:events=0-500,selects=10', '--stage', '2s', '--probes', '5'];
    const asserts = ['--assert', 'freshness.p99 < 60000', '--assert', 'freshness.count == 15'];
    const { code, stdout } = await stack.atbd('gen', 'requests', ...load, ...asserts, '--json');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as LoadReport;
    const answered = { failed: 0, unfinished: 0 };
    expect(report).toMatchObject({
      isComplete: true,
      events: { planned: 1_250, done: 1_250, ...answered },
      selects: { planned: 30, done: 30, ...answered },
      probes: { planned: 15, done: 15, ...answered },
      produce: { count: 1_250, errors: 0 },
      freshness: { count: 15, errors: 0, unfinished: 0 },
      asserts: [{ isTrue: true }, { isTrue: true, seen: { 'freshness.count': 15 } }],
    });
    const { trace, logs, tail, figures } = report;
    expect(trace.count + logs.count + tail.count + figures.count).toBe(30);
    expect(await stack.storedCount('atbd-load')).toBe(15);
  });

  it('exits 1 when an assertion is false, and names it with what it saw', async () => {
    const load = ['--events', '100', '--selects', '5', '--duration', '1s', '--probes', '0'];
    const asserts = [
      '--assert',
      'events.done == 100',
      '--assert',
      'produce.count > 100',
      '--assert',
      'freshness.p99 < 9',
    ];
    const { code, stdout, stderr } = await stack.atbd('gen', 'requests', ...load, ...asserts);
    expect(code).toBe(1);
    expect(stdout).toContain('assert events.done == 100: true (seen: events.done = 100)');
    expect(stderr).toContain(
      'cannot confirm 2 of 3 assertions: assert produce.count > 100: FALSE (seen: produce.count = 100); ' +
        'assert freshness.p99 < 9: FALSE (seen: freshness.p99 = not measured)',
    );
    expect(stderr).not.toContain('events.done');
    expect(stderr).toContain('ASSERTION_FAILED');
  });

  it('ends at Ctrl-C and prints what was measured until then', async () => {
    const args = [
      '--events',
      '200',
      '--selects',
      '5',
      '--duration',
      '1h',
      '--assert',
      'trace.p99 < 1',
    ];
    const child = spawn(process.execPath, [BIN, 'gen', 'requests', ...args], {
      env: { ...process.env, ...stack.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    // Its first plain line of progress: it is under way.
    await once(child.stderr, 'data');
    child.kill('SIGINT');
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(130);
    expect(stdout).toMatch(/^events +200(\.0)? /m);
    expect(stdout).toMatch(/^freshness .* ms/m);
    expect(stdout).toContain('assert trace.p99 < 1: not judged');
  });

  it('fails at once where there is no store', async () => {
    await stack.atbd('down');
    const { code, stderr } = await stack.atbd('gen', 'requests', '--duration', '1s');
    expect(code).toBe(6);
    expect(stderr).toContain('CLICKHOUSE_UNREACHABLE');
  });
});
