import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { QueueRecord } from '../../model/queue.js';
import { EmbeddedQueue } from './embedded-queue.js';

const CHILD = 'dist/engine/testing/queue-process.child.js';
const TOPIC = 'events';
const PARTITION_COUNT = 4;
const BATCH_SIZE = 300;
const KILL_COUNT = 16;

/** A send takes some milliseconds here: kills after 0 to 7 of them hit it before, in and after its commit. */
const KILL_DELAYS_MS = 8;
const WAIT_MS = 30_000;

/** Of each of two openers: some seconds. */
const REOPEN_COUNT = 500;

let path: string;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'atbd-queue-'));
  await using queue = await EmbeddedQueue.open({ path });
  await queue.createTopic(TOPIC, { partitionCount: PARTITION_COUNT });
});

afterEach(async () => {
  await Promise.all([...children].map(kill));
  await rm(path, { recursive: true, force: true });
});

describe('EmbeddedQueue under SIGKILL', () => {
  it('has every acknowledged batch once, in order, and no half one', async () => {
    const ackedCounts = new Map<string, number>();
    const steady = start('produce', path, TOPIC, 'steady', String(BATCH_SIZE));
    for (let round = 0; round < KILL_COUNT; round += 1) {
      const victim = start('produce', path, TOPIC, `victim${round}`, String(BATCH_SIZE));
      await victim.waitFor((lines) => lines.length > round % 4);
      // Not a wait for something to happen: it steers where in a send the kill hits.
      await setTimeout(round % KILL_DELAYS_MS);
      await kill(victim.process);
      ackedCounts.set(`victim${round}`, victim.lines.length);
    }
    const before = steady.lines.length;
    await steady.waitFor((lines) => lines.length > before);
    await kill(steady.process);
    ackedCounts.set('steady', steady.lines.length);
    const batches = batchesOf(await readEverything());
    for (const [name, ackedCount] of ackedCounts) {
      const found = batches.get(name) ?? new Map<number, number[]>();
      // One more batch than acknowledged may be there: stored, then killed before the ack.
      expect(found.size).toBeGreaterThanOrEqual(ackedCount);
      expect(found.size).toBeLessThanOrEqual(ackedCount + 1);
      const whole = Array.from({ length: BATCH_SIZE }, (_, index) => index);
      for (let batch = 0; batch < found.size; batch += 1) {
        expect(found.get(batch)?.toSorted((a, b) => a - b)).toEqual(whole);
      }
    }
  });

  it('hands the partitions of a killed member to the other, which goes on from its commits', async () => {
    const producer = start('produce', path, TOPIC, 'p', String(BATCH_SIZE));
    const first = start('consume', path, TOPIC, 'group');
    await first.waitFor((lines) => ownedBy(lines).size === PARTITION_COUNT);
    const second = start('consume', path, TOPIC, 'group');
    await second.waitFor((lines) => ownedBy(lines).size === PARTITION_COUNT / 2);
    await second.waitFor((lines) => rangesOf(lines).length > 10);
    const killedAtMs = performance.now();
    await kill(first.process);
    await second.waitFor((lines) => ownedBy(lines).size === PARTITION_COUNT);
    // By its pid, well before the session of 10 s ends.
    expect(performance.now() - killedAtMs).toBeLessThan(5_000);
    await stop(producer.process);
    await using queue = await EmbeddedQueue.open({ path });
    const { partitions } = await queue.describeTopic(TOPIC);
    await vi.waitFor(async () => {
      const positions = await queue.groupPositions('group', TOPIC);
      for (const { partition, end } of partitions) {
        expect(positions.get(partition)?.position).toBe(end);
      }
    }, WAIT_MS);
    await stop(second.process);
    expectNoneTwice([...rangesOf(first.lines), ...rangesOf(second.lines)]);
  });
});

describe('EmbeddedQueue beside processes that come and go', () => {
  // Without the gate of open-gate.ts about one open in 1,500 loses a commit, so this fails in some runs; log-file.test.ts leaves it no chance.
  it('has every acknowledged batch in order while others open and close it', async () => {
    const steady = start('produce', path, TOPIC, 'steady', '1');
    const openers = [start('reopen', path), start('reopen', path)];
    await Promise.all(
      openers.map((opener) => opener.waitFor((lines) => lines.length >= REOPEN_COUNT)),
    );
    await Promise.all([steady, ...openers].map((child) => stop(child.process)));
    expect(steady.lines.length).toBeGreaterThan(0);
    const found = batchesOf(await readEverything()).get('steady');
    expect(found?.size).toBe(steady.lines.length);
  });
});

interface Child {
  readonly process: ChildProcess;
  /** Whole lines only. */
  readonly lines: string[];
  waitFor(condition: (lines: readonly string[]) => boolean): Promise<void>;
}

function start(...args: string[]): Child {
  const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  const lines: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  const waitFor = (condition: (lines: readonly string[]) => boolean): Promise<void> =>
    vi.waitFor(
      () => {
        expect(condition(lines)).toBe(true);
      },
      { timeout: WAIT_MS, interval: 1 },
    );
  return { process: child, lines, waitFor };
}

async function kill(child: ChildProcess): Promise<void> {
  await end(child, 'SIGKILL');
}

async function stop(child: ChildProcess): Promise<void> {
  await end(child, 'SIGTERM');
  expect(child.exitCode).toBe(0);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  // `close` comes after the last of its output.
  const closed = once(child, 'close');
  child.kill(signal);
  await closed;
}

async function readEverything(): Promise<QueueRecord[]> {
  await using queue = await EmbeddedQueue.open({ path });
  const { partitions } = await queue.describeTopic(TOPIC);
  const records: QueueRecord[] = [];
  const nextOffsets = new Map(partitions.map(({ partition, start }) => [partition, start]));
  const batches = queue.read({
    topic: TOPIC,
    fromOffsets: nextOffsets,
    untilOffsets: new Map(partitions.map(({ partition, end }) => [partition, end])),
    signal: new AbortController().signal,
  });
  const expected = new Map(nextOffsets);
  for await (const batch of batches) {
    for (const { offset } of batch.records) {
      if (offset !== expected.get(batch.partition)) throw new Error(`hole before ${offset}`);
      expected.set(batch.partition, offset + 1n);
    }
    records.push(...batch.records);
  }
  expect(expected).toEqual(new Map(partitions.map(({ partition, end }) => [partition, end])));
  return records;
}

/** Indexes found per producer and batch; also checks that batches are in order within a key. */
function batchesOf(records: readonly QueueRecord[]): Map<string, Map<number, number[]>> {
  const batches = new Map<string, Map<number, number[]>>();
  const lastBatchOfKey = new Map<string, number>();
  for (const { key, value, offset } of records) {
    const [name = '', batch, index] = (value?.toString() ?? '').split(' ');
    const keyText = key?.toString() ?? '';
    // Plain checks: expect() for each of a million records would take most of the test's time.
    const expectedBatch = (lastBatchOfKey.get(keyText) ?? -1) + 1;
    if (Number(batch) !== expectedBatch) {
      throw new Error(`${keyText}: batch ${batch} at ${offset}, where ${expectedBatch} was due`);
    }
    lastBatchOfKey.set(keyText, expectedBatch);
    const ofName = batches.get(name) ?? new Map<number, number[]>();
    const indexes = ofName.get(expectedBatch) ?? [];
    indexes.push(Number(index));
    batches.set(name, ofName.set(expectedBatch, indexes));
  }
  return batches;
}

/** Partitions a member ever said it owns. */
function ownedBy(lines: readonly string[]): Set<string> {
  return new Set(lines.filter((line) => line.startsWith('own ')));
}

interface DoneRange {
  readonly partition: string;
  readonly first: number;
  readonly next: number;
}

function rangesOf(lines: readonly string[]): DoneRange[] {
  return lines
    .map((line) => line.split(' '))
    .filter(([kind]) => kind === 'done')
    .map(([, partition = '', first, next]) => ({
      partition,
      first: Number(first),
      next: Number(next),
    }));
}

/** A range committed in the moment of the kill may be unsaid, so holes are fine here; overlaps never are. */
function expectNoneTwice(ranges: readonly DoneRange[]): void {
  for (let partition = 0; partition < PARTITION_COUNT; partition += 1) {
    const own = ranges
      .filter((range) => range.partition === String(partition))
      .toSorted((a, b) => a.first - b.first);
    expect(own.length).toBeGreaterThan(0);
    for (const [index, { first }] of own.entries()) {
      expect(first).toBeGreaterThanOrEqual(own[index - 1]?.next ?? 0);
    }
  }
}
