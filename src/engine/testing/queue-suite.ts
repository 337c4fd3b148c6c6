import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { AtbdError } from '../model/error.js';
import type {
  OwnedPartition,
  Queue,
  QueueMessage,
  QueueRecord,
  TopicDescription,
} from '../model/queue.js';
import { recordsOf } from '../model/record-run.js';
import { untilAborted } from '../model/until-aborted.js';

/** Enough for a real broker's rebalance on a busy machine. */
const SETTLE_MS = 40_000;

/** Short, so that tests of take-over are; brokers refuse less than 6 s by default. */
const SESSION_TIMEOUT_MS = 6_000;

const READ_WAIT_MS = 500;

/**
 * What every queue must do, as tests against the port. `makeQueue` opens one more client of the same
 * queue at each call; the suite makes its own topics and groups.
 */
export function describeQueue(name: string, makeQueue: () => Promise<Queue>): void {
  describe(name, () => {
    describeTopics(makeQueue);
    describeProduceAndRead(makeQueue);
    describeGroups(makeQueue);
    describeSharing(makeQueue);
  });
}

type MakeQueue = () => Promise<Queue>;

function describeTopics(makeQueue: MakeQueue): void {
  it('creates a topic once and leaves an existing one as it is', async () => {
    await using queue = await makeQueue();
    const topic = uniqueName('topic');
    await queue.createTopic(topic, { partitionCount: 3 });
    const before = await queue.describeTopic(topic);
    await queue.createTopic(topic, { partitionCount: 5 });
    expect(await queue.describeTopic(topic)).toEqual(before);
    expect(before).toMatchObject({
      name: topic,
      partitions: [0, 1, 2].map((partition) => ({ partition, start: 0n, end: 0n })),
    });
    expect(await queue.listTopics()).toContain(topic);
  });

  it('gives topics identities of their own, also one that was deleted and made again', async () => {
    await using queue = await makeQueue();
    const [first, second] = [await makeTopic(queue, 1), await makeTopic(queue, 1)];
    const firstIdentity = (await queue.describeTopic(first)).identity;
    expect((await queue.describeTopic(second)).identity).not.toBe(firstIdentity);
    await produce(queue, first, ['gone']);
    await queue.deleteTopic(first);
    await vi.waitFor(
      () => expectRejection(queue.describeTopic(first), 'TOPIC_NOT_FOUND'),
      SETTLE_MS,
    );
    await vi.waitFor(() => queue.createTopic(first, { partitionCount: 1 }), SETTLE_MS);
    const again = await described(queue, first);
    expect(again.identity).not.toBe(firstIdentity);
    expect(again.partitions).toEqual([{ partition: 0, start: 0n, end: 0n }]);
  });

  it('refuses a topic that is not there by its name', async () => {
    await using queue = await makeQueue();
    const topic = uniqueName('missing');
    const error = await expectRejection(queue.describeTopic(topic), 'TOPIC_NOT_FOUND');
    expect(error.message).toContain(topic);
    await expectRejection(queue.offsetsAtTime(topic, 0), 'TOPIC_NOT_FOUND');
  });
}

function describeProduceAndRead(makeQueue: MakeQueue): void {
  it('gives back bytes, keys, headers, tombstones and queue time as they were sent', async () => {
    await using queue = await makeQueue();
    const topic = await makeTopic(queue, 1);
    const bytes = Buffer.from([0, 255, 10, 13, 128]);
    await using producer = await queue.createProducer();
    await producer.send(topic, [
      { key: 'käse', value: 'grüße 漢字 😀', timestampMs: 1_700_000_000_001 },
      { key: bytes, value: bytes, timestampMs: 1_700_000_000_002, headers: { a: '1', b: 'ü' } },
      { key: null, value: null, timestampMs: 1_700_000_000_003 },
      { key: null, value: '', timestampMs: 1_700_000_000_004 },
    ]);
    const records = (await readAll(queue, topic)).get(0) ?? [];
    expect(records.map(plain)).toEqual([
      record({ key: 'käse', value: 'grüße 漢字 😀', timestampMs: 1_700_000_000_001 }),
      {
        ...record({ key: bytes, value: bytes, timestampMs: 1_700_000_000_002 }),
        headers: { a: '1', b: 'ü' },
      },
      record({ key: null, value: null, timestampMs: 1_700_000_000_003 }),
      record({ key: null, value: '', timestampMs: 1_700_000_000_004 }),
    ]);
    const offsets = records.map(({ offset }) => offset);
    expect(offsets).toEqual(offsets.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(new Set(offsets).size).toBe(4);
  });

  it('keeps the records of a key in one partition, in order, where the Java client puts them', async () => {
    await using queue = await makeQueue();
    const topic = await makeTopic(queue, 6);
    const messages = Array.from({ length: 600 }, (_, index) => ({
      key: `op-${index % 20}`,
      value: String(index),
    }));
    await using producer = await queue.createProducer();
    await producer.send(topic, messages.slice(0, 300));
    await producer.send(topic, messages.slice(300));
    const partitions = await readAll(queue, topic);
    for (let keyIndex = 0; keyIndex < 20; keyIndex += 1) {
      const holders = [...partitions].filter(([, records]) =>
        records.some(({ key }) => key?.toString() === `op-${keyIndex}`),
      );
      expect(holders).toHaveLength(1);
      const values = holders[0]![1]
        .filter(({ key }) => key?.toString() === `op-${keyIndex}`)
        .map(({ value }) => Number(value?.toString()));
      expect(values).toEqual(Array.from({ length: 30 }, (_, index) => index * 20 + keyIndex));
    }
    // murmur2('op-0') as the Java client computes it.
    expect(partitions.get(OP_0_PARTITION_OF_6)?.some(({ key }) => key?.toString() === 'op-0')).toBe(
      true,
    );
  });

  it('refuses to send to a topic that is not there', async () => {
    await using queue = await makeQueue();
    await using producer = await queue.createProducer();
    const sending = producer.send(uniqueName('missing'), [{ key: 'k', value: 'v' }]);
    await expectRejection(sending, 'TOPIC_NOT_FOUND');
  });

  it('confirms sends of the same key that wait side by side in the order in which they were asked for', async () => {
    await using queue = await makeQueue();
    const topic = await makeTopic(queue, 3);
    await using producer = await queue.createProducer();
    const values = Array.from({ length: 40 }, (_, index) => String(index));
    await Promise.all(values.map((value) => producer.send(topic, [{ key: 'k', value }])));
    const records = [...(await readAll(queue, topic)).values()].flat();
    expect(records.map(text)).toEqual(values);
  });

  it('finds offsets by time: the first at or after it, the end when there is none', async () => {
    await using queue = await makeQueue();
    const topic = await makeTopic(queue, 1);
    await using producer = await queue.createProducer();
    for (const timestampMs of [1_000, 2_000, 1_500, 3_000]) {
      await producer.send(topic, [{ key: null, value: 'x', timestampMs }]);
    }
    const offsets = await offsetsOf(queue, topic);
    const end = (await queue.describeTopic(topic)).partitions[0]!.end;
    const offsetAt = async (timestampMs: number) =>
      (await queue.offsetsAtTime(topic, timestampMs)).get(0);
    expect(await offsetAt(0)).toBe(offsets[0]);
    expect(await offsetAt(1_200)).toBe(offsets[1]);
    expect(await offsetAt(2_000)).toBe(offsets[1]);
    expect(await offsetAt(2_500)).toBe(offsets[3]);
    expect(await offsetAt(3_001)).toBe(end);
  });

  it('reads from given offsets up to given ones, and only the partitions named', async () => {
    await using queue = await makeQueue();
    const topic = await makeTopic(queue, 2);
    await produce(queue, topic, ['a', 'b', 'c', 'd', 'e'], KEY_OF_PARTITION_1_OF_2);
    const offsets = await offsetsOf(queue, topic, 1);
    const values: string[] = [];
    const options = {
      topic,
      fromOffsets: new Map([[1, offsets[1]!]]),
      untilOffsets: new Map([[1, offsets[4]!]]),
      signal: new AbortController().signal,
    };
    for await (const batch of queue.read(options)) {
      expect(batch.partition).toBe(1);
      values.push(...batch.records.map(text));
    }
    expect(values).toEqual(['b', 'c', 'd']);
  });

  it('follows a partition: what another client appends is read soon, and an abort ends it quietly', async () => {
    await using queue = await makeQueue();
    await using other = await makeQueue();
    const topic = await makeTopic(queue, 1);
    const abort = new AbortController();
    const values: string[] = [];
    const options = { topic, fromOffsets: new Map([[0, 0n]]), signal: abort.signal };
    const following = (async () => {
      for await (const batch of queue.read(options)) values.push(...batch.records.map(text));
    })();
    await produce(other, topic, ['first']);
    await waitUntil(() => values.length === 1);
    await produce(other, topic, ['second']);
    await waitUntil(() => values.length === 2);
    abort.abort();
    await following;
    expect(values).toEqual(['first', 'second']);
  });
}

function describeGroups(makeQueue: MakeQueue): void {
  it('stores position and intent together, and the next owner goes on from them', async () => {
    await using queue = await makeQueue();
    const topic = await makeTopic(queue, 1);
    const groupId = uniqueName('group');
    await produce(queue, topic, ['a', 'b', 'c']);
    const [, b = 0n, c = 0n] = await offsetsOf(queue, topic);
    const end = c + 1n;
    const progress = async () => (await queue.groupProgress(groupId, topic)).get(0);
    expect(await queue.groupPositions(groupId, topic)).toEqual(new Map());
    expect(await progress()).toEqual({ finished: 0n, waiting: 3n });
    await own(queue, { topic, groupId }, async (partition) => {
      expect(partition.committed).toBeNull();
      expect(partition.range).toEqual({ partition: 0, start: 0n, end });
      expect((await readSome(partition)).map(text)[0]).toBe('a');
      await partition.commit({ position: b, intent: '{"first":1,"last":2}' });
      expect(await progress()).toEqual({ finished: 1n, waiting: 2n });
      await partition.commit({ position: c, intent: 'second "intent"' });
    });
    expect(await progress()).toEqual({ finished: 2n, waiting: 1n });
    const committed = { position: c, intent: 'second "intent"' };
    expect(await queue.groupPositions(groupId, topic)).toEqual(new Map([[0, committed]]));
    await own(queue, { topic, groupId }, async (partition) => {
      expect(partition.committed).toEqual(committed);
      expect((await readSome(partition)).map(text)).toEqual(['c']);
      partition.seek(b);
      expect((await readSome(partition)).map(text)[0]).toBe('b');
      await partition.commit({ position: end, intent: null });
    });
    expect((await queue.groupPositions(groupId, topic)).get(0)).toEqual({
      position: end,
      intent: null,
    });
    expect(await progress()).toEqual({ finished: 3n, waiting: 0n });
  });

  it('gives undefined when nothing comes, and what comes while it waits', async () => {
    await using queue = await makeQueue();
    const topic = await makeTopic(queue, 1);
    await own(queue, { topic, groupId: uniqueName('group') }, async (partition) => {
      expect(await partition.read({ waitMs: 50 })).toBeUndefined();
      const reading = readSome(partition);
      await produce(queue, topic, ['late']);
      expect((await reading).map(text)).toEqual(['late']);
    });
  });

  it('refuses to read outside the log', async () => {
    await using queue = await makeQueue();
    const topic = await makeTopic(queue, 1);
    await produce(queue, topic, ['a']);
    await own(queue, { topic, groupId: uniqueName('group') }, async (partition) => {
      partition.seek(partition.range.end + 1_000n);
      await expectRejection(partition.read({ waitMs: SETTLE_MS }), 'OFFSET_OUT_OF_RANGE');
    });
  });

  it('reads nothing more while it is paused, and everything after', async () => {
    await using queue = await makeQueue();
    const topic = await makeTopic(queue, 1);
    await own(queue, { topic, groupId: uniqueName('group') }, async (partition) => {
      partition.pause();
      await produce(queue, topic, ['a', 'b']);
      const paused = recordsOf((await partition.read({ waitMs: 50 })) ?? []);
      partition.resume();
      const values = paused.map(text);
      while (values.length < 2) values.push(...(await readSome(partition)).map(text));
      expect(values).toEqual(['a', 'b']);
      partition.pause();
      await produce(queue, topic, ['c']);
      expect(await partition.read({ waitMs: 200 })).toBeUndefined();
    });
  });

  it('ends run with the error of onPartition', async () => {
    await using queue = await makeQueue();
    const topic = await makeTopic(queue, 1);
    await using consumer = await queue.createConsumer({
      groupId: uniqueName('group'),
      topics: [topic],
    });
    const running = consumer.run(
      () => Promise.reject(new Error('broken worker')),
      new AbortController().signal,
    );
    await expect(running).rejects.toThrow('broken worker');
  });

  it('aborts the partition with run, waits for the work, and rejects its reads', async () => {
    await using queue = await makeQueue();
    const topic = await makeTopic(queue, 1);
    const abort = new AbortController();
    const steps: string[] = [];
    await using consumer = await queue.createConsumer({
      groupId: uniqueName('group'),
      topics: [topic],
    });
    const running = consumer.run(async (partition) => {
      const reading = partition.read({ waitMs: SETTLE_MS });
      abort.abort();
      await expect(reading).rejects.toThrow();
      expect(partition.signal.aborted).toBe(true);
      // Work in flight may still be confirmed before the partition is let go.
      await partition.commit({ position: 0n, intent: 'finished' });
      steps.push('work done');
    }, abort.signal);
    await running;
    steps.push('run done');
    expect(steps).toEqual(['work done', 'run done']);
  });
}

function describeSharing(makeQueue: MakeQueue): void {
  it('shares partitions among members, one owner each, and hands over what is committed', async () => {
    await using first = await makeQueue();
    await using second = await makeQueue();
    const topic = await makeTopic(first, 4);
    const groupId = uniqueName('group');
    const owners = new Map<number, Set<string>>();
    const member = async (queue: Queue, name: string, signal: AbortSignal) => {
      await using consumer = await queue.createConsumer({
        groupId,
        topics: [topic],
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
      });
      await consumer.run(async ({ partition, signal: lost }) => {
        const names = owners.get(partition) ?? new Set();
        owners.set(partition, names.add(name));
        expect(names.size).toBe(1);
        await untilAborted(lost);
        names.delete(name);
      }, signal);
    };
    const countOf = (name: string) =>
      [...owners.values()].filter((names) => names.has(name)).length;
    const [stopFirst, stopSecond] = [new AbortController(), new AbortController()];
    const runningFirst = member(first, 'first', stopFirst.signal);
    await waitUntil(() => countOf('first') === 4);
    const runningSecond = member(second, 'second', stopSecond.signal);
    await waitUntil(() => countOf('first') === 2 && countOf('second') === 2);
    stopFirst.abort();
    await runningFirst;
    await waitUntil(() => countOf('second') === 4);
    stopSecond.abort();
    await runningSecond;
    expect(countOf('first') + countOf('second')).toBe(0);
  });

  it('fences an owner that lost its partition', async () => {
    await using queue = await makeQueue();
    const topic = await makeTopic(queue, 1);
    const groupId = uniqueName('group');
    let old: OwnedPartition | undefined;
    await own(queue, { topic, groupId }, (partition) => {
      old = partition;
      return Promise.resolve();
    });
    await own(queue, { topic, groupId }, async (partition) => {
      await expectRejection(old!.commit({ position: 9n, intent: null }), 'QUEUE_FENCED');
      await partition.commit({ position: 0n, intent: 'mine' });
    });
    expect((await queue.groupPositions(groupId, topic)).get(0)).toEqual({
      position: 0n,
      intent: 'mine',
    });
  });

  it('goes on when a refused commit is the first to say that a partition was lost', async () => {
    await using queue = await makeQueue();
    const topic = await makeTopic(queue, 1);
    const groupId = uniqueName('group');
    let old: OwnedPartition | undefined;
    await own(queue, { topic, groupId }, (partition) => {
      old = partition;
      return Promise.resolve();
    });
    let ownedCount = 0;
    await own(queue, { topic, groupId }, async (partition) => {
      ownedCount += 1;
      // As a worker that wakes up finds it: the commit is refused, and the partition's signal does not say why yet.
      if (ownedCount === 1) await old!.commit({ position: 9n, intent: null });
      await partition.commit({ position: 0n, intent: 'mine' });
    });
    expect(ownedCount).toBe(2);
    expect((await queue.groupPositions(groupId, topic)).get(0)?.intent).toBe('mine');
  });
}

/** Partition of the key "op-0" among six: (murmur2 & 0x7fffffff) % 6, computed with kafkajs' own partitioner. */
const OP_0_PARTITION_OF_6 = 0;

/** A key that the same partitioner puts into partition 1 of two. */
const KEY_OF_PARTITION_1_OF_2 = 'd';

/** Joins, runs `work` once with the only partition, and leaves. */
async function own(
  queue: Queue,
  { topic, groupId }: { readonly topic: string; readonly groupId: string },
  work: (partition: OwnedPartition) => Promise<void>,
): Promise<void> {
  const abort = new AbortController();
  await using consumer = await queue.createConsumer({ groupId, topics: [topic] });
  await consumer.run(async (partition) => {
    await work(partition);
    abort.abort();
  }, abort.signal);
}

async function readSome(partition: OwnedPartition): Promise<readonly QueueRecord[]> {
  for (let waitedMs = 0; waitedMs < SETTLE_MS; waitedMs += READ_WAIT_MS) {
    const runs = await partition.read({ waitMs: READ_WAIT_MS });
    if (runs) return recordsOf(runs);
  }
  throw new Error(`nothing came within ${SETTLE_MS} ms`);
}

async function readAll(queue: Queue, topic: string): Promise<Map<number, QueueRecord[]>> {
  const { partitions } = await queue.describeTopic(topic);
  const records = new Map<number, QueueRecord[]>(
    partitions.map(({ partition }) => [partition, []]),
  );
  const batches = queue.read({
    topic,
    fromOffsets: new Map(partitions.map(({ partition, start }) => [partition, start])),
    untilOffsets: new Map(partitions.map(({ partition, end }) => [partition, end])),
    signal: new AbortController().signal,
  });
  for await (const batch of batches) records.get(batch.partition)!.push(...batch.records);
  return records;
}

async function offsetsOf(queue: Queue, topic: string, partition = 0): Promise<bigint[]> {
  const records = (await readAll(queue, topic)).get(partition) ?? [];
  return records.map(({ offset }) => offset);
}

async function makeTopic(queue: Queue, partitionCount: number): Promise<string> {
  const topic = uniqueName('topic');
  await queue.createTopic(topic, { partitionCount });
  return topic;
}

async function produce(
  queue: Queue,
  topic: string,
  values: readonly string[],
  key: string | null = null,
): Promise<void> {
  await using producer = await queue.createProducer();
  await producer.send(
    topic,
    values.map((value): QueueMessage => ({ key, value })),
  );
}

/** A topic made a moment ago may take its time to be seen by a cluster. */
async function described(queue: Queue, topic: string): Promise<TopicDescription> {
  return vi.waitFor(() => queue.describeTopic(topic), SETTLE_MS);
}

async function expectRejection(
  promise: Promise<unknown>,
  code: AtbdError['code'],
): Promise<AtbdError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AtbdError)) {
    throw new Error(`it did not reject with ${code}`, { cause: error });
  }
  expect(error.code).toBe(code);
  expect(error.hint).not.toBe('');
  return error;
}

async function waitUntil(condition: () => boolean): Promise<void> {
  await vi.waitFor(() => {
    expect(condition()).toBe(true);
  }, SETTLE_MS);
}

function uniqueName(kind: string): string {
  return `${kind}-${randomUUID()}`;
}

const text = ({ value }: QueueRecord): string => value?.toString() ?? '';

function plain({ key, value, timestampMs, headers }: QueueRecord) {
  return { ...record({ key, value, timestampMs }), headers };
}

function record(fields: {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly timestampMs: number;
}) {
  const hex = (bytes: string | Buffer | null) =>
    bytes === null ? null : Buffer.from(bytes as string).toString('hex');
  return {
    key: hex(fields.key),
    value: hex(fields.value),
    timestampMs: fields.timestampMs,
    headers: undefined as Readonly<Record<string, string>> | undefined,
  };
}
