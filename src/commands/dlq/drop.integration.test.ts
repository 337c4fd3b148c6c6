import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';
import type { VerifyAnswer } from '../_cli/verify/render-report.js';
import type { DropResult } from './drop.js';
import type { GroupsAnswer } from './_dlq/groups-answer.js';
import type { DropAnswer } from './_dlq/render-drops.js';
import { fillTopic } from './_dlq/testing/letter-topic.js';

const SHARD_COUNT = 2;

let context: TestContext;
let topic: string;
let topicCount = 0;

beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: SHARD_COUNT });
});
afterAll(async () => {
  await context[Symbol.asyncDispose]();
});

/** On two partitions, and so on two shards: of ten records six are events, three are text and one is a list. */
async function fill(): Promise<void> {
  topic = `drop-${(topicCount += 1)}`;
  const values = Array.from({ length: 10 }, (_, n) => {
    if (n < 6) return JSON.stringify({ service: 'shop', message: `event ${n}` });
    return n < 9 ? `line ${n}` : '[1]';
  });
  const messages = values.map((value, n) => ({ key: `k-${n}`, value }));
  await fillTopic(context, topic, messages, { partitionCount: 2 });
}

function dlq(...args: readonly string[]): Promise<Ran> {
  return runAtbd(['dlq', ...args], { env: { ...context.env, ATBD_TZ: 'UTC' } });
}

async function waiting(): Promise<number> {
  return (JSON.parse((await dlq('ls', '--topic', topic, '--json')).stdout) as GroupsAnswer).waiting;
}

/** The findings of `verify`, and its exit code. */
async function verify(): Promise<{ readonly code: number | null; readonly kinds: string[] }> {
  const { code, stdout } = await runAtbd(['verify', '--topic', topic, '--json'], {
    env: context.env,
  });
  const { findings } = JSON.parse(stdout) as VerifyAnswer;
  return { code, kinds: findings.map(({ kind, count }) => `${kind} x${count}`) };
}

/** As somebody would by hand, on every shard. */
async function byHand(query: string): Promise<void> {
  for (let shard = 0; shard < SHARD_COUNT; shard += 1) {
    const client = await context.testStore.store.shard(shard);
    await client.command({ query, clickhouse_settings: { mutations_sync: '1' } });
  }
}

async function rowsIn(table: string): Promise<number> {
  const client = await context.testStore.store.shard(0);
  const answer = await client.query({
    query: `SELECT toUInt32(count()) AS n FROM ${table} WHERE topic = {topic:String}`,
    query_params: { topic },
    format: 'JSONEachRow',
  });
  return (await answer.json<{ n: number }>())[0]!.n;
}

describe('atbd dlq drop', () => {
  it('shows what would go and exits with 9 without --yes', async () => {
    await fill();
    const { code, stdout, stderr } = await dlq('drop', '--topic', topic);
    expect(code).toBe(9);
    expect(stdout).toContain('invalid_json');
    expect(stderr).toContain('cannot drop 4 dead letters without --yes');
    const json = await dlq('drop', '--topic', topic, '--json');
    expect(JSON.parse(json.stdout)).toEqual({ dryRun: true, id: null, letters: 4, bytes: 21 });
    expect(await waiting()).toBe(4);
  });

  it('drops what the filter means, says who did it, and verify still balances', async () => {
    await fill();
    const args = ['--topic', topic, '--reason', 'invalid_json', '--where', 'size < 1000'];
    const { code, stdout } = await dlq('drop', ...args, '--yes', '--json');
    expect(code).toBe(0);
    const dropped = JSON.parse(stdout) as DropResult;
    expect(dropped).toMatchObject({ dryRun: false, letters: 3, bytes: 18 });
    expect(await waiting()).toBe(1);
    expect(await rowsIn('dead_letters')).toBe(1);
    expect(await verify()).toEqual({ code: 0, kinds: [] });

    const listed = JSON.parse((await dlq('ls', '--dropped', '--json')).stdout) as {
      drops: DropAnswer[];
    };
    expect(listed.drops.find(({ id }) => id === dropped.id)).toMatchObject({
      by: userInfo().username,
      filter: `--reason invalid_json --topic ${topic} --where 'size < 1000'`,
      letters: 3,
      topics: [topic],
      reasons: ['invalid_json'],
    });
    expect((await dlq('ls', '--dropped')).stdout).toContain(userInfo().username);

    const again = await dlq('drop', ...args, '--yes');
    expect(again).toMatchObject({ code: 0, stdout: '', stderr: 'No dead letters.\n' });
  });

  it('does not hide a letter that was deleted by hand, before or after it', async () => {
    await fill();
    await byHand(
      `ALTER TABLE dead_letters_local DELETE WHERE topic = '${topic}' AND raw = 'line 7'`,
    );
    expect(await verify()).toEqual({ code: 1, kinds: ['dead_letter_missing x1'] });
    await dlq('drop', '--topic', topic, '--reason', 'not_an_object', '--yes');
    expect(await verify()).toEqual({ code: 1, kinds: ['dead_letter_missing x1'] });
    await dlq('drop', '--topic', topic, '--yes');
    expect(await verify()).toEqual({ code: 1, kinds: ['dead_letter_missing x1'] });
  });

  it('does not explain a letter whose line in the ledger of drops is gone', async () => {
    await fill();
    await dlq('drop', '--topic', topic, '--yes');
    expect(await verify()).toEqual({ code: 0, kinds: [] });
    await byHand(`ALTER TABLE dropped_letters_local DELETE WHERE topic = '${topic}' AND bytes = 3`);
    expect(await verify()).toEqual({ code: 1, kinds: ['dead_letter_missing x1'] });
  });

  it('that was cut off after its note counts as done, once, and is finished by the next', async () => {
    await fill();
    await byHand(
      `INSERT INTO dropped_letters_local (topic, epoch, partition, offset, reason, bytes, drop_id, dropped_by)
       SELECT topic, epoch, partition, offset, reason, length(raw), 'cut-off', 'ann' FROM dead_letters_local
       WHERE topic = '${topic}' AND raw != 'line 6'`,
    );
    expect(await rowsIn('dead_letters')).toBe(4);
    expect(await waiting()).toBe(1);
    expect(await verify()).toEqual({ code: 0, kinds: [] });
    await dlq('drop', '--topic', topic, '--yes');
    expect(await rowsIn('dead_letters')).toBe(0);
    expect(await verify()).toEqual({ code: 0, kinds: [] });
  });

  it('takes with --replayed only what is in the queue again', async () => {
    await fill();
    const sets = ['--set', 'message=@raw', '--yes'];
    await dlq('replay', '--topic', topic, '--reason', 'not_an_object', ...sets);
    const { stdout } = await dlq('drop', '--topic', topic, '--replayed', '--yes', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ letters: 1 });
    expect(await waiting()).toBe(3);
  });

  it('drops nothing while a shard is away', async () => {
    await fill();
    await context.testStore.stopShard(1);
    const { code, stderr } = await dlq('drop', '--topic', topic);
    expect(code).toBe(6);
    expect(stderr).toContain('shard 1 does not answer');
    expect((await dlq('drop', '--topic', topic, '--yes')).code).toBe(6);
    const client = await context.testStore.store.shard(0);
    const answer = await client.query({
      query: `SELECT toUInt32(count()) AS n FROM dropped_letters_local WHERE topic = '${topic}'`,
      format: 'JSONEachRow',
    });
    expect(await answer.json()).toEqual([{ n: 0 }]);
  });
});
