import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Queue, QueueProducer } from '../engine/model/queue.js';
import { openQueue } from '../engine/queue/open-queue.js';

const PARTITION_COUNT = 3;
const CLI = 'bin/run.js';

let folder: string;
let queue: Queue;
let producer: QueueProducer;
let topic: string;
let topicCount = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atbd-tail-cli-'));
  const path = join(folder, 'queue');
  queue = await openQueue({ kind: 'embedded', path });
  producer = await queue.createProducer();
  // Tail asks nothing of the store, so this one need not be there.
  const store = { kind: 'clickhouse', shards: ['http://127.0.0.1:9'], username: 'nobody' };
  const contexts = { test: { queue: { kind: 'embedded', path }, store } };
  await writeFile(join(folder, 'config.yaml'), JSON.stringify({ contexts }));
});

afterAll(async () => {
  await producer[Symbol.asyncDispose]();
  await queue[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  topicCount += 1;
  topic = `tail-${topicCount}`;
  await queue.createTopic(topic, { partitionCount: PARTITION_COUNT });
});

/** A running `atbd tail`. */
interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Resolves when stdout has so many lines. */
  shown(lineCount: number): Promise<void>;
}

function start(args: readonly string[]): Running {
  const child = spawn(process.execPath, [CLI, 'tail', '--topic', topic, ...args], {
    env: {
      ...process.env,
      ATBD_HOME: folder,
      ATBD_CONFIG: join(folder, 'config.yaml'),
      ATBD_CONTEXT: 'test',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const waiting: { lineCount: number; resolve: () => void }[] = [];
  child.stdout.on('data', (data: Buffer) => {
    output.stdout += data.toString();
    const lineCount = output.stdout.split('\n').length - 1;
    for (const each of waiting) if (lineCount >= each.lineCount) each.resolve();
  });
  child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()));
  const exited = once(child, 'close').then(([code]) => {
    for (const each of waiting) each.resolve();
    return { code: code as number | null, ...output };
  });
  return {
    child,
    exited,
    shown: (lineCount) =>
      new Promise((resolve) => {
        waiting.push({ lineCount, resolve });
        if (output.stdout.split('\n').length - 1 >= lineCount) resolve();
      }),
  };
}

async function tail(args: readonly string[]): ReturnType<typeof start>['exited'] {
  return start(args).exited;
}

async function send(events: readonly object[]): Promise<void> {
  await producer.send(
    topic,
    events.map((event, index) => ({ key: String(index), value: JSON.stringify(event) })),
  );
}

/** Sends numbered events in small batches, as fast as the queue takes them, until stopped. */
function produceNumbers(): { stop(): Promise<number> } {
  const stop = new AbortController();
  const sending = (async () => {
    let count = 0;
    while (!stop.signal.aborted) {
      const numbers = Array.from({ length: 20 }, (_, index) => ({ n: count + index }));
      await send(numbers);
      count += numbers.length;
      // Let the tail have its share of the two cores.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return count;
  })();
  return {
    stop: () => {
      stop.abort();
      return sending;
    },
  };
}

function numbersOf(lines: string): number[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { event: { n: number } }).event.n);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

const ROUNDS = 5;

describe('atbd tail', () => {
  it('goes on exactly where SIGTERM ended it', async () => {
    const producing = produceNumbers();
    const shown: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const running = start(['--json', '--resume', topic, '--since', '1h']);
      await running.shown(50 + 37 * round);
      running.child.kill('SIGTERM');
      const { code, stdout } = await running.exited;
      expect(code).toBe(130);
      shown.push(...numbersOf(stdout));
    }
    const count = await producing.stop();
    const rest = String(count - shown.length);
    const { stdout, code } = await tail(['--json', '--resume', topic, '--limit', rest]);
    expect(code).toBe(0);
    shown.push(...numbersOf(stdout));
    expect(shown.toSorted((a, b) => a - b)).toEqual(upTo(count));
  });

  it('writes each line exactly once to --output however often it is killed', async () => {
    const producing = produceNumbers();
    const path = join(folder, `${topic}.ndjson`);
    const args = ['--json', '--resume', topic, '--since', '1h', '--output', path];
    for (let round = 0; round < 2 * ROUNDS; round += 1) {
      const running = start(args);
      await fileLonger(path, 4000 * round);
      // At another moment each time, also in the middle of a write.
      await turns(round * 13);
      running.child.kill('SIGKILL');
      await running.exited;
    }
    const count = await producing.stop();
    await send([{ n: count }]);
    const { code } = await tail([...args, '--until', `n=${count}`, '--timeout', '30s']);
    expect(code).toBe(0);
    // The last number ends the tail, yet other partitions may still have some: one more look.
    await tail([...args, '--timeout', '1s']);
    const numbers = numbersOf(await readFile(path, 'utf8'));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(upTo(count + 1));
  });

  it('repeats at most the last lines after SIGKILL, each with its position', async () => {
    const producing = produceNumbers();
    const killed = start(['--json', '--resume', topic, '--since', '1h']);
    await killed.shown(200);
    killed.child.kill('SIGKILL');
    const before = (await killed.exited).stdout.split('\n').slice(0, -1);
    const count = await producing.stop();
    const after = (await tail(['--json', '--resume', topic, '--timeout', '2s'])).stdout.split('\n');
    // A repeated line is the same line with the same position: one set has each record once.
    const lines = [...new Set([...before, ...after])].join('\n');
    expect(numbersOf(lines).toSorted((a, b) => a - b)).toEqual(upTo(count));
  });

  it('ends quietly when its reader goes away', async () => {
    const producing = produceNumbers();
    const running = start(['--since', '1h']);
    await running.shown(1);
    running.child.stdout?.destroy();
    const { code, stderr } = await running.exited;
    await producing.stop();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('shows what the filters ask for, and ends with what --until asks for', async () => {
    const base = { ts: '2026-05-16T10:00:00Z', service: 'payment' };
    await send([
      { ...base, level: 'info', message: 'fine' },
      { ...base, level: 'error', message: 'card declined' },
      { ...base, level: 'error', message: 'card declined', service: 'order' },
      { ...base, level: 'info', type: 'order.paid' },
    ]);
    const filters = ['--level', 'warn+', '--service', 'payment', 'declined'];
    const limits = ['--since', '1h', '--tz', 'UTC', '--timeout', '30s'];
    const { code, stdout } = await tail([...filters, ...limits, '--limit', '1']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '2026-05-16 10:00:00.000 ERROR payment card declined\n',
    });
    const paid = await tail([...limits, '--until', 'type=order.paid', '--service', 'nobody']);
    expect({ code: paid.code, stdout: paid.stdout }).toEqual({
      code: 0,
      stdout: '2026-05-16 10:00:00.000 INFO  payment type=order.paid\n',
    });
  });

  it('asks conditions in CEL of times as they are stored, and of everything together', async () => {
    const base = { service: 'payment', level: 'info', amount: '19.99' };
    await send([
      { ...base, ts: '2020-05-16T10:00:00Z', message: 'too old to be believed' },
      { ...base, message: 'no time of its own' },
      { ...base, message: 'too cheap', amount: '19.989999999' },
      { ...base, message: 'no amount', amount: null },
    ]);
    const limits = ['--since', '1h', '--timeout', '30s', '--output-format', 'ndjson'];
    const recent = 'ts > timestamp("2024-01-01T00:00:00Z")';
    const { code, stdout } = await tail([
      ...limits,
      ...['--where', recent, '--where', 'amount >= 19.99 || message == "no amount"'],
      ...['--limit', '3'],
    ]);
    const messages = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { event: { message: string } }).event.message);
    expect(messages.toSorted()).toEqual([
      'no amount',
      'no time of its own',
      'too old to be believed',
    ]);
    expect(code).toBe(0);
    const refused = await tail(['--where', 'ts > "now"']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      'cannot read --where "ts > "now"": ts is a time at character 6',
    );
  });

  it('exits 7 when --until is not met in time, and 0 when only the time is over', async () => {
    const late = await tail(['--until', 'type=never', '--timeout', '300ms']);
    expect(late.code).toBe(7);
    expect(late.stderr).toContain('cannot find what --until asks for within --timeout');
    expect((await tail(['--timeout', '300ms'])).code).toBe(0);
  });

  it('shows what is not JSON as a dead letter, made visible, and counts it', async () => {
    await producer.send(topic, [{ key: null, value: 'oops \u001b[2J' }]);
    const { stdout, stderr } = await tail(['--since', '1h', '--limit', '1', '--timeout', '30s']);
    expect(stdout).toMatch(/dead letter at \d:0: invalid_json oops ␛\[2J\n$/);
    expect(stderr).toContain('1 records were dead letters');
  });

  it('does not append to a file that no position belongs to', async () => {
    const path = join(folder, 'mine.txt');
    await writeFile(path, 'my notes\n');
    const { code, stderr } = await tail(['--output', path, '--timeout', '1s']);
    expect(code).toBe(2);
    expect(stderr).toContain(`cannot write to ${path}: it has lines already`);
    expect(await readFile(path, 'utf8')).toBe('my notes\n');
  });
});

async function fileLonger(path: string, bytes: number): Promise<void> {
  for (;;) {
    const length = await readFile(path).then(
      (content) => content.byteLength,
      () => -1,
    );
    if (length > bytes) return;
    await turns(1);
  }
}

/** So many turns of the event loop, a few milliseconds of I/O each. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await readFile(CLI);
}
