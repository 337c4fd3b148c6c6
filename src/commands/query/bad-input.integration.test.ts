import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEvents } from '../../store/testing/write-events.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';

const DAY = ['--from', '2026-11-20', '--to', '2026-11-21'];

/** Each is an ID, a service, a user, a message and a value in attrs of one event; none may reach SQL or a terminal as it is. */
const HOSTILE: readonly [name: string, value: string][] = [
  ['quotes', `o'brien "the" \`id\``],
  ['SQL', `x') OR 1=1; DROP TABLE atbd.events_local --`],
  ['a backslash at the end', String.raw`back\slash\\`],
  ['patterns', '100% _off_ .*?[a-z]+ $HOME {p:String} ${x}'],
  ['emoji and marks', '🛒👩‍👩‍👧 e\u0301 \u202Egnp.exe'],
  ['control characters', 'a\tb\nc\u0007\u001b[31mred\u001b[0m\u009b2J'],
  ['10 kB', 'long-'.repeat(2_048)],
];

/** What would move the cursor, ring, recolour or turn the text around. */
// eslint-disable-next-line no-control-regex -- these are what the test is about
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/u;

let context: TestContext;

beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 2 });
  const events = HOSTILE.map(([, value], index) => ({
    ts: new Date(Date.UTC(2026, 10, 20, 10, index)).toISOString(),
    kind: 'log',
    level: 'info',
    op_id: value,
    user_id: value,
    service: value,
    message: value,
    attrs: { region: value },
  }));
  const { store } = context.testStore;
  await writeEvents(store, events.slice(0, 4), { topic: 'events', shard: 0 });
  await writeEvents(store, events.slice(4), { topic: 'events', shard: 1, partition: 1 });
});

afterAll(async () => {
  await context[Symbol.asyncDispose]();
});

function query(...args: string[]): Promise<Ran> {
  return runAtbd(['query', ...args, '--tz', 'UTC'], { env: context.env });
}

describe.each(HOSTILE)('a value with %s', (_name, value) => {
  it('is found as it is, and nothing else is', async () => {
    const { stdout, stderr, code } = await query('trace', value, '--json');
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const { events } = JSON.parse(stdout) as { events: Record<string, unknown>[] };
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ op_id: value, service: value, message: value });
  });

  it.each<[string, (value: string) => string[]]>([
    ['--service', (text) => ['--service', text]],
    ['--user', (text) => ['--user', text]],
    ['-f key=value', (text) => ['-f', `region=${text}`]],
    ['--where', (text) => ['--where', `attrs.region == ${JSON.stringify(text)}`]],
  ])('selects its event by %s', async (_flag, args) => {
    const { stdout, stderr, code } = await query('logs', '--json', ...args(value), ...DAY);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const { events } = JSON.parse(stdout) as { events: { op_id: string }[] };
    expect(events.map((event) => event.op_id)).toEqual([value]);
  });

  it('splits figures', async () => {
    const args = ['values', 'service', '--service', value, '--json', ...DAY];
    const { stdout, stderr, code } = await query(...args);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ rows: [{ value, events: 1 }] });
  });

  it('never reaches a terminal raw', async () => {
    const shown = [
      await query('trace', value),
      await query('logs', '--service', value, ...DAY),
      await query('services', '--service', value, ...DAY),
    ];
    for (const { stdout, stderr, code } of shown) {
      expect(code).toBe(0);
      expect(stdout).not.toMatch(RAW);
      expect(stderr).not.toMatch(RAW);
    }
  });

  it('that is not there is said not to be there, shortened and readable', async () => {
    const { stdout, stderr, code } = await query('trace', `no ${value}`);
    expect({ stdout, code }).toEqual({ stdout: '', code: 4 });
    expect(stderr).not.toMatch(RAW);
    expect(stderr.length).toBeLessThan(1_000);
  });
});

describe.each([
  ['logs'],
  ['transactions'],
  ['page-views'],
  ['latency'],
  ['users'],
  ['funnel'],
  ['retries'],
  ['resources'],
  ['anomalies'],
  ['services'],
  ['fields'],
])('query %s', (command) => {
  it.each<[string, string[], string]>([
    ['an unknown unit', ['--since', '5 fortnights'], 'cannot read --since "5 fortnights"'],
    ['a range backwards', ['--from', '2026-11-21', '--to', '2026-11-20'], 'cannot'],
    [
      'a local time that comes twice',
      ['--from', '2026-10-25T02:30', '--tz', 'Europe/Berlin'],
      '02:30',
    ],
    [
      'a local time that is skipped',
      ['--from', '2026-03-29T02:30', '--tz', 'Europe/Berlin'],
      '02:30',
    ],
    ['a year beyond the store', ['--from', '9999-01-01'], '9999-01-01'],
    [
      'a regular expression with a back-reference',
      ['-f', String.raw`message~=(a)\1`],
      'expression',
    ],
    ['a regular expression that looks ahead', ['-f', 'message~=a(?=b)'], 'expression'],
    ['an unknown field', ['--where', 'servise == "x"'], 'unknown name servise'],
    ['no condition', ['--where', 'service ='], '--where'],
  ])('refuses %s, and says what to do', async (_what, args, text) => {
    // Without a store: it is refused before anything is asked.
    const { stdout, stderr, code } = await runAtbd(['query', command, '--json', ...args], {
      env: { ...context.env, ATBD_TZ: 'UTC' },
    });
    expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
    const { error } = JSON.parse(stderr) as { error: Record<string, string> };
    expect(error['code']).toBe('USAGE_INVALID');
    expect(error['message']).toContain(text);
    expect(error['hint']).not.toBe('');
    expect(`${error['message'] ?? ''} ${error['hint'] ?? ''}`).not.toMatch(/SELECT|DB::|Code:/u);
  });
});
