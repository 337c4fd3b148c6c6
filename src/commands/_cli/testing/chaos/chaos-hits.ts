import { once } from 'node:events';
import type { TestStore } from '../../../../store/testing/test-store.js';
import type { ChaosQueue } from './chaos-queue.js';
import type { ChaosWorker } from './chaos-worker.js';
import type { CaughtInsert, GateMoment, InsertRange } from './insert-gate.js';
import type { Hit, Moment, Step } from './kill-plan.js';
import { nextPart, TARGETS } from './part-watch.js';
import type { StepJudge } from './step-judge.js';

/** A moment that does not come within this time is not waited for: the hit is made just so. */
const MOMENT_MS_MAX = 15_000;
/** An insert takes about so long: delays after its beginning are spread over it. */
const INSERT_MS = 150;
/** A shard stands still for half a second and up to so much more. */
const SHARD_FROZEN_MS_MAX = 2_500;
/** A dead part of the queue stays away for up to this. */
const QUEUE_AWAY_MS_MAX = 2_000;
/** A worker sleeps until another one has finished its chunk, or so long. */
const TAKEN_OVER_MS_MAX = 20_000;
/** A broker that was killed has caught up again within this time. */
const WHOLE_MS_MAX = 90_000;
const POLL_MS = 100;

/** What one hit did, for the log and the table. */
export interface HitReport {
  readonly step: Step;
  readonly victim: string;
  /** Whether another worker finished the chunk of one that was frozen, before that one woke up. */
  readonly isZombie?: boolean;
}

export interface HitTargets {
  readonly workers: readonly ChaosWorker[];
  readonly testStore: TestStore;
  readonly queue: ChaosQueue;
  readonly judge: StepJudge;
}

/** Makes hits, one at a time; what was hit is brought back, the queue's nodes while the next hits are made. */
export class ChaosHits {
  readonly #targets: HitTargets;
  readonly #signal: AbortSignal;
  readonly #recovering = new Set<Promise<void>>();
  #failure: unknown;

  constructor(targets: HitTargets, signal: AbortSignal) {
    this.#targets = targets;
    this.#signal = signal;
  }

  async make(hit: Hit): Promise<HitReport> {
    if (this.#failure !== undefined)
      throw new Error('a part did not come back', { cause: this.#failure });
    switch (hit.kind) {
      case 'worker killed':
        return this.#killWorker(hit);
      case 'worker frozen':
        return this.#freezeWorker(hit);
      case 'shard killed':
        return this.#killShard(hit);
      case 'shard frozen':
        return this.#freezeShard(hit);
      case 'queue killed':
        return this.#killQueue(hit);
      case 'connection cut':
        return this.#cut(hit);
    }
  }

  /** Resolves when everything that was hit is back. */
  async settled(): Promise<void> {
    await Promise.all(this.#recovering);
    if (this.#failure !== undefined)
      throw new Error('a part did not come back', { cause: this.#failure });
  }

  async #killWorker({ moment, victim }: Hit): Promise<HitReport> {
    const worker = pick(this.#targets.workers, victim);
    const caught = await this.#catch(moment, [worker]);
    const owned = [...worker.partitions];
    const held = caught && (await this.#targets.judge.stepOf(caught.range));
    await worker.end('SIGKILL');
    const step = held ?? (await this.#stepOfOpen(({ partition }) => owned.includes(partition)));
    worker.run();
    return { step, victim: worker.name };
  }

  /** Its insert, or the answer to it, waits at the gate until it wakes up: late, when another one has done the work. */
  async #freezeWorker({ moment, victim }: Hit): Promise<HitReport> {
    const worker = pick(this.#targets.workers, victim);
    await this.#untilOthersWork(worker);
    const caught = await this.#catch(moment, [worker]);
    const step = caught ? await this.#targets.judge.stepOf(caught.range) : 'idle';
    worker.freeze();
    let isZombie = false;
    try {
      if (caught) isZombie = await this.#isFinishedByOther(caught.range);
    } finally {
      worker.thaw();
      caught?.release();
    }
    return { step, victim: worker.name, isZombie };
  }

  async #killShard({ moment, victim, delay }: Hit): Promise<HitReport> {
    const { testStore } = this.#targets;
    const shard = Math.floor(victim * testStore.pids.length);
    if (moment === 'part') {
      const table = pick(TARGETS, delay);
      await this.#orAborted(nextPart(testStore.dataPath(shard), table, MOMENT_MS_MAX));
    } else if (moment !== 'whenever') {
      const caught = await this.#catch('asked', this.#targets.workers, shard);
      caught?.release();
      await this.#sleep(2 * delay * INSERT_MS);
    }
    const dead = testStore.stopShard(shard, 'SIGKILL');
    const gates = this.#targets.workers.map((worker) => worker.gates[shard]!);
    for (const gate of gates) gate.shut();
    await dead;
    await testStore.startShard(shard);
    // Nobody reaches the shard before it was looked at.
    const step = await this.#stepOfOpen((range) => range.shard === shard);
    for (const gate of gates) gate.unshut();
    return { step, victim: `shard-${shard + 1}` };
  }

  async #freezeShard({ moment, victim, delay }: Hit): Promise<HitReport> {
    const { testStore } = this.#targets;
    const shard = Math.floor(victim * testStore.pids.length);
    const caught =
      moment === 'whenever' ? undefined : await this.#catch('asked', this.#targets.workers, shard);
    const step = caught ? await this.#targets.judge.stepOf(caught.range) : 'idle';
    caught?.release();
    await this.#sleep(delay * INSERT_MS);
    const pid = testStore.pids[shard]!;
    process.kill(pid, 'SIGSTOP');
    try {
      await this.#sleep(500 + delay * SHARD_FROZEN_MS_MAX);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    return { step, victim: `shard-${shard + 1}` };
  }

  async #killQueue({ moment, victim, delay }: Hit): Promise<HitReport> {
    const { queue, workers, judge } = this.#targets;
    await this.#untilWhole();
    const index = Math.floor(victim * queue.nodes.length);
    const node = queue.nodes[index]!;
    const caught = await this.#catch(moment, workers);
    const step = caught ? await judge.stepOf(caught.range) : await this.#stepOfOpen(() => true);
    await node.kill();
    caught?.release();
    this.#recover(async () => {
      await this.#sleep(delay * QUEUE_AWAY_MS_MAX);
      await node.restart();
    });
    return { step, victim: `queue-${index + 1}` };
  }

  async #cut({ moment, victim, delay }: Hit): Promise<HitReport> {
    const worker = pick(this.#targets.workers, victim);
    const caught = await this.#catch(moment, [worker]);
    if (caught === undefined) {
      for (const gate of worker.gates) {
        gate.shut();
        gate.unshut();
      }
      return { step: 'idle', victim: worker.name };
    }
    const step = await this.#targets.judge.stepOf(caught.range);
    if (moment === 'working') {
      caught.release();
      await this.#sleep(delay * INSERT_MS);
    }
    caught.cut();
    return { step, victim: worker.name };
  }

  /** Holds the next insert of one of these workers at this moment; undefined when there is none to wait for. */
  async #catch(
    moment: Moment,
    workers: readonly ChaosWorker[],
    shard?: number,
  ): Promise<CaughtInsert | undefined> {
    if (moment === 'whenever') return undefined;
    const wanted: GateMoment = moment === 'answered' ? 'answered' : 'asked';
    const gates = workers.flatMap((worker) =>
      worker.gates.filter((_, index) => shard === undefined || index === shard),
    );
    let caught: CaughtInsert | undefined;
    const patience = new AbortController();
    for (const gate of gates)
      gate.catcher = (at, insert) => {
        if (at !== wanted || caught !== undefined) return 'pass';
        caught = insert;
        patience.abort();
        return 'hold';
      };
    const over = AbortSignal.any([patience.signal, this.#signal]);
    await sleep(MOMENT_MS_MAX, over);
    for (const gate of gates) gate.catcher = undefined;
    if (this.#signal.aborted) caught?.release();
    this.#signal.throwIfAborted();
    return caught;
  }

  async #stepOfOpen(concerns: (range: InsertRange) => boolean): Promise<Step> {
    const { judge } = this.#targets;
    return judge.stepOfAny((await judge.openRanges()).filter(concerns));
  }

  /** Only one that has come back from its own end can take over what another one drops. */
  async #untilOthersWork(worker: ChaosWorker): Promise<void> {
    const deadline = Date.now() + MOMENT_MS_MAX;
    const others = this.#targets.workers.filter((each) => each !== worker);
    while (Date.now() < deadline && !others.some(({ partitions }) => partitions.size > 0))
      await this.#sleep(POLL_MS);
  }

  async #isFinishedByOther(range: InsertRange): Promise<boolean> {
    const deadline = Date.now() + TAKEN_OVER_MS_MAX;
    while (Date.now() < deadline) {
      const ranges = await this.#targets.judge.openRanges();
      const open = ranges.find(({ partition }) => partition === range.partition);
      if (open?.first !== range.first) return true;
      await this.#sleep(POLL_MS);
    }
    return false;
  }

  async #untilWhole(): Promise<void> {
    const deadline = Date.now() + WHOLE_MS_MAX;
    await this.#orAborted(Promise.all(this.#recovering));
    while (!(await this.#targets.queue.isWhole())) {
      if (Date.now() > deadline) throw new Error('the queue did not become whole again');
      await this.#sleep(POLL_MS);
    }
  }

  #recover(work: () => Promise<void>): void {
    const recovering: Promise<void> = work()
      .catch((error: unknown) => {
        if (!this.#signal.aborted) this.#failure ??= error;
      })
      .finally(() => this.#recovering.delete(recovering));
    this.#recovering.add(recovering);
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms, this.#signal);
    this.#signal.throwIfAborted();
  }

  async #orAborted<T>(work: Promise<T>): Promise<T> {
    const done = new AbortController();
    const aborted = once(this.#signal, 'abort', { signal: done.signal }).catch(() => undefined);
    await Promise.race([work, aborted]);
    done.abort();
    this.#signal.throwIfAborted();
    return work;
  }
}

/** Resolves after the time, or at the abort. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
  });
}

function pick<T>(items: readonly T[], chance: number): T {
  return items[Math.floor(chance * items.length)]!;
}
