import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Clock } from '../model/clock.js';
import type { RecordBatch } from '../model/queue.js';
import { OutputFile, type TailSink } from './output-file.js';
import { readCursor } from './tail-cursor.js';
import { Tail } from './tail.js';

const RECORD_COUNT = 40;
const NEVER = new AbortController().signal;

/** A clock on which a save is due now and then; nothing happens while the tail is idle. */
function createClock(stepMs: number): Clock {
  let nowMs = 0;
  return {
    nowMs: () => (nowMs += stepMs),
    sleep: (_delayMs, signal) =>
      new Promise((resolve) => {
        signal?.addEventListener('abort', () => {
          resolve();
        });
      }),
  };
}

/**
 * A file whose process is killed at its `killAt`-th operation: a write may be cut in half, and after
 * it nothing reaches the disk. Every save begins with `sync`, so no position is kept either.
 */
class KilledFile implements TailSink {
  readonly #file: OutputFile;
  #operationsLeft: number;

  constructor(file: OutputFile, killAt: number) {
    this.#file = file;
    this.#operationsLeft = killAt;
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  async write(lines: Buffer): Promise<void> {
    if (this.#isKilled()) {
      if (this.#operationsLeft === 0) await this.#file.write(lines.subarray(0, lines.length / 2));
      throw new Error('killed');
    }
    await this.#file.write(lines);
  }

  async sync(): Promise<void> {
    if (this.#isKilled()) throw new Error('killed');
    await this.#file.sync();
  }

  #isKilled(): boolean {
    this.#operationsLeft -= 1;
    return this.#operationsLeft <= 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file[Symbol.asyncDispose]();
  }
}

async function* batchesFrom(from: bigint, size: number): AsyncIterable<RecordBatch> {
  for (let first = Number(from); first < RECORD_COUNT; first += size) {
    const count = Math.min(size, RECORD_COUNT - first);
    const records = Array.from({ length: count }, (_, index) => ({
      offset: BigInt(first + index),
      timestampMs: 0,
      key: null,
      value: Buffer.from('{}'),
      headers: undefined,
    }));
    yield await Promise.resolve({ topic: 'events', partition: 0, records });
  }
}

interface Life {
  readonly killAt: number;
  readonly batchSize: number;
  readonly clockStepMs: number;
}

/** One process from start to kill (or to the end), as `atbd tail --resume --output` runs it. */
async function live(folder: string, { killAt, batchSize, clockStepMs }: Life): Promise<void> {
  const path = join(folder, 'out');
  const cursorPath = join(folder, 'cursor.json');
  const kept = await readCursor(cursorPath);
  const file = await OutputFile.open(path, kept?.output?.bytes ?? null);
  await using sink = new KilledFile(file, killAt);
  const output = { path, bytes: sink.bytes };
  const cursor = kept ?? {
    topic: 'events',
    identity: 'a',
    positions: new Map([[0, 0n]]),
    output,
  };
  const tail = new Tail(cursor, {
    match: undefined,
    until: undefined,
    limit: RECORD_COUNT + 1,
    render: (_read, { record }) => Buffer.from(`line ${record.offset}\n`),
    sink,
    cursorPath,
    clock: createClock(clockStepMs),
    signal: NEVER,
  });
  const from = cursor.positions.get(0) ?? 0n;
  await tail.run(batchesFrom(from, batchSize)).catch(() => undefined);
}

it('has each line exactly once in the file, at whatever step its processes are killed', async () => {
  const life = fc.record({
    killAt: fc.integer({ min: 1, max: 40 }),
    batchSize: fc.integer({ min: 1, max: 9 }),
    clockStepMs: fc.constantFrom(0, 90, 300),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(life, { maxLength: 5 }), async (lives) => {
      const folder = await mkdtemp(join(tmpdir(), 'atbd-tail-sim-'));
      for (const each of lives) await live(folder, each);
      const killAt = Number.POSITIVE_INFINITY;
      await live(folder, { killAt, batchSize: 7, clockStepMs: 300 });
      const expected = Array.from({ length: RECORD_COUNT }, (_, n) => `line ${n}\n`).join('');
      const found = await readFile(join(folder, 'out'), 'utf8');
      await rm(folder, { recursive: true });
      expect(found).toBe(expected);
    }),
    { numRuns: 60 },
  );
});
