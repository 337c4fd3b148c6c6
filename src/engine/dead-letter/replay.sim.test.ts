import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  replayHeader,
  REPLAY_HEADER,
  type DeadLetter,
  type LetterFilter,
  type ReplayMark,
  type ReplayRun,
  type ReplayStore,
} from '../model/dead-letter.js';
import { AtbdError } from '../model/error.js';
import { MATCH_ALL } from '../model/filter.js';
import type { QueueMessage, QueueRecord, RecordBatch } from '../model/queue.js';
import { parseChange } from './repair-letter.js';
import { replayLetters, type ReplayResult, type ReplayWorld } from './replay.js';

class Crash extends Error {}

const ALL: LetterFilter = {
  reasons: [],
  topics: [],
  fromNs: null,
  toNs: null,
  where: MATCH_ALL,
  state: null,
};

const SHARD_COUNT = 2;
const PARTITION_COUNT = 2;

/** A queue of two partitions and a store of two shards; each step that a process takes between them can be its last. */
class World {
  readonly log: QueueRecord[][] = Array.from({ length: PARTITION_COUNT }, () => []);
  readonly letters: DeadLetter[];
  readonly marks: Set<string>[] = Array.from({ length: SHARD_COUNT }, () => new Set());
  readonly runs: { begun: Map<string, ReplayRun>; ended: Set<string> }[] = Array.from(
    { length: SHARD_COUNT },
    () => ({ begun: new Map<string, ReplayRun>(), ended: new Set<string>() }),
  );
  identity = 'one';
  /** First offset that is still there, per partition. */
  readonly start = new Array<bigint>(PARTITION_COUNT).fill(0n);
  #stepsLeft = Infinity;
  #runCount = 0;

  constructor(letterCount: number, trafficCount: number) {
    this.letters = Array.from({ length: letterCount }, (_, n) => letterAt(n));
    for (let n = 0; n < trafficCount; n += 1) this.#append({ key: null, value: `{"n":${n}}` });
  }

  /** How often each letter is in the queue, in order of their places. */
  get sentCounts(): number[] {
    const headers = this.log.flat().map(({ headers: given }) => given?.[REPLAY_HEADER]);
    return this.letters.map(
      (letter) => headers.filter((header) => header === replayHeader(letter)).length,
    );
  }

  /** A process that dies before its next step once it has taken so many; undefined when it died. */
  async live(
    crashAtStep: number,
    options: { readonly isOtherGone?: boolean; readonly takeOver?: boolean } = {},
  ): Promise<ReplayResult | undefined> {
    const { isOtherGone = true, takeOver = false } = options;
    this.#stepsLeft = crashAtStep;
    const id = `run-${this.#runCount++}`;
    const self = { id, who: 'ops', host: 'h', pid: 1, born: null, filter: '', changes: '' };
    const changes = [parseChange('message=@raw')];
    const world = this.#world(() => isOtherGone);
    try {
      return await replayLetters(
        { self, filter: ALL, changes, mappers: new Map(), topics: ['events'], takeOver },
        world,
      );
    } catch (error) {
      if (error instanceof Crash) return undefined;
      throw error;
    }
  }

  async #step(): Promise<void> {
    await Promise.resolve();
    if (this.#stepsLeft <= 0) throw new Crash();
    this.#stepsLeft -= 1;
  }

  #world(isGone: () => boolean): ReplayWorld {
    return {
      queue: {
        kind: 'embedded',
        describeTopic: async () => {
          await this.#step();
          const partitions = this.log.map((records, partition) => ({
            partition,
            start: this.start[partition] ?? 0n,
            end: BigInt(records.length),
          }));
          return { name: 'events', identity: this.identity, partitions };
        },
        read: ({ fromOffsets, untilOffsets }) => this.#read(fromOffsets, untilOffsets),
        createProducer: async () => {
          await this.#step();
          return {
            send: (_topic, messages) => this.#send(messages),
            [Symbol.asyncDispose]: () => Promise.resolve(),
          };
        },
      },
      store: this.#store(),
      clock: { nowMs: () => 0, sleep: () => Promise.resolve() },
      signal: new AbortController().signal,
      isGone,
    };
  }

  async *#read(
    from: ReadonlyMap<number, bigint>,
    until: ReadonlyMap<number, bigint> | undefined,
  ): AsyncGenerator<RecordBatch> {
    for (const [partition, first] of from) {
      const end = until?.get(partition) ?? 0n;
      const records = (this.log[partition] ?? []).filter(
        ({ offset }) => offset >= first && offset < end,
      );
      for (const record of records) {
        await this.#step();
        yield { topic: 'events', partition, records: [record] };
      }
    }
  }

  /** Others send meanwhile; and a process may die when a part of what it sent has arrived. */
  async #send(messages: readonly QueueMessage[]): Promise<void> {
    for (const message of messages) {
      await this.#step();
      this.#append({ key: null, value: '{"traffic":true}' });
      this.#append(message);
    }
    await this.#step();
  }

  #append({ value, headers }: QueueMessage): void {
    const total = this.log.reduce((sum, records) => sum + records.length, 0);
    const log = this.log[total % PARTITION_COUNT] ?? [];
    const bytes = Buffer.from(value ?? '');
    log.push({ offset: BigInt(log.length), timestampMs: 0, key: null, value: bytes, headers });
  }

  #store(): ReplayStore {
    const onAll = async (write: (shard: number) => void): Promise<void> => {
      for (let shard = 0; shard < SHARD_COUNT; shard += 1) {
        await this.#step();
        write(shard);
      }
      await this.#step();
    };
    return {
      readWaiting: async (_filter, { after }) => {
        await this.#step();
        const from = after === null ? 0 : Number(after.offset) + 1;
        // A letter is on one shard, and that shard's marks count.
        const waiting = this.letters.filter(
          (letter, n) =>
            n >= from && this.marks[n % SHARD_COUNT]?.has(replayHeader(letter)) !== true,
        );
        return waiting.slice(0, PAGE_LETTERS);
      },
      beginRun: (run) => onAll((shard) => this.runs[shard]?.begun.set(run.id, run)),
      openRuns: async () => {
        await this.#step();
        const ended = new Set(this.runs.flatMap((each) => [...each.ended]));
        const begun = new Map(this.runs.flatMap((each) => [...each.begun]));
        return [...begun.values()].filter(({ id }) => !ended.has(id));
      },
      markReplayed: (_run, marks: readonly ReplayMark[]) =>
        onAll((shard) => {
          for (const mark of marks) this.marks[shard]?.add(replayHeader(mark));
        }),
      endRun: (id) => onAll((shard) => this.runs[shard]?.ended.add(id)),
    };
  }
}

const PAGE_LETTERS = 3;

function letterAt(n: number): DeadLetter {
  const raw = Buffer.from(`line ${n}`);
  return {
    ...{ topic: 'events', epoch: 1, partition: 0, offset: BigInt(n) },
    ...{ state: 'waiting', reason: 'invalid_json', timeMs: 0, storedAtMs: 0, producer: '' },
    ...{ key: Buffer.alloc(0), size: raw.length, sample: raw, raw },
  };
}

/** More steps than any run here takes. */
const STEPS_MAX = 400;

describe('a replay', () => {
  it('sends each letter once, and a second run finds none', async () => {
    const world = new World(8, 5);
    expect(await world.live(Infinity)).toEqual({ sent: 8, refused: {}, recovered: 0 });
    expect(await world.live(Infinity)).toEqual({ sent: 0, refused: {}, recovered: 0 });
    expect(world.sentCounts).toEqual(new Array(8).fill(1));
  });

  it('that is killed before any of its steps, and again at any step of the run after it, sends each letter once', async () => {
    let first = 0;
    for (; first < STEPS_MAX; first += 1) {
      // Every step of the run after it would be 10,000 histories; these meet each of its phases.
      for (let second = first % 3; second < 60; second += 3) {
        const world = new World(7, 3);
        const ended = await world.live(first);
        await world.live(second);
        await world.live(Infinity);
        expect(world.sentCounts, `killed at ${first}, then ${second}`).toEqual(
          new Array(7).fill(1),
        );
        if (ended !== undefined) return;
      }
    }
    throw new Error('no run came to its end');
  });

  it('that is killed at any steps of as many lives as you like sends each letter once', async () => {
    const lives = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 12 }), lives, async (count, crashes) => {
        const world = new World(count, 4);
        for (const crashAtStep of crashes) await world.live(crashAtStep);
        await world.live(Infinity);
        expect(world.sentCounts).toEqual(new Array(count).fill(1));
      }),
      { numRuns: 500 },
    );
  });

  it('gives way to one that goes on: of two at once none sends what the other does', async () => {
    const world = new World(9, 2);
    const outcomes = await Promise.allSettled([
      world.live(Infinity, { isOtherGone: false }),
      world.live(Infinity, { isOtherGone: false }),
    ]);
    expect(Math.max(...world.sentCounts)).toBeLessThanOrEqual(1);
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const outcome of refused) {
      const reason: unknown = (outcome as PromiseRejectedResult).reason;
      expect((reason as AtbdError).code).toBe('REPLAY_RUNNING');
    }
    await world.live(Infinity);
    expect(world.sentCounts).toEqual(new Array(9).fill(1));
  });

  it('does not guess what a killed one sent where the queue has trimmed since', async () => {
    const world = new World(4, 2);
    // Far enough that all is sent, and nothing is marked.
    await world.live(20);
    expect(Math.max(...world.sentCounts)).toBe(1);
    world.start[0] = 5n;
    await expect(world.live(Infinity)).rejects.toMatchObject({ code: 'REPLAY_IN_DOUBT' });
    await expect(world.live(Infinity, { takeOver: true })).resolves.toMatchObject({ refused: {} });
  });

  it('does not guess either where the topic was made again', async () => {
    const world = new World(4, 2);
    await world.live(20);
    world.identity = 'two';
    await expect(world.live(Infinity)).rejects.toMatchObject({ code: 'REPLAY_IN_DOUBT' });
  });
});
