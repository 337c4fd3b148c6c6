import { inspect } from 'node:util';
import type { Chunk, ChunkStore, TopicEpoch } from '../../model/chunk.js';
import type { OwnedPartition } from '../../model/queue.js';
import { createRandom, type Random } from '../../model/random.js';
import { decodeIntent } from '../../model/intent.js';
import { IngestCounters } from '../ingest-counters.js';
import { InflightBudget } from '../inflight-budget.js';
import { InsertPace } from '../insert-pace.js';
import { ingestPartition } from '../partition-ingest.js';
import { Scheduler } from './scheduler.js';
import { SimulatedPartition } from './simulated-group.js';
import { DEAD_EVERY, SimulatedShard, unsure } from './simulated-shard.js';

/** Ways to break the protocol, so that the simulation can be seen to find them. */
export type Break =
  | 'an open chunk is not sent again'
  | 'a chunk is cut anew after an error'
  | 'the commit does not wait for the insert'
  | 'who lost the partition may commit'
  | 'a shard keeps tokens without rows';

const PARTITION_COUNT = 2;
const SHARD_COUNT = 2;
const FAULTS_MAX = 14;
/** Between two faults. */
const STEPS_MAX = 30;
/** A history that needs more does not end. */
const STEPS_END = 20_000;

/**
 * Queue, group, workers and shards in one process, with the real worker's code: one seed, one history. Workers die between any two
 * of their calls, lose partitions and go on as zombies; shards die between any two targets of an insert and are slow; answers are lost, requests arrive
 * twice or late, offsets expire. In the end all is well again and the work is finished.
 */
export class IngestWorld {
  readonly #broken: Break | undefined;
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #partitions: readonly SimulatedPartition[];
  readonly #shards: readonly SimulatedShard[];
  readonly #epochs: TopicEpoch[] = [];
  readonly #recordsMax: number;
  #actorCount = 0;
  /** Who owns which partition. */
  readonly #actors = new Map<number, string>();
  #bug: unknown;
  /** How often a worker died, or became a zombie, at which moment of a chunk. */
  readonly hits = { idle: 0, announced: 0, betweenTargets: 0, filled: 0 };

  constructor(seed: number, broken?: Break) {
    const random = createRandom(seed);
    const scheduler = new Scheduler(random);
    this.#broken = broken;
    this.#random = random;
    this.#scheduler = scheduler;
    this.#recordsMax = 1 + random.integerBelow(12);
    const isFenced = broken !== 'who lost the partition may commit';
    this.#partitions = Array.from(
      { length: PARTITION_COUNT },
      (_, partition) => new SimulatedPartition(partition, { random, scheduler, isFenced }),
    );
    this.#shards = Array.from(
      { length: SHARD_COUNT },
      (_, shard) => new SimulatedShard(`shard ${shard}`, random, scheduler),
    );
    if (random.next() < 0.3) scheduler.slow.add(`shard ${random.integerBelow(SHARD_COUNT)}`);
  }

  /** Plays the history to its end; the faults found, none when all is stored once. */
  async play(): Promise<string[]> {
    for (const [partition] of this.#partitions.entries()) this.#assign(partition);
    const faultCount = this.#random.integerBelow(FAULTS_MAX + 1);
    for (let fault = 0; fault < faultCount; fault += 1) {
      await this.#steps(1 + this.#random.integerBelow(STEPS_MAX));
      this.#fault();
    }
    for (const shard of this.#shards) this.#start(shard);
    for (let step = 0; this.#partitions.some(({ isDone }) => !isDone); step += 1) {
      if (step > STEPS_END) return ['it does not come to an end'];
      if (!(await this.#steps(1))) return ['nobody has anything to do, and not all is stored'];
      if (this.#bug !== undefined) return [`a bug: ${inspect(this.#bug)}`];
    }
    // Owners and zombies stop; what is under way at the shards arrives late.
    for (const partition of this.#partitions) partition.revoke();
    for (let actor = 1; actor <= this.#actorCount; actor += 1) this.#scheduler.end(nameOf(actor));
    while (await this.#steps(1));
    return this.#partitions.flatMap((log, partition) => this.#faultsOf(log, partition));
  }

  async #steps(count: number): Promise<boolean> {
    for (let step = 0; step < count; step += 1) {
      if (!(await this.#scheduler.next())) return false;
    }
    return true;
  }

  #hit(partition: number): void {
    const { committed } = this.#partitions[partition]!;
    const open = decodeIntent(committed?.intent ?? null)?.open;
    if (!open) {
      this.hits.idle += 1;
      return;
    }
    const token = tokenOf({ epoch: 1, partition, ...open });
    const targets = Object.values(this.#shards[open.shard]!.targets);
    const filled = targets.filter(({ tokens }) => tokens.has(token)).length;
    const isWhole = filled === targets.length;
    this.hits[filled === 0 ? 'announced' : isWhole ? 'filled' : 'betweenTargets'] += 1;
  }

  #fault(): void {
    const partition = this.#random.integerBelow(PARTITION_COUNT);
    const shard = this.#shards[this.#random.integerBelow(SHARD_COUNT)]!;
    const faults = [
      // The worker is killed.
      () => {
        this.#scheduler.end(this.#actors.get(partition)!);
        this.#assign(partition);
      },
      // Another worker joins, and the old owner is told.
      () => {
        this.#partitions[partition]!.revoke();
        this.#assign(partition);
      },
      // The old owner was only thought to be dead.
      () => {
        this.#assign(partition);
      },
      () => {
        shard.kill();
      },
      () => {
        this.#start(shard);
      },
      () => {
        shard.timeOut();
      },
      () => {
        this.#scheduler.end(this.#actors.get(partition)!);
        this.#partitions[partition]!.loseCommit();
        this.#assign(partition);
      },
    ];
    faults[this.#random.integerBelow(faults.length)]!();
  }

  #start(shard: SimulatedShard): void {
    shard.start({ forgetsTorn: this.#broken !== 'a shard keeps tokens without rows' });
  }

  #assign(partition: number): void {
    this.#hit(partition);
    this.#actorCount += 1;
    const actor = nameOf(this.#actorCount);
    this.#actors.set(partition, actor);
    const owned = this.#partitions[partition]!.assign(actor);
    void this.#work(actor, owned).catch((error: unknown) => {
      // One that was fenced ends so; its queue client would join again.
      if ((error as { code?: string }).code !== 'QUEUE_FENCED') this.#bug = error;
    });
  }

  #work(actor: string, owned: OwnedPartition): Promise<void> {
    const clock = this.#scheduler.clockOf(actor);
    const { committed } = owned;
    const isForgotten = this.#broken === 'an open chunk is not sent again' && committed !== null;
    return ingestPartition(
      isForgotten ? { ...owned, committed: { ...committed, intent: 'v1 e1' } } : owned,
      {
        store: this.#storeOf(actor),
        clock,
        limits: { recordsMax: this.#recordsMax, bytesMax: 1_000_000 },
        observer: new IngestCounters(() => undefined),
        partitionCount: PARTITION_COUNT,
        pace: new InsertPace(clock),
        budget: new InflightBudget(),
      },
    );
  }

  #storeOf(actor: string): ChunkStore {
    const ask = <T>(answer: () => T): Promise<T> =>
      this.#scheduler.step(actor, () => {
        if (this.#random.next() < LOST_SHARE) throw unsure();
        return answer();
      });
    const attempts = new Map<string, number>();
    return {
      writeChunk: async (chunk) => {
        const token = tokenOf(chunk);
        const attempt = (attempts.get(token) ?? 0) + 1;
        attempts.set(token, attempt);
        await ask(() => undefined);
        const isCut = this.#broken === 'a chunk is cut anew after an error' && attempt > 1;
        const sent = Promise.all(
          (isCut ? cutAnew(chunk) : [chunk]).map((each) => this.#send(each)),
        );
        if (this.#broken === 'the commit does not wait for the insert') {
          sent.catch(() => undefined);
          return;
        }
        await sent;
        // The answer takes its way, too.
        await ask(() => undefined);
      },
      assignShards: () =>
        ask(
          () =>
            new Map(this.#partitions.map((_, partition) => [partition, partition % SHARD_COUNT])),
        ),
      ledgerEnd: ({ partition }) => ask(() => this.#ledgerEnd(partition)),
      listEpochs: () => ask(() => [...this.#epochs]),
      addEpoch: (epoch) =>
        ask(() => {
          this.#epochs.push(epoch);
        }),
    };
  }

  async #send(chunk: Chunk): Promise<void> {
    const shard = this.#shards[chunk.shard]!;
    const token = tokenOf(chunk);
    // A request that arrives twice: nobody waits for the second.
    if (this.#random.next() < TWICE_SHARE) shard.insert(token, chunk).catch(() => undefined);
    await shard.insert(token, chunk);
  }

  #ledgerEnd(partition: number): bigint | null {
    const ends = this.#rows('ledger', partition).map((row) => BigInt(row.split('-')[1]!) + 1n);
    return ends.reduce<bigint | null>(
      (most, end) => (most === null || end > most ? end : most),
      null,
    );
  }

  #rows(target: keyof SimulatedShard['targets'], partition: number): string[] {
    const prefix = `${partition}/`;
    return this.#shards.flatMap(({ targets }) =>
      targets[target].rows
        .filter((row) => row.startsWith(prefix))
        .map((row) => row.slice(prefix.length)),
    );
  }

  #faultsOf({ records, end }: SimulatedPartition, partition: number): string[] {
    const isDead = (offset: bigint): boolean => offset % DEAD_EVERY === 0n;
    const offsets = records.map(({ offset }) => offset);
    const events = offsets.filter((offset) => !isDead(offset)).map(String);
    const dead = offsets.filter(isDead).map(String);
    const faults = [
      ...differences(`events of ${partition}`, events, this.#rows('events', partition)),
      ...differences(`figures of ${partition}`, events, this.#rows('figures', partition)),
      ...differences(`dead letters of ${partition}`, dead, this.#rows('dead', partition)),
    ];
    let next = 0n;
    const lines = this.#rows('ledger', partition).map((row) => row.split('-').map(BigInt));
    for (const [first, last] of lines.sort((a, b) => Number(a[0]! - b[0]!))) {
      if (first !== next)
        faults.push(`ledger of ${partition}: ${String(first)} where ${next} was due`);
      next = last! + 1n;
    }
    if (next !== end) faults.push(`ledger of ${partition}: ends at ${next}, not ${end}`);
    return faults;
  }
}

function nameOf(actor: number): string {
  return `worker ${actor}`;
}

const LOST_SHARE = 0.05;
const TWICE_SHARE = 0.05;

function tokenOf({ epoch, partition, first, last, shard }: Omit<Chunk, 'topic' | 'runs'>): string {
  return `${epoch}/${partition}/${first}-${last}/${shard}`;
}

/** As one would who sends only what he thinks is missing. */
function cutAnew(chunk: Chunk): Chunk[] {
  const [run] = chunk.runs;
  if (!run || run.recordCount < 2) return [chunk];
  const last = run.offsetAt(0);
  const rest = [run.slice(1, run.recordCount), ...chunk.runs.slice(1)];
  return [
    { ...chunk, last, runs: [run.slice(0, 1)] },
    { ...chunk, first: last + 1n, runs: rest },
  ];
}

function differences(what: string, wanted: readonly string[], stored: readonly string[]): string[] {
  const counts = new Map(wanted.map((row) => [row, 0]));
  const foreign = stored.filter((row) => !counts.has(row));
  for (const row of stored) counts.set(row, (counts.get(row) ?? 0) + 1);
  const missing = wanted.filter((row) => counts.get(row) === 0);
  const doubled = wanted.filter((row) => counts.get(row)! > 1);
  return [
    ...(missing.length > 0 ? [`${what}: missing ${missing.join(', ')}`] : []),
    ...(doubled.length > 0 ? [`${what}: doubled ${doubled.join(', ')}`] : []),
    ...(foreign.length > 0 ? [`${what}: not ours ${foreign.join(', ')}`] : []),
  ];
}
