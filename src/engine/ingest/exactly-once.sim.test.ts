import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Chunk, ChunkStore, TopicEpoch } from '../model/chunk.js';
import type { Clock } from '../model/clock.js';
import { AtbdError } from '../model/error.js';
import type { GroupPosition, OwnedPartition, QueueRecord } from '../model/queue.js';
import { recordsOf, runOf } from '../model/record-run.js';
import { IngestCounters } from './ingest-counters.js';
import { InsertPace } from './insert-pace.js';
import { ingestPartition } from './partition-ingest.js';

/** One history: when the process dies, which inserts fail (before or after they took effect), what the log holds. */
interface History {
  readonly recordCount: number;
  readonly holeEvery: number;
  readonly recordsMax: number;
  /** One life each: the process dies after so many steps; the group's commit may be lost after it. */
  readonly lives: readonly { readonly crashAtStep: number; readonly isCommitLost: boolean }[];
  /** How many records each read gives: no two lives see the same batches. */
  readonly readSizes: readonly number[];
  readonly insertFaults: readonly ('none' | 'lost' | 'timeout' | 'half')[];
}

const history: fc.Arbitrary<History> = fc.record({
  recordCount: fc.integer({ min: 0, max: 60 }),
  holeEvery: fc.integer({ min: 2, max: 9 }),
  recordsMax: fc.integer({ min: 1, max: 12 }),
  lives: fc.array(
    fc.record({ crashAtStep: fc.integer({ min: 0, max: 25 }), isCommitLost: fc.boolean() }),
    { maxLength: 12 },
  ),
  readSizes: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 30 }),
  insertFaults: fc.array(fc.constantFrom('none', 'lost', 'timeout', 'half'), { maxLength: 20 }),
});

class Crash extends Error {}

/** A world in which every step between worker, queue and store can be the last one of a life. */
class World {
  readonly log: QueueRecord[] = [];
  readonly events: bigint[] = [];
  readonly ledger: { first: bigint; last: bigint }[] = [];
  readonly epochs: TopicEpoch[] = [];
  committed: GroupPosition | null = null;
  /** Targets of one insert, each with the tokens it has seen: a chunk may reach one and not the other. */
  readonly #seen = { events: new Set<string>(), ledger: new Set<string>() };
  readonly #faults: string[];
  readonly #readSizes: readonly number[];
  #readCount = 0;
  #stepsLeft = Infinity;

  constructor({ recordCount, holeEvery, insertFaults, readSizes }: History) {
    this.#faults = [...insertFaults];
    this.#readSizes = readSizes;
    for (let offset = 0; offset < recordCount; offset += 1) {
      if (offset % holeEvery === 1) continue;
      const value = Buffer.from(`{"n":${offset}}`);
      this.log.push({
        offset: BigInt(offset),
        timestampMs: 0,
        key: null,
        value,
        headers: undefined,
      });
    }
  }

  async live(recordsMax: number, crashAtStep: number): Promise<void> {
    this.#stepsLeft = crashAtStep;
    const stop = new AbortController();
    try {
      await ingestPartition(this.#partition(stop), {
        store: this.#store(),
        clock: instantClock,
        limits: { recordsMax, bytesMax: 1_000_000 },
        observer: new IngestCounters(() => undefined),
        partitionCount: 1,
        pace: new InsertPace(instantClock),
      });
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    stop.abort(new Error('end of this life'));
  }

  /**
   * The group's offsets are gone (expired, deleted). What the ledger has is not sent again. Lost together with
   * a chunk on its way they could not be made good: that takes two failures at once.
   */
  loseCommit(): void {
    if (this.committed?.intent?.includes('-') !== true) this.committed = null;
  }

  /** Every call to the outside is a step; the process dies before one. */
  async #step(): Promise<void> {
    await Promise.resolve();
    if (this.#stepsLeft <= 0) throw new Crash();
    this.#stepsLeft -= 1;
  }

  #partition(stop: AbortController): OwnedPartition {
    let cursor = this.committed?.position ?? 0n;
    const end = (this.log.at(-1)?.offset ?? -1n) + 1n;
    return {
      topic: 'events',
      partition: 0,
      topicIdentity: 'one',
      committed: this.committed,
      range: { partition: 0, start: 0n, end },
      signal: stop.signal,
      read: async () => {
        await this.#step();
        const size = this.#readSizes[this.#readCount++ % this.#readSizes.length] ?? 1;
        const records = this.log.filter(({ offset }) => offset >= cursor).slice(0, size);
        cursor = (records.at(-1)?.offset ?? cursor - 1n) + 1n;
        if (records.length > 0) return [runOf(records)];
        if (this.committed?.intent?.includes('-') !== true) stop.abort(new Error('all read'));
        return undefined;
      },
      seek: (offset) => {
        cursor = offset;
      },
      commit: async (position) => {
        await this.#step();
        this.committed = position;
      },
      pause: () => undefined,
      resume: () => undefined,
    };
  }

  #store(): ChunkStore {
    return {
      writeChunk: async (chunk) => {
        await this.#step();
        const fault = this.#faults.shift() ?? 'none';
        const unsure = new AtbdError({ code: 'TIMEOUT', message: 'cannot say', hint: 'again' });
        if (fault === 'lost') throw unsure;
        this.#insert('events', chunk);
        if (fault === 'half') throw unsure;
        this.#insert('ledger', chunk);
        await this.#step();
        if (fault === 'timeout') throw unsure;
      },
      assignShards: () => Promise.resolve(new Map([[0, 0]])),
      ledgerEnd: async () => {
        await this.#step();
        const last = this.ledger.reduce((most, line) => (line.last > most ? line.last : most), -1n);
        return this.ledger.length === 0 ? null : last + 1n;
      },
      listEpochs: () => Promise.resolve(this.epochs),
      addEpoch: (epoch) => {
        this.epochs.push(epoch);
        return Promise.resolve();
      },
    };
  }

  #insert(target: 'events' | 'ledger', chunk: Chunk): void {
    const token = `${chunk.epoch}/${chunk.first.toString()}-${chunk.last.toString()}`;
    if (this.#seen[target].has(token)) return;
    this.#seen[target].add(token);
    if (target === 'ledger') this.ledger.push({ first: chunk.first, last: chunk.last });
    else this.events.push(...recordsOf(chunk.runs).map(({ offset }) => offset));
  }
}

const instantClock: Clock = { nowMs: () => 0, sleep: () => Promise.resolve() };

describe('exactly once', () => {
  it('holds for every history of crashes and doubtful inserts', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (facts) => {
        const world = new World(facts);
        for (const { crashAtStep, isCommitLost } of facts.lives) {
          await world.live(facts.recordsMax, crashAtStep);
          if (isCommitLost) world.loseCommit();
        }
        await world.live(facts.recordsMax, Infinity);

        expect(world.events).toEqual(world.log.map(({ offset }) => offset));
        let next = 0n;
        for (const { first, last } of world.ledger) {
          expect(first).toBe(next);
          next = last + 1n;
        }
        expect(next).toBe((world.log.at(-1)?.offset ?? -1n) + 1n);
      }),
      { numRuns: 2_000 },
    );
  });
});
