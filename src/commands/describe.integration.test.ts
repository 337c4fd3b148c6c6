import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ERRORS } from '../engine/model/error.js';
import { openQueue } from '../engine/queue/open-queue.js';
import type { Description } from './_cli/describe/output/describe-output.js';
import { LINE_OUTPUTS, OUTPUTS } from './_cli/describe/outputs.js';
import { TestStack } from './_cli/testing/test-stack.js';
import type { GroupsAnswer } from './dlq/_dlq/groups-answer.js';

/** What the built CLI has, as oclif wrote it down. */
const MANIFEST = JSON.parse(
  readFileSync(new URL('../../oclif.manifest.json', import.meta.url), 'utf8'),
) as { commands: Record<string, { enableJsonFlag?: boolean; hidden?: boolean }> };

/** A story of a few hundred events on one shard. */
const STORY = {
  title: 'A short story',
  stack: { shards: 1 },
  load: { duration: '5m', eventsPerSecond: 3 },
  expect: [{ kind: 'ingest' }],
};

let stack: TestStack;
let orderId: string;
let letterPlace: string;
beforeAll(async () => {
  stack = await TestStack.make();
  await writeFile(path('story.yaml'), stringify(STORY));
}, 300_000);
afterAll(() => stack[Symbol.asyncDispose]());

function path(name: string): string {
  return join(stack.home, '..', name);
}

/** Every command with `--json`, in an order in which they can be asked on one stack. */
const CALLS: Readonly<Record<string, () => readonly string[]>> = {
  up: () => ['--local', '--shards', '1'],
  migrate: () => [],
  status: () => [],
  'context:ls': () => [],
  'context:set': () => ['spare', '--set', 'queue.kind=local', '--set', 'store.kind=local'],
  'context:show': () => ['spare'],
  'context:use': () => ['spare'],
  'gen:events': () => ['--from', '-30m', '--to', '-10m', '--rate', '20', '--users', '200'],
  'gen:logs': () => ['--count', '10', '--output', path('lines.log')],
  ingest: () => [path('lines.log')],
  'gen:requests': () => ['--duration', '1s', '--events', '20', '--selects', '5'],
  verify: () => [],
  'dlq:ls': () => [],
  'dlq:show': () => [letterPlace],
  'dlq:replay': () => ['--set', 'message=@raw', '--dry-run'],
  'dlq:drop': () => ['--topic', 'nobody', '--yes'],
  'query:logs': () => ['--limit', '3', '--save', 'errors'],
  'query:trace:find': () => ['type == "order.paid"', '--limit', '3'],
  'query:trace': () => [orderId, '--around', '1m'],
  'query:anomalies': () => ['--since', '1h'],
  'query:fields': () => [],
  'query:funnel': () => [],
  'query:latency': () => ['--every', '15m'],
  'query:page-views': () => ['--every', '15m'],
  'query:resources': () => [],
  'query:retries': () => [],
  'query:services': () => [],
  'query:transactions': () => ['--every', '15m', '--by', 'provider'],
  'query:users': () => ['--every', '15m'],
  'query:values': () => ['service'],
  'query:saved:ls': () => [],
  'query:saved:rm': () => ['errors'],
  sql: () => ['-q', 'SELECT 1 AS n, now() AS at'],
  'journeys:show': () => [],
  'journeys:validate': () => [path('journeys.yaml')],
  'scenario:ls': () => [],
  'scenario:validate': () => ['quiet-day'],
  'scenario:run': () => [path('story.yaml')],
  'scenario:report': () => [path('answer.json')],
  tail: () => ['--since', '1h', '--limit', '5'],
  describe: () => [],
  down: () => [],
};

/** What a later call needs of an answer. */
const KEEP: Readonly<Record<string, (stdout: string) => Promise<void>>> = {
  'journeys:show': (stdout) => writeFile(path('journeys.yaml'), stdout),
  'scenario:run': (stdout) => writeFile(path('answer.json'), stdout),
  'gen:requests': () => sendDeadLetter(),
  'dlq:ls': async (stdout) => {
    const { groups } = JSON.parse(stdout) as GroupsAnswer;
    letterPlace = groups[0]!.newest.position;
    await Promise.resolve();
  },
  'query:trace:find': async (stdout) => {
    const { actions } = JSON.parse(stdout) as { actions: { orderId: string }[] };
    orderId = actions[0]!.orderId;
    await Promise.resolve();
  },
};

/** A record that is no event, and waits until it is stored. */
async function sendDeadLetter(): Promise<void> {
  await using queue = await openQueue({
    kind: 'embedded',
    path: join(stack.home, 'data', 'queue'),
  });
  await using producer = await queue.createProducer();
  await producer.send('events', [{ key: 'k', value: '{"service":"cart",}' }]);
  for (;;) {
    const { stdout } = await stack.atbd('dlq', 'ls', '--json');
    if ((JSON.parse(stdout) as GroupsAnswer).waiting > 0) return;
  }
}

describe('the JSON of every command', () => {
  it('has a published schema, and a call here that is held against it', () => {
    const withJson = Object.entries(MANIFEST.commands)
      .filter(([, { enableJsonFlag, hidden }]) => enableJsonFlag === true && hidden !== true)
      .map(([id]) => id);
    expect(Object.keys(OUTPUTS).toSorted()).toEqual(withJson.toSorted());
    const all = Object.keys({ ...OUTPUTS, ...LINE_OUTPUTS });
    expect(Object.keys(CALLS).toSorted()).toEqual(all.toSorted());
  });

  // In their order, on one stack. `runAtbd` compares what is printed with the schema.
  it.each(Object.keys(CALLS))('of %s is as its schema says', async (id) => {
    const args = [...id.split(':'), ...CALLS[id]!(), '--json'];
    const { code, stdout, stderr } = await stack.atbd(...args);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).not.toBe('');
    await KEEP[id]?.(stdout);
  });
});

describe('atbd describe', () => {
  async function described(...args: readonly string[]): Promise<Description> {
    const { stdout } = await stack.atbd('describe', ...args, '--json');
    return JSON.parse(stdout) as Description;
  }

  it('tells a program of every command and of every failure', async () => {
    const { commands, errors } = await described();
    const shown = Object.entries(MANIFEST.commands).filter(([, { hidden }]) => hidden !== true);
    expect(commands.map(({ command }) => command)).toEqual(
      shown.map(([id]) => id.replaceAll(':', ' ')).toSorted(),
    );
    expect(errors.map(({ code }) => code)).toEqual(Object.keys(ERRORS));
    const names = commands.flatMap(({ flags }) => flags);
    expect(names.every(({ summary }) => summary !== '')).toBe(true);
  });

  it('tells of one command, or of those below it', async () => {
    const { commands } = await described('query', 'users');
    expect(commands).toHaveLength(1);
    const [users] = commands;
    expect(users).toMatchObject({ command: 'query users', output: 'document' });
    expect(users?.examples[0]).toBe('atbd query users');
    expect(users?.flags.find(({ name }) => name === 'every')).toMatchObject({
      type: 'option',
      value: 'TIME',
      required: false,
    });
    const below = (await described('context')).commands.map(({ command }) => command);
    expect(below).toEqual(['context ls', 'context set', 'context show', 'context use']);
  });

  it('shows a person the members of an answer', async () => {
    const { stdout } = await stack.atbd('describe', 'query', 'users');
    expect(stdout).toMatch(/^query users {2}Show how many users/u);
    expect(stdout).toMatch(/^rows\[\]\.buying +integer or null +Most users who buy at the/mu);
  });

  it('knows no command that there is not', async () => {
    const { code, stderr } = await stack.atbd('describe', 'query', 'nobody');
    expect(code).toBe(2);
    expect(stderr).toContain('no such command: "query nobody"');
  });
});
