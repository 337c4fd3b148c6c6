import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueueConnection } from '../../model/connection.js';
import { recordsOf } from '../../model/record-run.js';
import { hasRedis, type RedisServer, startRedisServer } from '../../testing/redis-server.js';
import { makeSelfSigned } from '../../testing/self-signed.js';
import { openQueue } from '../open-queue.js';

const USERNAME = 'atbd';
const PASSWORD = 'only-for-tests';

/** The rights that the documentation names, so that they stay the ones that are needed. */
async function documentedRights(): Promise<string[]> {
  const page = await readFile(new URL('../../../../docs/redis.md', import.meta.url), 'utf8');
  const [, rights = ''] = /ACL SETUSER atbd on >\S+ ([^\n]+\n[^\n]+)/u.exec(page) ?? [];
  return rights.trim().split(/\s+/u);
}

describe.runIf(hasRedis())('Redis', () => {
  const tls = hasRedis() ? makeSelfSigned() : { key: '', certificate: '' };
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer({ tls });
    const rights = await documentedRights();
    expect(rights.length).toBeGreaterThan(5);
    await server.command('ACL', 'SETUSER', USERNAME, 'on', `>${PASSWORD}`, ...rights);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  const secure = (change: Partial<Extract<QueueConnection, { kind: 'redis' }>> = {}) =>
    openQueue({
      kind: 'redis',
      url: server.secureUrl!,
      username: USERNAME,
      password: PASSWORD,
      tls: { ca: tls.certificate },
      ...change,
    });

  it('needs no more than TLS, a user and the rights that are documented', async () => {
    await using queue = await secure();
    await queue.createTopic('access', { partitionCount: 1 });
    await using producer = await queue.createProducer();
    await producer.send('access', [{ key: 'k', value: 'v', timestampMs: 1 }]);
    const isOver = new AbortController();
    await using consumer = await queue.createConsumer({ groupId: 'g', topics: ['access'] });
    const values: string[] = [];
    await consumer.run(async (partition) => {
      const records = recordsOf((await partition.read({ waitMs: 5_000 })) ?? []);
      values.push(...records.map(({ value }) => String(value)));
      await partition.commit({ position: partition.range.end, intent: 'all' });
      isOver.abort();
    }, isOver.signal);
    expect(values).toEqual(['v']);
    expect((await queue.groupProgress('g', 'access')).get(0)).toEqual({
      finished: 1n,
      waiting: 0n,
    });
    expect(await queue.enforceRetention!()).toBe(0);
    expect((await queue.offsetsAtTime('access', 0)).size).toBe(1);
    await queue.deleteTopic('access');
    expect(await queue.listTopics()).toEqual([]);
  });

  it.each([
    ['a wrong password', { password: 'a-wrong-secret' }],
    ['an unknown user', { username: 'nobody', password: 'a-wrong-secret' }],
  ])('says that it is not let in with %s, and not what was tried', async (_, change) => {
    await using queue = await secure(change);
    const error: unknown = await queue.listTopics().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('a-wrong-secret');
  });

  it('says which right is missing', async () => {
    await server.command('ACL', 'SETUSER', 'reader', 'on', '>reader', '~atbd:*', '+hget');
    await using queue = await secure({ username: 'reader', password: 'reader' });
    const error: unknown = await queue.listTopics().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(inspect(error)).toContain("'hkeys'");
  });

  it('does not trust a certificate that nobody vouched for', async () => {
    const other = makeSelfSigned();
    await using queue = await secure({ tls: { ca: other.certificate } });
    await expect(queue.listTopics()).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
  });

  it('says soon that no server answers', async () => {
    await using queue = await openQueue({ kind: 'redis', url: 'redis://127.0.0.1:1' });
    await expect(queue.listTopics()).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
  });

  it('says that the memory is full, and loses nothing that it had confirmed', async () => {
    await using queue = await secure();
    await queue.createTopic('full', { partitionCount: 1 });
    await using producer = await queue.createProducer();
    await producer.send('full', [{ key: null, value: 'kept' }]);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    const sending = producer.send('full', [{ key: null, value: 'refused' }]);
    await expect(sending).rejects.toMatchObject({
      code: 'QUEUE_FAILED',
      hint: expect.stringContaining('out of memory') as string,
    });
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await producer.send('full', [{ key: null, value: 'again' }]);
    expect((await queue.groupProgress('g', 'full')).get(0)).toEqual({ finished: 0n, waiting: 2n });
  });
});
