import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../model/clock.js';
import type { QueueRecord } from '../../model/queue.js';
import { recordsOf } from '../../model/record-run.js';
import { EmbeddedQueue, type EmbeddedQueueOptions } from './embedded-queue.js';
import { LogFile } from './log-file.js';
import { isGone, ownProcess } from './process-identity.js';

const TOPIC = 'events';
const START_MS = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const KEEP_BYTES = Number.MAX_SAFE_INTEGER;

let path: string;
let nowMs: number;
const clock: Clock = { ...systemClock, nowMs: () => nowMs };

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'atbd-queue-'));
  nowMs = START_MS;
});

afterEach(async () => {
  await rm(path, { recursive: true, force: true });
});

async function openWithTopic(options: Partial<EmbeddedQueueOptions> = {}) {
  const queue = await EmbeddedQueue.open({ path, clock, ...options });
  await queue.createTopic(TOPIC, { partitionCount: 1 });
  return queue;
}

async function send(queue: EmbeddedQueue, ...values: string[]): Promise<void> {
  await using producer = await queue.createProducer();
  await producer.send(
    TOPIC,
    values.map((value) => ({ key: null, value })),
  );
}

async function commit(queue: EmbeddedQueue, groupId: string, position: bigint): Promise<void> {
  const abort = new AbortController();
  await using consumer = await queue.createConsumer({ groupId, topics: [TOPIC] });
  await consumer.run(async (partition) => {
    await partition.commit({ position, intent: null });
    abort.abort();
  }, abort.signal);
}

async function rangeOf(queue: EmbeddedQueue) {
  return (await queue.describeTopic(TOPIC)).partitions[0];
}

async function readAll(queue: EmbeddedQueue): Promise<QueueRecord[]> {
  const records: QueueRecord[] = [];
  const { end } = (await rangeOf(queue))!;
  const options = { topic: TOPIC, fromOffsets: new Map([[0, 0n]]) };
  const until = { untilOffsets: new Map([[0, end]]), signal: new AbortController().signal };
  for await (const batch of queue.read({ ...options, ...until })) records.push(...batch.records);
  return records;
}

describe('retention', () => {
  const retention = { ageMsMax: HOUR_MS, partitionBytesMax: KEEP_BYTES };

  it('removes what is old and read by every group, and reading begins after it', async () => {
    await using queue = await openWithTopic();
    await send(queue, 'a', 'b');
    await send(queue, 'c');
    await commit(queue, 'fast', 3n);
    await commit(queue, 'slow', 2n);
    nowMs += HOUR_MS + 1;
    expect(await queue.enforceRetention(retention)).toBe(1);
    expect(await rangeOf(queue)).toEqual({ partition: 0, start: 2n, end: 3n });
    expect((await readAll(queue)).map(({ value }) => value?.toString())).toEqual(['c']);
    await commit(queue, 'slow', 3n);
    expect(await queue.enforceRetention(retention)).toBe(1);
    expect(await rangeOf(queue)).toEqual({ partition: 0, start: 3n, end: 3n });
    await send(queue, 'd');
    expect((await readAll(queue)).map(({ offset }) => offset)).toEqual([3n]);
  });

  it('keeps what is young, what is half read, and everything that no group ever read', async () => {
    await using queue = await openWithTopic();
    await send(queue, 'a', 'b');
    nowMs += HOUR_MS + 1;
    expect(await queue.enforceRetention(retention)).toBe(0);
    await commit(queue, 'group', 1n);
    expect(await queue.enforceRetention(retention)).toBe(0);
    await commit(queue, 'group', 2n);
    nowMs = START_MS + HOUR_MS;
    expect(await queue.enforceRetention(retention)).toBe(0);
    expect(await rangeOf(queue)).toEqual({ partition: 0, start: 0n, end: 2n });
  });

  it('removes the oldest blocks of a partition that is too large, as far as they are read', async () => {
    await using queue = await openWithTopic();
    for (const value of ['a', 'b', 'c']) await send(queue, value.repeat(1_000));
    await commit(queue, 'group', 2n);
    const removedCount = await queue.enforceRetention({ ageMsMax: HOUR_MS, partitionBytesMax: 1 });
    expect(removedCount).toBe(2);
    expect(await rangeOf(queue)).toEqual({ partition: 0, start: 2n, end: 3n });
  });

  it('leaves a cursor before the start out of range, instead of skipping what it missed', async () => {
    await using queue = await openWithTopic();
    await send(queue, 'a');
    await send(queue, 'b');
    await commit(queue, 'group', 1n);
    nowMs += HOUR_MS + 1;
    await queue.enforceRetention(retention);
    const abort = new AbortController();
    await using consumer = await queue.createConsumer({ groupId: 'group', topics: [TOPIC] });
    await consumer.run(async (partition) => {
      partition.seek(0n);
      await expect(partition.read({ waitMs: 0 })).rejects.toMatchObject({
        code: 'OFFSET_OUT_OF_RANGE',
        message: 'cannot read offset 0 of events/0: the log holds 1 to 2',
      });
      abort.abort();
    }, abort.signal);
  });
});

describe('producing', () => {
  it('trims as it appends, so that a queue that is read never grows without bound', async () => {
    const retention = { ageMsMax: HOUR_MS, partitionBytesMax: 3_000 };
    await using queue = await openWithTopic({ retention });
    for (let index = 0; index < 10; index += 1) {
      await send(queue, 'x'.repeat(1_000));
      if (index >= 4) await commit(queue, 'group', BigInt(index));
    }
    expect(await rangeOf(queue)).toEqual({ partition: 0, start: 8n, end: 10n });
  });
});

describe('bounds and damage', () => {
  it('refuses a batch as a whole when its partition would grow over its bound', async () => {
    await using queue = await openWithTopic({ partitionBytesMax: 2_000 });
    await send(queue, 'x'.repeat(1_000));
    await expect(send(queue, 'small', 'x'.repeat(1_000))).rejects.toMatchObject({
      code: 'QUEUE_FAILED',
      message: 'cannot append to events/0: it holds 1046 bytes and may hold 2000',
    });
    expect(await rangeOf(queue)).toEqual({ partition: 0, start: 0n, end: 1n });
  });

  it('cuts reads at the bytes asked for, and gives every record once', async () => {
    await using queue = await openWithTopic();
    await send(queue, ...Array.from({ length: 10 }, () => 'x'.repeat(100)));
    const abort = new AbortController();
    const lengths: number[] = [];
    const options = { groupId: 'group', topics: [TOPIC], readBytesMax: 365 };
    await using consumer = await queue.createConsumer(options);
    await consumer.run(async (partition) => {
      for (;;) {
        const runs = await partition.read({ bytesMin: 1_000_000, waitMs: 0 });
        if (!runs) break;
        lengths.push(recordsOf(runs).length);
      }
      abort.abort();
    }, abort.signal);
    expect(lengths).toEqual([3, 3, 3, 1]);
  });

  it('says which block is damaged', async () => {
    await using queue = await openWithTopic();
    await send(queue, 'first');
    const file = await LogFile.open(path);
    const { identity } = await queue.describeTopic(TOPIC);
    const bytes = file.blocks.get([identity, 0, 0])!;
    bytes[bytes.length - 1]! ^= 1;
    await file.write(() => void file.blocks.put([identity, 0, 0], bytes));
    await file.close();
    await expect(readAll(queue)).rejects.toMatchObject({
      code: 'QUEUE_FAILED',
      message: 'cannot read the block at offset 0 of events/0: its checksum does not match',
    });
  });

  it.each(['', '.', 'a b', 'a/b', 'x'.repeat(250)])('refuses the topic name %j', async (name) => {
    await using queue = await EmbeddedQueue.open({ path, clock });
    await expect(queue.createTopic(name, { partitionCount: 1 })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
    });
  });

  it('refuses a path that is no directory', async () => {
    const file = join(path, 'file');
    await writeFile(file, '');
    await expect(EmbeddedQueue.open({ path: file })).rejects.toMatchObject({
      code: 'QUEUE_UNREACHABLE',
      message: `cannot open the queue at ${file}`,
    });
  });
});

describe('isGone', () => {
  const self = ownProcess();

  it('knows this process, an ended one, and one that took over a pid', () => {
    expect(isGone(self, { ...self, pid: -1 })).toBe(false);
    const ended = spawnSync(process.execPath, ['--version']);
    expect(isGone({ ...self, pid: ended.pid }, self)).toBe(true);
    expect(isGone({ ...self, startedAt: '1' }, self)).toBe(true);
  });

  it('never judges a process of another host', () => {
    expect(isGone({ host: 'elsewhere', pid: 999_999, startedAt: '1' }, self)).toBe(false);
  });
});
