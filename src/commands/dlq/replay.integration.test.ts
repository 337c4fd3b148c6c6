import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replayLetters, type ReplayWorld } from '../../engine/dead-letter/replay.js';
import { parseChange } from '../../engine/dead-letter/repair-letter.js';
import { systemClock } from '../../engine/model/clock.js';
import { REPLAY_HEADER } from '../../engine/model/dead-letter.js';
import { MATCH_ALL } from '../../engine/model/filter.js';
import type { Queue, QueueRecord } from '../../engine/model/queue.js';
import { openQueue } from '../../engine/queue/open-queue.js';
import { openStore } from '../../store/clickhouse/store.js';
import { createReplayStore } from '../../store/dead-letter/replay-store.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';
import type { GroupsAnswer } from './_dlq/groups-answer.js';
import type { ReplayAnswer } from './_dlq/render-replay.js';
import { fillTopic, storeAll } from './_dlq/testing/letter-topic.js';

const BIN = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const POLL_MS = 2;

let context: TestContext;
let queue: Queue;
let topic: string;
let topicCount = 0;

beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 2 });
  queue = await openQueue(context.queue);
});
afterAll(async () => {
  await queue[Symbol.asyncDispose]();
  await context[Symbol.asyncDispose]();
});

/** Lines of text in a topic of two partitions, all of them dead letters by now. */
async function fillWithLines(count: number): Promise<void> {
  topic = `replay-${(topicCount += 1)}`;
  const messages = Array.from({ length: count }, (_, n) => ({
    key: `k-${n % 10}`,
    value: `line ${n}`,
  }));
  await fillTopic(context, topic, messages, { partitionCount: 2 });
}

function dlq(...args: readonly string[]): Promise<Ran> {
  return runAtbd(['dlq', ...args, '--topic', topic], { env: context.env });
}

const SETS = ['--set', 'message=@raw', '--set', 'service=legacy', '--set', 'ts=@time'];

/** The records of the topic that were letters. */
async function replayed(): Promise<QueueRecord[]> {
  const { partitions } = await queue.describeTopic(topic);
  const found: QueueRecord[] = [];
  const batches = queue.read({
    topic,
    fromOffsets: new Map(partitions.map(({ partition, start }) => [partition, start])),
    untilOffsets: new Map(partitions.map(({ partition, end }) => [partition, end])),
    signal: new AbortController().signal,
  });
  for await (const { records } of batches) {
    found.push(...records.filter(({ headers }) => headers?.[REPLAY_HEADER] !== undefined));
  }
  return found;
}

async function expectEachOnce(count: number): Promise<void> {
  const records = await replayed();
  expect(records).toHaveLength(count);
  expect(new Set(records.map(({ headers }) => headers?.[REPLAY_HEADER])).size).toBe(count);
}

async function counted(): Promise<Pick<GroupsAnswer, 'waiting' | 'replayed'>> {
  const { waiting, replayed: again } = JSON.parse(
    (await dlq('ls', '--json')).stdout,
  ) as GroupsAnswer;
  return { waiting, replayed: again };
}

describe('atbd dlq replay', () => {
  it('says what it would send, sends nothing without --yes, and then each letter once', async () => {
    await fillWithLines(30);
    const dry = await dlq('replay', ...SETS, '--dry-run', '--json');
    expect(dry.code).toBe(0);
    expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, events: 30, refused: {} });
    const asked = await dlq('replay', ...SETS);
    expect(asked.code).toBe(9);
    expect(asked.stdout).toMatch(
      /^Would send 30 letters\.\n {2}first as \{"message":"line \d+","service":"legacy"/u,
    );
    expect(asked.stderr).toContain('CONFIRMATION_NEEDED');
    expect(await replayed()).toEqual([]);

    const sent = await dlq('replay', ...SETS, '--yes');
    expect(sent).toEqual({ code: 0, stdout: 'Sent 30 letters again.\n', stderr: '' });
    await expectEachOnce(30);
    const [record] = await replayed();
    expect(record?.key?.toString()).toMatch(/^k-\d$/u);
    expect(await counted()).toEqual({ waiting: 0, replayed: 30 });

    const again = await dlq('replay', ...SETS, '--yes', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ events: 0, recovered: 0 });
    await expectEachOnce(30);
  });

  it('makes events of them that are stored and verified, and leaves the letters where they are', async () => {
    await fillWithLines(12);
    await dlq('replay', ...SETS, '--yes');
    await storeAll(context, queue, topic);
    const client = await context.testStore.store.shard(0);
    const stored = await client.query({
      query: 'SELECT DISTINCT message FROM events WHERE topic = {topic:String}',
      query_params: { topic },
      format: 'JSONEachRow',
    });
    expect(await stored.json()).toHaveLength(12);
    expect(await runAtbd(['verify', '--topic', topic], { env: context.env })).toMatchObject({
      code: 0,
    });
    expect(await counted()).toEqual({ waiting: 0, replayed: 12 });
  });

  it('counts what would be a dead letter again, and does not send it', async () => {
    await fillWithLines(3);
    const ran = await dlq('replay', '--yes', '--set', 'service=legacy');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('Sent 0 letters again.');
    expect(ran.stdout).toContain(
      '3 letters stayed: their text is no JSON object, and no --set keeps it (text_unused)',
    );
    expect(JSON.parse((await dlq('replay', '--yes', '--json')).stdout)).toMatchObject({
      refused: { still_dead: 3 },
    });
    expect(await replayed()).toEqual([]);
    expect(await counted()).toEqual({ waiting: 3, replayed: 0 });
  });

  it('refuses a change that it does not understand', async () => {
    const { code, stderr } = await dlq('replay', '--set', 'mesage=@raw');
    expect(code).toBe(2);
    expect(stderr).toContain('cannot set "mesage"');
  });

  it('that is cut off at any call to real shards and a real queue sends each letter once', async () => {
    await fillWithLines(8);
    let calls = 0;
    while (!(await replayUntil(calls))) calls += 1;
    // Begun, settled, sent, marked and ended: fewer calls would mean that the wrapper misses some.
    expect(calls).toBeGreaterThan(8);
    await expectEachOnce(8);
    expect(await counted()).toEqual({ waiting: 0, replayed: 8 });
  });

  it('that is killed while it sends, and run again, sends each letter once', async () => {
    const COUNT = 4_000;
    await fillWithLines(COUNT);
    const child = spawn(
      process.execPath,
      [BIN, 'dlq', 'replay', ...SETS, '--yes', '--topic', topic],
      {
        env: { ...process.env, ...context.env },
        stdio: 'ignore',
      },
    );
    const ended = once(child, 'exit');
    while ((await sizeOf()) === COUNT && child.exitCode === null) await systemClock.sleep(POLL_MS);
    child.kill('SIGKILL');
    await ended;
    const before = (await sizeOf()) - COUNT;
    expect(before).toBeGreaterThan(0);
    const noted = await dlq('replay', ...SETS, '--dry-run');
    expect(noted.stderr).toContain('a replay has begun and not ended');
    const ran = await dlq('replay', ...SETS, '--yes', '--json');
    const { events, recovered } = JSON.parse(ran.stdout) as ReplayAnswer;
    expect({ recovered, all: events + recovered }).toEqual({ recovered: before, all: COUNT });
    await expectEachOnce(COUNT);
  });

  it('gives way to one that runs, and takes over when told that it is dead', async () => {
    await fillWithLines(2);
    await using writer = openStore(context.testStore.connection);
    const store = createReplayStore({ reader: writer, writer });
    const signal = new AbortController().signal;
    const run = { id: 'elsewhere', who: 'ann', host: 'other-host', pid: 7, born: null };
    await store.beginRun({ ...run, filter: '', changes: '', topics: new Map() }, signal);
    const { code, stderr } = await dlq('replay', ...SETS, '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain('cannot replay: ann runs another replay (process 7 on other-host)');
    expect(await replayed()).toEqual([]);
    expect((await dlq('replay', ...SETS, '--yes', '--take-over')).code).toBe(0);
    await expectEachOnce(2);
  });
});

/** Records in the topic. */
async function sizeOf(): Promise<number> {
  const { partitions } = await queue.describeTopic(topic);
  return partitions.reduce((sum, { end }) => sum + Number(end), 0);
}

class CutOff extends Error {}

/** A replay in this process that goes no further than so many calls to queue and store; true when it came to its end. */
async function replayUntil(callsMax: number): Promise<boolean> {
  let left = callsMax;
  const step = (): void => {
    if (left <= 0) throw new CutOff();
    left -= 1;
  };
  await using reader = openStore(context.testStore.reader);
  await using writer = openStore(context.testStore.connection);
  const store = cutting(createReplayStore({ reader, writer }), step);
  const producing = {
    createProducer: async () => cutting(await queue.createProducer(), step),
  };
  const world: ReplayWorld = {
    queue: {
      ...producing,
      kind: 'embedded',
      describeTopic: (name) => queue.describeTopic(name),
      read: (options) => queue.read(options),
    },
    ...{ store, clock: systemClock, signal: new AbortController().signal, isGone: () => true },
  };
  const self = { id: `cut-${callsMax}`, who: 'test', host: 'here', pid: 1, born: null };
  const filter = {
    ...{ reasons: [], topics: [topic], fromNs: null, toNs: null, where: MATCH_ALL },
    state: 'waiting' as const,
  };
  const changes = [parseChange('message=@raw')];
  try {
    await replayLetters(
      {
        self: { ...self, filter: '', changes: '' },
        filter,
        changes,
        mappers: new Map(),
        topics: [topic],
        takeOver: false,
      },
      world,
    );
    return true;
  } catch (error) {
    if (!(error instanceof CutOff)) throw error;
    return false;
  }
}

/** The same object, with a step before and after each call. */
function cutting<T extends object>(target: T, step: () => void): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== 'function') return value;
      if (typeof name === 'symbol') return value.bind(object) as unknown;
      return async (...args: unknown[]) => {
        step();
        const result = (await Reflect.apply(value, object, args)) as unknown;
        step();
        return result;
      };
    },
  });
}
