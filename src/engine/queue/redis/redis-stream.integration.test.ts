import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AtbdError } from '../../model/error.js';
import type { OwnedPartition, Queue, QueueRecord } from '../../model/queue.js';
import { recordsOf } from '../../model/record-run.js';
import { hasRedis, type RedisServer, startRedisServer } from '../../testing/redis-server.js';
import { openQueue } from '../open-queue.js';
import { idOfOffset, ID_SEQUENCE_END } from './entry-id.js';

const SETTLE_MS = 30_000;
const ALL_AT_ONCE = { ageMsMax: 0, partitionBytesMax: 0 };
/** Enough for several nodes of a stream: trimming removes whole ones. */
const MANY = 1_000;

describe.runIf(hasRedis())('Redis Streams', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  const open = (): Promise<Queue> => openQueue({ kind: 'redis', url: server.url });

  it('keeps a consumer group at the position, so that others see the lag', async () => {
    await using queue = await open();
    const { topic, stream } = await filledTopic(queue, 10);
    await own(queue, { topic, groupId: 'lagging' }, async (partition) => {
      const records = await readAtLeast(partition, 10);
      await partition.commit({ position: records[4]!.offset, intent: null });
    });
    const [group] = (await server.command('XINFO', 'GROUPS', stream)) as [unknown[]];
    const facts = Object.fromEntries(pairsOf(group));
    expect(facts).toMatchObject({ name: 'lagging', 'entries-read': 4, lag: 6, pending: 0 });
  });

  it('fences a member whose session ended, and tells it so', async () => {
    await using first = await open();
    await using second = await open();
    const { topic } = await filledTopic(first, 1);
    const groupId = 'frozen';
    const isOver = new AbortController();
    const seen: string[] = [];
    const zombie = (async () => {
      await using consumer = await first.createConsumer({ groupId, topics: [topic] });
      await consumer.run(async (partition) => {
        // As after a pause of the whole process: its session is over, and somebody else comes.
        await server.command('DEL', `atbd:${topic}:members:${groupId}`);
        await own(second, { topic, groupId }, (heir) =>
          heir.commit({ position: 0n, intent: 'of the heir' }),
        );
        await expectRejection(partition.commit({ position: 1n, intent: null }), 'QUEUE_FENCED');
        seen.push('fenced');
        isOver.abort();
      }, isOver.signal);
    })();
    await zombie;
    expect(seen).toEqual(['fenced']);
    const committed = { position: 0n, intent: 'of the heir' };
    expect((await first.groupPositions(groupId, topic)).get(0)).toEqual(committed);
  });

  it('trims only what every group has finished, and goes on from there without an alarm', async () => {
    await using queue = await open();
    const { topic, stream, offsets } = await filledTopic(queue, MANY);
    expect(await queue.enforceRetention!(ALL_AT_ONCE)).toBe(0);
    await commitAt(queue, { topic, groupId: 'fast' }, offsets[900]!);
    await commitAt(queue, { topic, groupId: 'slow' }, offsets[600]!);
    await server.command('XGROUP', 'CREATE', stream, 'foreign', '0');
    expect(await queue.enforceRetention!(ALL_AT_ONCE)).toBe(0);

    await server.command(
      ...['XREADGROUP', 'GROUP', 'foreign', 'c', 'COUNT', '300', 'STREAMS', stream, '>'],
    );
    await queue.enforceRetention!(ALL_AT_ONCE);
    // None of the 300 was acknowledged.
    expect(await firstOffset(queue, topic)).toBe(0n);
    await server.command('XACK', stream, 'foreign', ...offsets.slice(0, 300).map(idOfOffset));
    await queue.enforceRetention!(ALL_AT_ONCE);
    const afterForeign = await firstOffset(queue, topic);
    expect(afterForeign > 0n && afterForeign <= offsets[299]!).toBe(true);

    // The groups kept for tools may go: what atbd's own have finished is written beside the stream.
    for (const group of ['foreign', 'fast', 'slow'])
      await server.command('XGROUP', 'DESTROY', stream, group);
    await queue.enforceRetention!(ALL_AT_ONCE);
    const start = await firstOffset(queue, topic);
    expect(start > afterForeign && start <= offsets[599]!).toBe(true);
    await own(queue, { topic, groupId: 'slow' }, async (partition) => {
      expect(partition.range.start <= partition.committed!.position).toBe(true);
      expect((await readAtLeast(partition, 1))[0]!.offset).toBe(offsets[600]);
    });
    expect((await queue.groupProgress('slow', topic)).get(0)).toEqual({
      finished: 600n,
      waiting: 400n,
    });
  });

  it('trims nothing of a stream that a group has not begun, although it reads others of the topic', async () => {
    await using queue = await open();
    const { topic, stream, offsets } = await filledTopic(queue, MANY);
    await commitAt(queue, { topic, groupId: 'whole' }, offsets[999]!);
    const row = await server.command('HGET', 'atbd:topics', topic);
    await server.command('HSET', 'atbd:topics', topic, String(row).replace(/ 1$/u, ' 2'));
    const other = 'begun elsewhere';
    await server.command('SADD', `atbd:${topic}:groups`, other);
    await server.command('HSET', `atbd:${topic}:1:group:${other}`, 'finished', '0-0');
    expect(await queue.enforceRetention!(ALL_AT_ONCE)).toBe(0);
    await server.command('DEL', `atbd:${topic}:1:group:${other}`);
    expect(await queue.enforceRetention!(ALL_AT_ONCE)).toBeGreaterThan(0);
    expect(Number(await server.command('XLEN', stream))).toBeGreaterThan(0);
  });

  it('keeps what is young and fits', async () => {
    await using queue = await open();
    const { topic, offsets } = await filledTopic(queue, MANY);
    await commitAt(queue, { topic, groupId: 'reader' }, offsets[999]!);
    expect(await queue.enforceRetention!()).toBe(0);
  });

  it('says how many entries a foreign MAXLEN took away unread', async () => {
    await using queue = await open();
    const { topic, stream, offsets } = await filledTopic(queue, MANY);
    const at = { topic, groupId: 'overtaken' };
    await own(queue, at, async (partition) => {
      const position = offsets[100]!;
      await partition.commit({ position, intent: null });
      partition.seek(position);
      await server.command('XTRIM', stream, 'MAXLEN', '=', '890');
      const error = await expectRejection(partition.read({ waitMs: 0 }), 'OFFSET_OUT_OF_RANGE');
      expect(error.message).toContain('10 entries were removed from the stream before they were');
    });
    // What the worker compares at its next start, and raises its alarm for.
    await own(queue, at, (partition) => {
      expect(partition.committed!.position).toBe(offsets[100]);
      expect(partition.range.start).toBe(offsets[110]);
      return Promise.resolve();
    });
  });

  it('takes no offence when others trim what was read already, to the last entry', async () => {
    await using queue = await open();
    const { topic, stream, offsets } = await filledTopic(queue, 10);
    const at = { topic, groupId: 'level' };
    await commitAt(queue, at, offsets[9]! + 1n);
    await server.command('XTRIM', stream, 'MAXLEN', '=', '0');
    await produce(queue, topic, ['next']);
    await own(queue, at, async (partition) => {
      expect(partition.range.start).toBe(partition.committed!.position);
      expect((await readAtLeast(partition, 1)).map(text)).toEqual(['next']);
    });
  });

  it('refuses an ID that no offset holds, by its name', async () => {
    await using queue = await open();
    const { topic, stream } = await filledTopic(queue, 1);
    await server.command('XADD', stream, '8796093022208-0', 'v', 'from the year 2248');
    const error = await expectRejection(queue.describeTopic(topic), 'QUEUE_FAILED');
    expect(error.message).toContain('cannot use the stream entry "8796093022208-0"');
  });

  it('goes on with the next millisecond before the sequence is used up, as after a clock set back', async () => {
    await using queue = await open();
    const { topic, stream } = await filledTopic(queue, 0);
    const futureMs = 4_000_000_000_000;
    const last = `${futureMs}-${ID_SEQUENCE_END - 2_010}`;
    await server.command('XADD', stream, last, 'v', 'from the future');
    await produce(queue, topic, numbers(20));
    await produce(queue, topic, ['after']);
    const records = await readAll(queue, topic);
    expect(records.map(text)).toEqual(['from the future', ...numbers(20), 'after']);
    expect(idOfOffset(records.at(-1)!.offset)).toBe(`${futureMs + 1}-1`);
  });

  it('reads entries of others: by our fields, or all of theirs as one object', async () => {
    await using queue = await open();
    const { topic, stream } = await filledTopic(queue, 0);
    await server.command(
      'XADD',
      stream,
      '*',
      'k',
      'op-1',
      'v',
      '{"a":1}',
      'h',
      'no JSON',
      't',
      'x',
    );
    await server.command('XADD', stream, '*', 'level', 'info', 'message', 'a "b"');
    const records = await readAll(queue, topic);
    expect(records.map(({ key, headers }) => [key?.toString(), headers])).toEqual([
      ['op-1', undefined],
      [undefined, undefined],
    ]);
    expect(records.map(text)).toEqual(['{"a":1}', '{"level":"info","message":"a \\"b\\""}']);
    expect(records[0]!.timestampMs).toBeGreaterThan(1_600_000_000_000);
  });

  it('adds a batch once although its confirmation was lost', async () => {
    await using proxy = await CuttingProxy.start(Number(new URL(server.url).port));
    await using direct = await open();
    const { topic } = await filledTopic(direct, 0);
    await using queue = await openQueue({ kind: 'redis', url: `redis://127.0.0.1:${proxy.port}` });
    await using producer = await queue.createProducer();
    await producer.send(topic, [{ key: null, value: 'first' }]);
    proxy.cutNextAnswer();
    await producer.send(topic, [{ key: null, value: 'second' }]);
    expect(proxy.cutCount).toBe(1);
    await producer.send(topic, [{ key: null, value: 'third' }]);
    expect((await readAll(direct, topic)).map(text)).toEqual(['first', 'second', 'third']);
  });

  it('sends to a topic that was made again since', async () => {
    await using queue = await open();
    const { topic } = await filledTopic(queue, 0);
    await using producer = await queue.createProducer();
    await producer.send(topic, [{ key: null, value: 'gone' }]);
    await queue.deleteTopic(topic);
    await queue.createTopic(topic, { partitionCount: 1 });
    await producer.send(topic, [{ key: null, value: 'new' }]);
    expect((await readAll(queue, topic)).map(text)).toEqual(['new']);
  });
});

describe.runIf(hasRedis())('a Redis that dies', () => {
  it('is waited for by producers and consumers, which then go on', async () => {
    await using server = await startRedisServer();
    await using queue = await openQueue({ kind: 'redis', url: server.url });
    const { topic } = await filledTopic(queue, 1);
    const isOver = new AbortController();
    const values: string[] = [];
    await using consumer = await queue.createConsumer({ groupId: 'patient', topics: [topic] });
    const consuming = consumer.run(async (partition) => {
      while (!partition.signal.aborted) {
        const runs = await partition.read({ waitMs: 200 }).catch(() => undefined);
        values.push(...recordsOf(runs ?? []).map(text));
      }
    }, isOver.signal);
    await vi.waitFor(() => {
      expect(values).toHaveLength(1);
    }, SETTLE_MS);
    await server.kill();
    const producing = produce(queue, topic, ['sent while it was away']);
    await server.restart();
    await producing;
    await vi.waitFor(() => {
      expect(values).toEqual(['0', 'sent while it was away']);
    }, SETTLE_MS);
    isOver.abort();
    await consuming;
  });

  it('and comes back without its last writes gives no address twice', async () => {
    await using server = await startRedisServer({ lines: ['appendonly no'] });
    await using queue = await openQueue({ kind: 'redis', url: server.url });
    const { topic, offsets } = await filledTopic(queue, 3);
    const at = { topic, groupId: 'ahead' };
    await commitAt(queue, at, offsets[1]!);
    await server.command('SAVE');
    await produce(queue, topic, ['forgotten by the queue, known to the ledger']);
    const ledgerEnd = (await queue.describeTopic(topic)).partitions[0]!.end;
    await server.kill();
    await server.restart();

    await own(queue, at, async (partition) => {
      expect(partition.committed!.position).toBe(offsets[1]);
      expect(partition.range.end).toBe(offsets[2]! + 1n);
      await partition.commit({ position: ledgerEnd, intent: null });
      partition.seek(ledgerEnd);
      expect(await partition.read({ waitMs: 0 })).toBeUndefined();
      await produce(queue, topic, ['new']);
      const [record] = await readAtLeast(partition, 1);
      expect(record!.value!.toString()).toBe('new');
      expect(record!.offset >= ledgerEnd).toBe(true);
    });
  });
});

async function filledTopic(queue: Queue, count: number) {
  const topic = `topic-${randomUUID()}`;
  await queue.createTopic(topic, { partitionCount: 1 });
  if (count > 0) await produce(queue, topic, numbers(count));
  const offsets = (await readAll(queue, topic)).map(({ offset }) => offset);
  return { topic, stream: `atbd:${topic}:0`, offsets };
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

async function produce(queue: Queue, topic: string, values: readonly string[]): Promise<void> {
  await using producer = await queue.createProducer();
  await producer.send(
    topic,
    values.map((value) => ({ key: null, value })),
  );
}

async function readAll(queue: Queue, topic: string): Promise<QueueRecord[]> {
  const records: QueueRecord[] = [];
  const { partitions } = await queue.describeTopic(topic);
  const batches = queue.read({
    topic,
    fromOffsets: new Map([[0, 0n]]),
    untilOffsets: new Map([[0, partitions[0]!.end]]),
    signal: new AbortController().signal,
  });
  for await (const batch of batches) records.push(...batch.records);
  return records;
}

async function firstOffset(queue: Queue, topic: string): Promise<bigint> {
  return (await queue.describeTopic(topic)).partitions[0]!.start;
}

type At = { readonly topic: string; readonly groupId: string };

/** Joins, runs `work` once with the only partition, and leaves. */
async function own(
  queue: Queue,
  { topic, groupId }: At,
  work: (partition: OwnedPartition) => Promise<void>,
): Promise<void> {
  const isOver = new AbortController();
  await using consumer = await queue.createConsumer({ groupId, topics: [topic] });
  await consumer.run(async (partition) => {
    await work(partition);
    isOver.abort();
  }, isOver.signal);
}

/** Reads up to the position, as a worker would, and commits it. */
async function commitAt(queue: Queue, at: At, position: bigint): Promise<void> {
  await own(queue, at, async (partition) => {
    await readAtLeast(partition, 1);
    await partition.commit({ position, intent: null });
  });
}

async function readAtLeast(partition: OwnedPartition, count: number): Promise<QueueRecord[]> {
  const records: QueueRecord[] = [];
  const untilMs = Date.now() + SETTLE_MS;
  while (records.length < count && Date.now() < untilMs) {
    records.push(...recordsOf((await partition.read({ bytesMin: 1_000_000, waitMs: 100 })) ?? []));
  }
  return records;
}

async function expectRejection(
  promise: Promise<unknown>,
  code: AtbdError['code'],
): Promise<AtbdError> {
  const error: unknown = await promise.catch((caught: unknown) => caught);
  if (!(error instanceof AtbdError)) throw new Error(`not ${code}`, { cause: error });
  expect(error.code).toBe(code);
  return error;
}

function pairsOf(flat: readonly unknown[]): [string, unknown][] {
  return flat.flatMap((name, index) =>
    index % 2 === 0 ? [[String(name), flat[index + 1]] as [string, unknown]] : [],
  );
}

const text = ({ value }: QueueRecord): string => value?.toString() ?? '';

/** Passes everything on, and cuts one connection instead of passing on the answer. */
class CuttingProxy {
  readonly port: number;
  cutCount = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isToCut = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(target: number): Promise<CuttingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const proxy = new CuttingProxy(server, typeof address === 'object' ? address!.port : 0);
    server.on('connection', (client) => {
      proxy.#join(client, connect({ port: target, host: '127.0.0.1' }));
    });
    return proxy;
  }

  cutNextAnswer(): void {
    this.#isToCut = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  #join(client: Socket, upstream: Socket): void {
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
    }
    client.on('data', (data) => upstream.write(data));
    upstream.on('data', (data) => {
      if (!this.#isToCut) return void client.write(data);
      this.#isToCut = false;
      this.cutCount += 1;
      client.destroy();
    });
  }
}
