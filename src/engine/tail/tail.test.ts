import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../model/clock.js';
import type { RecordBatch } from '../model/queue.js';
import { OutputFile, type TailSink } from './output-file.js';
import { readCursor, writeCursor, type TailCursor } from './tail-cursor.js';
import { Tail, type TailOptions, type TailResult } from './tail.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atbd-tail-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const START: TailCursor = {
  topic: 'events',
  identity: 'a',
  positions: new Map([[0, 0n]]),
  output: null,
};

/** Records 0 to count-1 of partition 0 in batches of `size`; number `broken` is not JSON. */
async function* batchesOf(count: number, size: number, broken = -1): AsyncIterable<RecordBatch> {
  for (let from = 0; from < count; from += size) {
    const numbers = Array.from(
      { length: Math.min(size, count - from) },
      (_, index) => from + index,
    );
    const records = numbers.map((n) => ({
      offset: BigInt(n),
      timestampMs: 0,
      key: null,
      value: Buffer.from(n === broken ? 'not json' : JSON.stringify({ n })),
      headers: undefined,
    }));
    yield await Promise.resolve({ topic: 'events', partition: 0, records });
  }
}

function createMemorySink(lines: string[]): TailSink {
  return {
    bytes: null,
    write: (buffer) => {
      lines.push(...buffer.toString().trimEnd().split('\n'));
      return Promise.resolve();
    },
    sync: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function optionsWith(options: Partial<TailOptions> & Pick<TailOptions, 'sink'>): TailOptions {
  return {
    match: undefined,
    until: undefined,
    limit: Number.POSITIVE_INFINITY,
    render: (read, { record }) => Buffer.from(`${record.offset} ${read.kind}\n`),
    cursorPath: undefined,
    clock: systemClock,
    signal: new AbortController().signal,
    ...options,
  };
}

async function tailed(
  options: Partial<TailOptions>,
  batches = batchesOf(10, 4),
): Promise<{ lines: string[]; result: TailResult }> {
  const lines: string[] = [];
  const sink = createMemorySink(lines);
  const result = await new Tail(START, optionsWith({ sink, ...options })).run(batches);
  return { lines, result };
}

describe('Tail', () => {
  it('shows each record and counts the dead letters', async () => {
    const { lines, result } = await tailed({}, batchesOf(5, 2, 3));
    expect(lines).toEqual(['0 event', '1 event', '2 event', '3 deadLetter', '4 event']);
    expect(result).toEqual({ end: 'aborted', shownCount: 5, deadLetterCount: 1 });
  });

  it('shows each event of a record that holds many, and ends among them', async () => {
    const read: TailOptions['read'] = ({ offset }) =>
      ['a', 'b'].map((name) => ({ kind: 'event', event: { name: `${offset}${name}` } }));
    const render: TailOptions['render'] = (each) =>
      Buffer.from(`${each.kind === 'event' ? String(each.event['name']) : ''}\n`);
    const { lines, result } = await tailed({ read, render, limit: 3 });
    expect(lines).toEqual(['0a', '0b', '1a']);
    expect(result).toMatchObject({ end: 'limit', shownCount: 3 });
    const named = await tailed({ read, render, limit: 3, cursorPath: join(folder, 'named') });
    expect(named.lines).toEqual(['0a', '0b', '1a', '1b']);
  });

  it('leaves dead letters out where a filter is set, but counts them', async () => {
    const { lines, result } = await tailed({ match: () => true }, batchesOf(3, 2, 1));
    expect(lines).toEqual(['0 event', '2 event']);
    expect(result.deadLetterCount).toBe(1);
  });

  it('ends within a batch at the limit, and keeps the position after the last line', async () => {
    const cursorPath = join(folder, 'n.json');
    const { lines, result } = await tailed({ limit: 6, cursorPath });
    expect(lines).toHaveLength(6);
    expect(result.end).toBe('limit');
    expect((await readCursor(cursorPath))?.positions.get(0)).toBe(6n);
  });

  it('ends with the first event that --until asks for, and shows it although the filter does not', async () => {
    const until = (event: Readonly<Record<string, unknown>>): boolean => event['n'] === 5;
    const { lines, result } = await tailed({ match: () => false, until });
    expect(lines).toEqual(['5 event']);
    expect(result.end).toBe('until');
  });

  it('moves the position past what a filter leaves out', async () => {
    const cursorPath = join(folder, 'n.json');
    await tailed({ match: () => false, cursorPath });
    expect((await readCursor(cursorPath))?.positions.get(0)).toBe(10n);
  });

  it('keeps the position before the first line, so that an early kill loses nothing', async () => {
    const cursorPath = join(folder, 'n.json');
    const sink: TailSink = {
      ...createMemorySink([]),
      write: () => Promise.reject(new Error('the pipe broke')),
    };
    const tail = new Tail(START, optionsWith({ sink, cursorPath }));
    await expect(tail.run(batchesOf(4, 2))).rejects.toThrow('the pipe broke');
    expect((await readCursor(cursorPath))?.positions.get(0)).toBe(0n);
  });

  it('cuts off what was written after the kept position and writes it again', async () => {
    const path = join(folder, 'out.txt');
    const cursorPath = join(folder, 'n.json');
    const whole = '0 event\n1 event\n2 event\n';
    // As a kill leaves it: position and length after two lines, the third one written in half.
    await writeFile(path, '0 event\n1 event\n2 ev');
    const positions = new Map([[0, 2n]]);
    const output = { path, bytes: Buffer.byteLength('0 event\n1 event\n') };
    await writeCursor(cursorPath, { ...START, positions, output });
    const kept = (await readCursor(cursorPath))!;
    await using sink = await OutputFile.open(path, kept.output!.bytes);
    expect(await readFile(path, 'utf8')).toBe('0 event\n1 event\n');
    const rest = batchesFrom(batchesOf(3, 1), kept.positions.get(0)!);
    await new Tail(kept, optionsWith({ sink, cursorPath })).run(rest);
    expect(await readFile(path, 'utf8')).toBe(whole);
    expect(await readCursor(cursorPath)).toMatchObject({
      positions: new Map([[0, 3n]]),
      output: { path, bytes: whole.length },
    });
  });

  it('does not go on in a file that is shorter than what was written', async () => {
    const path = join(folder, 'out.txt');
    await writeFile(path, '0');
    await expect(OutputFile.open(path, 8)).rejects.toThrow(
      `cannot go on in ${path}: it has 1 bytes, and 8 were written`,
    );
  });

  it('refuses a position file that it did not write', async () => {
    const path = join(folder, 'n.json');
    await writeFile(path, '{"version":1,"topic":"events"}');
    await expect(readCursor(path)).rejects.toThrow(`cannot read the position kept in ${path}`);
  });
});

async function* batchesFrom(
  batches: AsyncIterable<RecordBatch>,
  from: bigint,
): AsyncIterable<RecordBatch> {
  for await (const batch of batches) if (batch.records[0]!.offset >= from) yield batch;
}
