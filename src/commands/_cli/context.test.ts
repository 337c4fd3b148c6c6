import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acquireLock } from '../../engine/deploy/generation-lock.js';
import { identify } from '../../engine/deploy/process-identity.js';
import { resolveContext, resolveLiveContext } from './context.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atbd-context-'));
  vi.stubEnv('ATBD_HOME', join(folder, 'home'));
  vi.stubEnv('ATBD_CONFIG', join(folder, 'config.yaml'));
  vi.stubEnv('ATBD_CONTEXT', '');
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

const config = (text: string): Promise<void> => writeFile(join(folder, 'config.yaml'), text);

const TWO_CONTEXTS = `
current: prod
contexts:
  prod:
    queue:
      kind: kafka
      brokers: ['k1:9092', 'k2:9092']
      tls: true
      sasl: { mechanism: scram-sha-512, username: atbd, passwordEnv: TEST_KAFKA_PASSWORD }
    store:
      kind: clickhouse
      shards: ['https://ch1:8443', 'https://ch2:8443']
      username: atbd
      passwordFile: writer.secret
      reader: { username: asks, passwordFile: reader.secret }
  lab:
    queue: { kind: embedded, path: lab-queue }
    store: { kind: clickhouse, shards: ['http://127.0.0.1:8123'], username: lab }
`;

async function makeStack(): Promise<void> {
  await mkdir(join(folder, 'home', 'secret'), { recursive: true });
  await writeFile(join(folder, 'home', 'secret', 'atbd'), 'write-secret\n');
  await writeFile(join(folder, 'home', 'secret', 'atbd_reader'), 'read-secret\n');
  await writeRecord({ version: 1 });
}

function writeRecord(more: object): Promise<void> {
  const record = {
    database: 'atbd',
    shards: [{ httpPort: 1111, tcpPort: 2222 }],
    queue: { kind: 'local' },
    username: 'atbd',
    readerUsername: 'atbd_reader',
    ...more,
  };
  return writeFile(join(folder, 'home', 'stack.json'), JSON.stringify(record));
}

describe('resolveContext', () => {
  it('reads secrets from env and from files beside the settings', async () => {
    await config(TWO_CONTEXTS);
    await writeFile(join(folder, 'writer.secret'), 'w\n');
    await writeFile(join(folder, 'reader.secret'), 'r\n');
    vi.stubEnv('TEST_KAFKA_PASSWORD', 'k');
    expect(await resolveContext()).toEqual({
      name: 'prod',
      home: join(folder, 'home'),
      topics: [],
      letterBytesMax: 1024 ** 3,
      queue: {
        kind: 'kafka',
        brokers: ['k1:9092', 'k2:9092'],
        tls: {},
        sasl: { mechanism: 'scram-sha-512', username: 'atbd', password: 'k' },
      },
      store: {
        shards: [{ url: 'https://ch1:8443' }, { url: 'https://ch2:8443' }],
        database: 'atbd',
        username: 'atbd',
        password: 'w',
      },
      reader: {
        shards: [{ url: 'https://ch1:8443' }, { url: 'https://ch2:8443' }],
        database: 'atbd',
        username: 'asks',
        password: 'r',
      },
    });
  });

  it('reads the password of a Redis, and leaves out what is not said', async () => {
    const store = 'store: { kind: clickhouse, shards: ["http://ch1:8123"], username: u }';
    const redis =
      '{ kind: redis, url: "rediss://r:6380/2", username: a, passwordEnv: TEST_REDIS_PASSWORD }';
    await config(
      `contexts:\n  full:\n    queue: ${redis}\n    ${store}\n  plain:\n    queue: { kind: redis, url: "redis://r" }\n    ${store}\n`,
    );
    vi.stubEnv('TEST_REDIS_PASSWORD', 'r');
    expect((await resolveContext({ name: 'full' })).queue).toEqual({
      ...{ kind: 'redis', url: 'rediss://r:6380/2' },
      ...{ username: 'a', password: 'r' },
    });
    const plain = { kind: 'redis', url: 'redis://r' };
    expect((await resolveContext({ name: 'plain' })).queue).toEqual(plain);
  });

  it('prefers the flag to the environment to the project file to the user file', async () => {
    await config(TWO_CONTEXTS.replace('current: prod', 'current: lab'));
    expect((await resolveContext()).name).toBe('lab');
    await writeFile(join(folder, '.atbd.yaml'), 'current: from-project\n');
    await expect(resolveContext()).rejects.toThrow(/"from-project" \(current in .*\.atbd\.yaml\)/);
    vi.stubEnv('ATBD_CONTEXT', 'from-env');
    await expect(resolveContext()).rejects.toThrow('"from-env" (from ATBD_CONTEXT)');
    await expect(resolveContext({ name: 'from-flag' })).rejects.toThrow(
      '"from-flag" (from --context)',
    );
  });

  it('finds the ports and passwords of the local stack', async () => {
    await makeStack();
    const { queue, store, reader } = await resolveContext();
    expect(queue).toEqual({ kind: 'embedded', path: join(folder, 'home', 'data', 'queue') });
    expect(store).toMatchObject({
      shards: [{ url: 'http://127.0.0.1:1111' }],
      username: 'atbd',
      password: 'write-secret',
    });
    expect(reader).toMatchObject({ username: 'atbd_reader', password: 'read-secret' });
  });

  it('says how to start a stack where there is none', async () => {
    await expect(resolveContext()).rejects.toMatchObject({
      code: 'STACK_NOT_RUNNING',
      message: `cannot find a local stack in ${join(folder, 'home')}`,
      hint: 'Start one: atbd up --local (or choose another context: atbd context ls)',
    });
  });

  it('tells who asks the store that the stack was stopped, and nobody else', async () => {
    await makeStack();
    await expect(resolveLiveContext()).rejects.toMatchObject({
      code: 'STACK_NOT_RUNNING',
      message: `the local stack in ${join(folder, 'home')} is not up; its data is there`,
      hint: 'Start it: atbd up --local',
    });
    const self = await identify(process.pid);
    const lock = await acquireLock(join(folder, 'home', 'lock'), self!);
    if (lock.kind === 'held') throw new Error('a new lock is held');
    await using _lock = lock;
    expect(await resolveLiveContext()).toEqual(await resolveContext());
  });

  it('refuses a stack that a newer atbd made', async () => {
    await makeStack();
    await writeRecord({ version: 2 });
    await expect(resolveContext()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `cannot use the stack in ${join(folder, 'home')}: a newer atbd made it (version 2, this one knows 1)`,
    });
  });

  it('names the variable of a password that is not set', async () => {
    await config(TWO_CONTEXTS);
    await expect(resolveContext({ name: 'prod' })).rejects.toThrow(
      'cannot read the password: the environment variable TEST_KAFKA_PASSWORD is not set',
    );
  });
});

describe('the context file', () => {
  it.each([
    ['contexts:\n  a: "never closed\n', '3:1 Missing closing "quote'],
    ['contexts: {}\ncontexts: {}\n', '2:1 Map keys must be unique'],
    ['colour: red\n', '1:1 colour: there is no such setting'],
    [
      'contexts:\n  a:\n    queue: { kind: rabbit }\n',
      '3:20 contexts.a.queue.kind: must be local, embedded, kafka or redis',
    ],
    [
      'contexts:\n  a:\n    queue:\n      kind: kafka\n      brokers: [nohost]\n',
      '5:17 contexts.a.queue.brokers.0: must be host:port',
    ],
    [
      'contexts:\n  a:\n    retention: 30d\n',
      '3:16 contexts.a.retention: must be off: events are kept for ever until there is an archive',
    ],
    [
      'contexts:\n  a:\n    queue: { kind: redis, url: "redis://u:p@r:6379" }\n',
      '3:32 contexts.a.queue.url: must be redis(s)://host:port/database without a user or a password in it',
    ],
    [
      'contexts:\n  a:\n    queue: { kind: redis, url: "redis://r:6379", tls: true }\n',
      '3:55 contexts.a.queue.tls: needs a url that begins with rediss://',
    ],
    ['contexts:\n  local: {}\n', '2:3 contexts.local: "local" is built in'],
    [
      'contexts:\n  a:\n    store:\n      kind: clickhouse\n      shards: [http://x]\n      username: u\n      password: p\n',
      '7:7 contexts.a.store.password: passwords are not kept here: use passwordEnv or passwordFile',
    ],
    [
      'contexts:\n  a:\n    store: { kind: clickhouse, shards: ["http://u:p@x"], username: u }\n',
      '3:41 contexts.a.store.shards.0: must be an http(s) URL without a user or a password in it',
    ],
  ])('%j is refused at %s', async (text, expected) => {
    await config(text);
    await expect(resolveContext()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`${join(folder, 'config.yaml')}:${expected}`) as string,
    });
  });
});
