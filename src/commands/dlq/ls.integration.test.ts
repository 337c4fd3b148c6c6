import { readFile, writeFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VALUE_BYTES_MAX } from '../../engine/model/limit.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';
import type { GroupsAnswer } from './_dlq/groups-answer.js';
import type { LetterAnswer } from './_dlq/letter-text.js';
import { fillTopic } from './_dlq/testing/letter-topic.js';

const SENT_MS = Date.UTC(2026, 10, 20, 10);
const MINUTE_MS = 60_000;

/** What is sent to `events`, a minute apart; all but the last become dead letters. */
const VALUES: readonly (string | Buffer | null)[] = [
  'plain text',
  '{"service":"cart","message":"half',
  '{"service":"cart",\n  "amount": 12,50}',
  '[1,2,3]',
  null,
  Buffer.concat([Buffer.from('{"service":"pay","message":"'), Buffer.from([0xff, 0x00, 0x1b])]),
  `{"service":"big","message":"${'x'.repeat(VALUE_BYTES_MAX)}"}`,
  '\u001b]0;owned\u0007\u001b[2J\u202etxt',
  '{"service":"cart","message":"fine"}',
];

let context: TestContext;
beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 2 });
  await fillTopic(
    context,
    'events',
    VALUES.map((value, n) => ({
      key: n === 5 ? Buffer.from([0xfe, 0x00]) : `key-${n}`,
      value,
      timestampMs: SENT_MS + n * MINUTE_MS,
      ...(n === 1 && { headers: { 'content-type': 'text/\u001b[31mplain' } }),
    })),
    { partitionCount: 2 },
  );
  await fillTopic(context, 'other', [{ key: null, value: 'no', timestampMs: SENT_MS }]);
});
afterAll(async () => {
  await context[Symbol.asyncDispose]();
});

function dlq(...args: readonly string[]): Promise<Ran> {
  return runAtbd(['dlq', ...args], { env: { ...context.env, ATBD_TZ: 'UTC' } });
}

async function groups(...args: readonly string[]): Promise<GroupsAnswer> {
  const { stdout, stderr, code } = await dlq('ls', '--json', ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as GroupsAnswer;
}

async function letters(...args: readonly string[]): Promise<LetterAnswer[]> {
  const { stdout, stderr, code } = await dlq('ls', '--each', '--json', ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout) as { letters: LetterAnswer[] }).letters;
}

/** The place of the n-th value of `events`. */
async function placeOf(n: number): Promise<string> {
  const time = new Date(SENT_MS + n * MINUTE_MS).toISOString();
  const all = await letters('--topic', 'events');
  return all.find((letter) => letter.time === time)!.position;
}

describe('atbd dlq ls', () => {
  it('counts letters of all shards by reason and topic', async () => {
    const answer = await groups();
    const counted = answer.groups.map((group) => [group.reason, group.topic, group.waiting]);
    expect(counted.toSorted()).toEqual([
      ['invalid_json', 'events', 5],
      ['invalid_json', 'other', 1],
      ['not_an_object', 'events', 1],
      ['tombstone', 'events', 1],
      ['value_too_large', 'events', 1],
    ]);
    expect(answer).toMatchObject({ waiting: 9, replayed: 0, missingShards: [] });
    const [first] = answer.groups;
    expect(first).toMatchObject({
      reason: 'invalid_json',
      first: '2026-11-20T10:00:00.000Z',
      last: '2026-11-20T10:07:00.000Z',
      newest: { position: await placeOf(7) },
    });
  });

  it.each([
    [['--reason', 'tombstone,not_an_object'], 2],
    [['--topic', 'other'], 1],
    [['--from', '2026-11-20T10:01:00Z', '--to', '2026-11-20T10:03:00Z'], 2],
    [['--where', 'producer == "cart"'], 2],
    [['--where', 'producer == "big" && size == 4096'], 1],
    [['--where', 'key.startsWith("key-") && !(reason in ["invalid_json"])'], 3],
    [['--where', 'size == 0'], 1],
    [['--where', 'topic == "events"', '--where', 'offset < 1 && partition == 0'], 1],
    [['--where', 'has(producer) && double(key) != 1'], 4],
  ])('%j leaves %i', async (flags, count) => {
    expect((await groups(...flags)).waiting).toBe(count);
    expect(await letters(...flags)).toHaveLength(count);
  });

  it('says what a condition can ask of a letter', async () => {
    const { code, stderr } = await dlq('ls', '--where', 'servic == "x"');
    expect(code).toBe(2);
    expect(stderr).toContain('unknown name servic');
    expect(stderr).toContain('There are reason, topic, partition, offset, key, producer, size.');
  });

  it('gives letters page by page, newest first, each once', async () => {
    const times: string[] = [];
    let after: readonly string[] = [];
    for (;;) {
      const ran = await dlq(
        'ls',
        '--each',
        '--json',
        '--limit',
        '4',
        '--topic',
        'events',
        ...after,
      );
      const page = JSON.parse(ran.stdout) as { letters: LetterAnswer[]; next: string | null };
      times.push(...page.letters.map(({ time }) => time.slice(14, 16)));
      if (page.next === null) break;
      after = ['--after', page.next];
    }
    expect(times).toEqual(['07', '06', '05', '04', '03', '02', '01', '00']);
  });

  it('takes no cursor of another question', async () => {
    const { stderr } = await dlq('ls', '--each', '--limit', '1');
    const cursor = /--after (\S+)/u.exec(stderr)![1]!;
    const other = await dlq('ls', '--each', '--reason', 'tombstone', '--after', cursor);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('it belongs to another question');
    expect((await dlq('ls', '--each', '--after', 'nonsense!')).stderr).toContain('not a cursor');
  });

  it.each([['--each'], ['--tz=UTC']])(
    'lets no byte of a letter act on the terminal (%s)',
    async (flag) => {
      const { stdout, code } = await dlq('ls', flag);
      expect(code).toBe(0);
      // eslint-disable-next-line no-control-regex -- that is what must not be there
      expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/u);
      expect(stdout).toContain('␛]0;owned␇␛[2J<U+202E>txt');
    },
  );

  it('says so where there is none', async () => {
    const { code, stdout, stderr } = await dlq('ls', '--topic', 'nobody');
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'No dead letters.\n' });
  });
});

describe('atbd dlq show', () => {
  it('shows where the JSON breaks, with headers from the queue', async () => {
    const { stdout, code } = await dlq('show', await placeOf(2));
    expect(code).toBe(0);
    expect(stdout).toContain(
      [
        'Its JSON breaks at line 2, column 16 (byte 34): expected a name in double quotes',
        '    "amount": 12,50}',
        '                 ^',
      ].join('\n'),
    );
    expect((await dlq('show', await placeOf(1))).stdout).toContain('content-type=text/␛[31mplain');
  });

  it('writes the bytes as they are with --raw, all of them while the queue has them', async () => {
    const binary = JSON.parse((await dlq('show', await placeOf(5), '--json')).stdout) as object;
    expect(binary).toMatchObject({
      key: null,
      keyBase64: '/gA=',
      text: null,
      base64: (VALUES[5] as Buffer).toString('base64'),
      producer: 'pay',
    });
    const big = await dlq('show', await placeOf(6), '--raw');
    expect(big.stdout === VALUES[6]).toBe(true);
    const shown = await dlq('show', await placeOf(6));
    expect(shown.stdout).toContain('977 KiB, of which the first 4.0 KiB are stored');
  });

  it('shows what is no text byte by byte, and a tombstone as having none', async () => {
    const { stdout } = await dlq('show', await placeOf(5));
    expect(stdout).toContain('00000010  2c 22 6d 65 73 73 61 67  65 22 3a 22 ff 00 1b');
    expect(stdout).toContain('|,"message":"...|');
    expect((await dlq('show', await placeOf(4))).stdout).toContain('(no bytes)');
  });

  it.each([['events'], ['events/0'], ['events/x/1'], ['a/b/c/d/e']])(
    'refuses %s',
    async (place) => {
      const { code, stderr } = await dlq('show', place);
      expect(code).toBe(2);
      expect(stderr).toContain('Write TOPIC/PARTITION/OFFSET');
    },
  );

  it('exits 4 where there is none', async () => {
    const { code, stderr } = await dlq('show', 'events/0/99999');
    expect(code).toBe(4);
    expect(stderr).toContain('cannot find a dead letter at "events/0/99999"');
  });
});

describe('the limit of dead letters', () => {
  it('is warned of from half of it on, whatever is asked for', async () => {
    const env = { ...context.env, ATBD_CONFIG: `${context.env['ATBD_CONFIG']}.limited` };
    const config = await readFile(context.env['ATBD_CONFIG']!, 'utf8');
    const withLimit = (limit: string): Promise<void> => {
      const { contexts, ...rest } = parse(config) as { contexts: { test: object } };
      const test = { ...contexts.test, deadLetters: { limit } };
      return writeFile(env.ATBD_CONFIG, stringify({ ...rest, contexts: { test } }), {
        mode: 0o600,
      });
    };
    await withLimit('1 GiB');
    expect((await runAtbd(['dlq', 'ls'], { env })).stderr).toBe('');
    await withLimit('4 KiB');
    const { code, stderr } = await runAtbd(['dlq', 'ls', '--reason', 'tombstone'], { env });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^Warning: Dead letters take .* of their limit of 4\.0 KiB\. See why: atbd dlq ls/u,
    );
    const json = await runAtbd(['dlq', 'ls', '--json'], { env });
    expect(JSON.parse(json.stdout)).toMatchObject({
      space: { limitBytes: 4096, isNearLimit: true },
    });
    await withLimit('lots');
    const refused = await runAtbd(['dlq', 'ls'], { env });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('must be a size with its unit, such as 10 GiB');
  });
});

/** Last, because it takes a shard away. */
describe('without a shard', () => {
  it('answers in part and says so, by exit code 3', async () => {
    await context.testStore.stopShard(1);
    const { code, stdout, stderr } = await dlq('ls', '--json');
    expect(code).toBe(3);
    expect(stderr).toContain('shard 1 of 2 did not answer');
    const answer = JSON.parse(stdout) as GroupsAnswer;
    expect(answer.missingShards).toEqual([1]);
    expect(answer.waiting).toBeGreaterThan(0);
    expect(answer.waiting).toBeLessThan(9);
    const missed = await dlq('show', 'events/0/99999');
    expect(missed.code).toBe(3);
  });
});
