import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { openQueue } from '../../engine/queue/open-queue.js';
import type { RunAnswer } from '../../engine/scenario/result/story-result.js';
import { hasRedis, startRedisServer, type RedisServer } from '../../engine/testing/redis-server.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';

const PASSWORD = 'only-for-tests';

const STORY = {
  title: 'A worker dies, on a real Redis',
  clock: 'real',
  stack: { shards: 1, queue: 'redis' },
  load: { duration: '6s', eventsPerSecond: 600 },
  chaos: [{ kind: 'kill-worker', at: '2s' }],
  expect: [{ kind: 'ingest' }, { kind: 'counts' }, { kind: 'traces' }],
};

describe.runIf(hasRedis())('a story with a Redis', () => {
  let server: RedisServer;
  let folder: string;
  let path: string;
  let config: string;
  beforeAll(async () => {
    server = await startRedisServer();
    const rights = ['~*', '+@all'];
    await server.command('ACL', 'SETUSER', 'atbd', 'on', `>${PASSWORD}`, ...rights);
    folder = await mkdtemp(join(tmpdir(), 'atbd-redis-story-'));
    path = join(folder, 'story.yaml');
    await writeFile(path, stringify(STORY));
    config = join(folder, 'config.yaml');
    const queue = {
      ...{ kind: 'redis', url: server.url },
      ...{ username: 'atbd', passwordEnv: 'TEST_REDIS_PASSWORD' },
    };
    await writeFile(config, stringify({ contexts: { lab: { queue } } }), { mode: 0o600 });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  function run(...args: readonly string[]): Promise<Ran> {
    const env = { ATBD_CONFIG: config, TEST_REDIS_PASSWORD: PASSWORD };
    return runAtbd(['scenario', 'run', path, '--folder', folder, ...args], { env });
  }

  it('passes on the server of a context, as its user, and gives it back without its topic', async () => {
    const { code, stdout, stderr } = await run('--context', 'lab', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { results } = JSON.parse(stdout) as RunAnswer;
    const [{ load, chaos, expectations } = {} as never] = results;
    expect(load.sent).toBeGreaterThan(1_000);
    expect(chaos).toMatchObject([{ kind: 'kill-worker', atMs: 2_000 }]);
    expect(expectations.map(({ isMet }) => isMet)).toEqual([true, true, true]);
    expect(stdout).not.toContain(PASSWORD);
    await using queue = await openQueue({ kind: 'redis', url: server.url });
    expect(await queue.listTopics()).toEqual([]);
  });

  it('refuses a server on which the topic is there already, and leaves it alone', async () => {
    await using queue = await openQueue({ kind: 'redis', url: server.url });
    await queue.createTopic('events', { partitionCount: 1 });
    const { code, stderr } = await run('--redis', server.url);
    expect(code).toBe(2);
    expect(stderr).toContain('cannot run a story on this Redis: it has a topic "events" already');
    expect(await queue.listTopics()).toEqual(['events']);
  });

  it('does not repeat an address with a password in it', async () => {
    const { code, stderr } = await run('--redis', `redis://atbd:${PASSWORD}@127.0.0.1:6379`);
    expect(code).toBe(2);
    expect(stderr).toContain('cannot use the address of --redis');
    expect(stderr).not.toContain(PASSWORD);
  });

  it('needs to be told where the Redis is', async () => {
    const { code, stderr } = await run();
    expect(code).toBe(2);
    expect(stderr).toContain('Add --redis redis://host:port');
  });
});
