import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasEnded } from './_cli/stack/leftover.js';
import type { PartReport } from './_cli/stack/describe-stack.js';
import { runAtbd } from './_cli/testing/run-atbd.js';
import { commandLinesNaming, identitiesIn, TestStack } from './_cli/testing/test-stack.js';

/** The parts of a stack with its three shards, in the order of their start. */
const PARTS = ['queue', 'shard-0', 'shard-1', 'shard-2', 'schema', 'ingest-1'];

/** More than one block of the queue and more than one chunk of the worker. */
const EVENT_COUNT = 2_500;

/** A supervisor that was killed takes its parts along within this time. */
const ORPHANED_MS_MAX = 10_000;

/** `status` waits 3 s for a queue; the rest is for a slow machine. A Kafka client gives up after 50 s. */
const STATUS_MS_MAX = 15_000;

let stack: TestStack;
let serviceCount = 0;

/** Sends EVENT_COUNT events of a service of their own; resolves with its name when they are acknowledged. */
async function ingest(into: TestStack = stack): Promise<string> {
  serviceCount += 1;
  const service = `service-${serviceCount}`;
  const ts = new Date().toISOString();
  const events = Array.from({ length: EVENT_COUNT }, (_, n) =>
    JSON.stringify({ ts, service, level: 'info', message: `event ${n}`, op_id: `op-${n % 100}` }),
  );
  const file = join(into.home, '..', `${service}.ndjson`);
  await writeFile(file, `${events.join('\n')}\n`);
  const { code, stdout } = await into.atbd('ingest', file, '--json');
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, sentCount: EVENT_COUNT });
  return service;
}

/** Nothing waits, and `verify` finds every record exactly once. */
async function expectAllStored(service: string, of: TestStack = stack): Promise<void> {
  await of.untilReport(({ lag }) => lag.records === 0);
  expect(await of.storedCount(service)).toBe(EVENT_COUNT);
  expect(await of.atbd('verify')).toMatchObject({ code: 0 });
}

function partNamed(parts: readonly PartReport[] = [], name: string): PartReport | undefined {
  return parts.find((part) => part.name === name);
}

describe('atbd up --local', () => {
  beforeAll(async () => {
    stack = await TestStack.make();
    expect(await stack.atbd('status', '--json')).toMatchObject({ code: 6 });
    // Two at once, on a home where nothing was yet.
    const [one, other] = await Promise.all([stack.up(), stack.up()]);
    expect([one.parts, other.parts]).toEqual([PARTS, PARTS]);
  });
  beforeEach(() => stack.up());
  afterAll(() => stack[Symbol.asyncDispose]());

  it('makes one stack, however many ask for it', async () => {
    const { pid } = (await stack.internals()).supervisor;
    expect(await stack.up()).toMatchObject({ alreadyUp: true });
    expect((await stack.internals()).supervisor.pid).toBe(pid);
    const servers = (await commandLinesNaming(stack.home)).filter((line) =>
      line.includes('server.child.js'),
    );
    expect(servers).toHaveLength(3);
  });

  it('makes the topic with a partition a shard', async () => {
    const { partitions } = JSON.parse((await stack.atbd('verify', '--json')).stdout) as {
      partitions: { partition: number }[];
    };
    expect(partitions.map(({ partition }) => partition)).toEqual([0, 1, 2]);
  });

  it('keeps another number of shards out of a stack that has three', async () => {
    const { code, stderr } = await stack.atbd('up', '--local', '--shards', '2');
    expect(code).toBe(2);
    expect(stderr).toContain('cannot run this stack with 2 shards: it was made with 3');
  });

  it('reports each part, its process and its memory, with exit code 0', async () => {
    const { code, stdout } = await stack.atbd('status', '--json');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as unknown;
    const process = {
      state: 'ready',
      healthy: true,
      pid: expect.any(Number) as number,
      memoryBytes: expect.any(Number) as number,
      uptimeMs: expect.any(Number) as number,
      restarts: 0,
      lastError: null,
      reportedError: null,
      metricsUrl: null,
    };
    const metricsUrl = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string;
    const inSupervisor = { pid: null, memoryBytes: null };
    const logOf = (name: string): string => join(stack.home, 'log', `${name}.log`);
    expect(report).toEqual({
      home: stack.home,
      healthy: true,
      stopping: false,
      uptimeMs: expect.any(Number) as number,
      supervisor: { pid: expect.any(Number) as number, memoryBytes: expect.any(Number) as number },
      parts: PARTS.map((name) => ({
        name,
        ...process,
        ...(name === 'queue' && inSupervisor),
        ...(name === 'ingest-1' && { metricsUrl }),
        ...(name === 'schema' && { ...inSupervisor, state: 'done', uptimeMs: null }),
        log: logOf(name),
      })),
      lag: { records: 0, error: null },
      deadLetters: { bytes: 0, isNearLimit: false, limitBytes: 1024 ** 3 },
      disk: {
        tables: expect.arrayContaining([
          {
            name: 'migrations',
            rows: expect.any(Number) as number,
            bytes: expect.any(Number) as number,
          },
        ]) as unknown[],
        error: null,
      },
    });
  });

  it('keeps passwords in files of the owner, not in command lines or logs', async () => {
    const folder = join(stack.home, 'secret');
    const names = await readdir(folder);
    expect(names.toSorted()).toEqual(['atbd', 'atbd_reader', 'cluster']);
    const secrets: string[] = [];
    for (const name of names) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
      secrets.push((await readFile(join(folder, name), 'utf8')).trim());
    }
    const logs = await readdir(join(stack.home, 'log'));
    const texts = [
      ...(await commandLinesNaming(stack.home)),
      ...(await Promise.all(logs.map((name) => readFile(join(stack.home, 'log', name), 'utf8')))),
    ];
    expect(texts.length).toBeGreaterThan(PARTS.length);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(20);
      expect(texts.filter((text) => text.includes(secret))).toEqual([]);
    }
  });

  it('restarts a shard that was killed, and says so', async () => {
    const before = partNamed((await stack.report())?.parts, 'shard-1');
    await stack.kill('shard-1');
    const { parts } = await stack.untilReport(
      (report) => report.healthy && partNamed(report.parts, 'shard-1')?.restarts === 1,
    );
    const after = partNamed(parts, 'shard-1');
    expect(after).toMatchObject({ healthy: true, lastError: 'ended by SIGKILL' });
    expect(after?.pid).not.toBe(before?.pid);
    const { code, stdout } = await stack.atbd('status');
    expect(code).toBe(0);
    expect(stdout).toContain('shard-1 was restarted: ended by SIGKILL');
  });

  it('is not healthy (exit code 1) while a part is down', async () => {
    const { parts } = await stack.internals();
    const shard = parts.find(({ name }) => name === 'shard-2')?.process;
    // The file that the server reads first cannot be read: it stays down until the test repairs it.
    const config = join(stack.home, 'data', 'shard-2', 'config.xml');
    await rename(config, `${config}.away`);
    process.kill(shard!.pid, 'SIGKILL');
    const down = await stack.untilReport(
      (report) => partNamed(report.parts, 'shard-2')?.lastError?.includes('code 1') ?? false,
    );
    expect(partNamed(down.parts, 'shard-2')?.restarts).toBeGreaterThan(0);
    const { code, stdout } = await stack.atbd('status');
    expect(code).toBe(1);
    expect(stdout).toMatch(/shard-2 is down: ended with code 1: Error: ENOENT: .*config\.xml/);
    expect(stdout).toMatch(/Disk: [\d.]+ \w+ \(shard 2 does not say\)/);
    // The others do their work all the while.
    expect(down.parts.filter(({ healthy }) => healthy)).toHaveLength(PARTS.length - 1);
    await rename(`${config}.away`, config);
    await stack.untilReport(({ healthy }) => healthy);
  });

  it('stores what was sent while no worker lived', async () => {
    await stack.kill('ingest-1');
    const service = await ingest();
    await expectAllStored(service);
    expect(partNamed((await stack.report())?.parts, 'ingest-1')).toMatchObject({
      healthy: true,
      lastError: 'ended by SIGKILL',
    });
  });

  it('has every acknowledged event after everything was killed at once', async () => {
    const service = await ingest();
    await stack.killAll();
    expect(await stack.atbd('status', '--json')).toMatchObject({ code: 6 });
    expect(await stack.up()).toMatchObject({ alreadyUp: false });
    await expectAllStored(service);
  });

  it('takes its parts along when the supervisor alone is killed', async () => {
    const before = await stack.internals();
    process.kill(before.supervisor.pid, 'SIGKILL');
    for (const identity of identitiesIn(before)) {
      expect(await hasEnded(identity, ORPHANED_MS_MAX)).toBe(true);
    }
    expect(await commandLinesNaming(stack.home)).toEqual([]);
    expect(await stack.up()).toMatchObject({ alreadyUp: false });
  });

  it('keeps its data over down and up', async () => {
    const service = await ingest();
    expect(JSON.parse((await stack.atbd('down', '--json')).stdout)).toEqual({
      home: stack.home,
      wasUp: true,
      forced: false,
      purged: false,
    });
    expect(await commandLinesNaming(stack.home)).toEqual([]);
    expect(await stack.atbd('down')).toMatchObject({
      code: 0,
      stdout: `The local stack in ${stack.home} is not up.\n`,
    });
    // The queue works without the stack; the store does not, and that is said in one line of advice.
    for (const command of [
      ['query', 'logs'],
      ['query', 'trace', 'op-1'],
      ['verify'],
      ['migrate'],
    ]) {
      const { code, stderr } = await stack.atbd(...command);
      expect({ code, stderr }).toEqual({
        code: 6,
        stderr: expect.stringMatching(
          /is not up; its data is there[^]*STACK_NOT_RUNNING[^]*atbd up --local/,
        ) as string,
      });
    }
    await stack.up();
    await expectAllStored(service);
  });

  it('goes down also while it is still starting', async () => {
    // On a busy machine the stack may be up before `down` has begun: then the moment is tried for again.
    const tries = 5;
    for (let left = tries; left > 0; left -= 1) {
      await stack.atbd('down');
      const starting = stack.atbd('up', '--local');
      await stack.untilLocked();
      expect(JSON.parse((await stack.atbd('down', '--json')).stdout)).toMatchObject({
        wasUp: true,
      });
      expect(await commandLinesNaming(join(stack.home, 'data'))).toEqual([]);
      const { code, stderr } = await starting;
      if (code === 0) continue;
      expect(code).toBe(1);
      expect(stderr).toContain('it was stopped while it started');
      return;
    }
    throw new Error(`the stack was up before it could be taken down, ${tries} times`);
  });

  it('deletes its data only with --yes, and nothing that it did not make', async () => {
    const guest = join(stack.home, 'guest.txt');
    await writeFile(guest, 'not of atbd');
    const asked = await stack.atbd('down', '--purge');
    expect(asked).toMatchObject({ code: 9 });
    expect(asked.stderr).toContain(`cannot delete the stack's data in ${stack.home} without --yes`);
    expect((await stack.report())?.healthy).toBe(true);
    expect(await stack.atbd('down', '--purge', '--yes')).toMatchObject({ code: 0 });
    expect(await readdir(stack.home)).toEqual(['guest.txt']);
    expect(await commandLinesNaming(stack.home)).toEqual([]);
  });
});

describe('atbd up --local --foreground', () => {
  it('runs one shard in front until SIGTERM, and leaves nothing that runs', async () => {
    await using small = await TestStack.make();
    const stop = new AbortController();
    const front = runAtbd(['up', '--local', '--foreground', '--shards', '1'], {
      env: small.env,
      signal: stop.signal,
    });
    await small.untilReport(({ healthy }) => healthy);
    const { supervisor } = await small.internals();
    const service = await ingest(small);
    await expectAllStored(service, small);
    process.kill(supervisor.pid, 'SIGTERM');
    expect(await front).toMatchObject({ code: 0, stdout: '' });
    expect(await commandLinesNaming(small.home)).toEqual([]);
    expect(await small.atbd('status')).toMatchObject({ code: 6 });
  });
});

describe('atbd up --local with a Kafka that does not answer', () => {
  it('is told by status within seconds, and goes down', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    await using small = await TestStack.make();
    const kafka = ['--queue', 'kafka', '--brokers', `127.0.0.1:${port}`];
    const up = await small.atbd('up', '--local', '--shards', '1', ...kafka, '--timeout', '1');
    expect(up.code).toBe(7);
    const startedMs = Date.now();
    const { code, stdout } = await small.atbd('status');
    expect(Date.now() - startedMs).toBeLessThan(STATUS_MS_MAX);
    expect(code).toBe(1);
    expect(stdout).toContain('Lag: unknown (the queue did not answer within 3 s)');
    expect(await small.atbd('down')).toMatchObject({ code: 0 });
    expect(await commandLinesNaming(small.home)).toEqual([]);
    silent.close();
  });
});

describe('a folder that atbd did not make', () => {
  it('is neither used nor deleted', async () => {
    await using other = await TestStack.make();
    await writeFile(join(other.home, 'data'), "somebody's data");
    const up = await other.atbd('up', '--local');
    expect(up.code).toBe(2);
    expect(up.stderr).toContain('is there already, and atbd did not make it');
    expect(await other.atbd('down', '--purge', '--yes')).toMatchObject({ code: 0 });
    expect(await readdir(other.home)).toEqual(['data']);
  });
});
