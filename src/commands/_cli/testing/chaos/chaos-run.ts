import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  DEFAULT_PARTITION_COUNT,
  DEFAULT_TOPIC,
  INGEST_GROUP_ID,
} from '../../../../engine/model/limit.js';
import type { Queue } from '../../../../engine/model/queue.js';
import { createRandom } from '../../../../engine/model/random.js';
import { openQueue } from '../../../../engine/queue/open-queue.js';
import { startTestContext, type TestContext } from '../test-context.js';
import { ChaosHits, type HitReport, sleep } from './chaos-hits.js';
import { type QueueKind, startChaosQueue } from './chaos-queue.js';
import { ChaosWorker } from './chaos-worker.js';
import { type Hit, type HitKind, type Histogram, KillPlan, type Step } from './kill-plan.js';
import { persistently, StepJudge } from './step-judge.js';
import { SteadyProducer } from './steady-producer.js';

const BIN = fileURLToPath(new URL('../../../../../bin/run.js', import.meta.url));
const SHARD_COUNT = 3;
const WORKER_COUNT = 2;
const PROGRESS_MS = 5_000;
const POLL_MS = 200;
/** Of the whole time, hits may take so much: the rest is for storing what waits, and for the proof. */
const HITTING_SHARE = 0.75;

export interface ChaosOptions {
  readonly queue: QueueKind;
  readonly killCount: number;
  readonly seed: number;
  /** Events a second that the producer tries to send. */
  readonly rate: number;
  /** How often each step that counts must have been hit. */
  readonly hitsMin: number;
  /** The run ends by itself after this, whatever it has not done by then. */
  readonly boundMs: number;
  /** Keeps the folder of logs also when nothing was wrong. */
  readonly keepsLogs?: boolean;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

export interface ChaosResult {
  readonly seed: number;
  readonly hits: number;
  /** How often each kind of hit landed at which step. */
  readonly table: Readonly<Record<HitKind, Histogram>>;
  readonly histogram: Histogram;
  /** Workers that were frozen and woke up when another one had finished their chunk. */
  readonly zombies: number;
  /** Ends of workers that nobody had killed. */
  readonly endedByItself: readonly string[];
  readonly acknowledged: number;
  readonly stored: number;
  /** Different numbers among the events. */
  readonly distinct: number;
  readonly dead: number;
  readonly verifyCode: number | null;
  readonly verifyOutput: string;
  readonly seconds: number;
  /** Events a second while hits were made. */
  readonly rate: number;
}

/** What is wrong with the result; empty when nothing was lost and nothing doubled, and enough was hit. */
export function faultsOf(result: ChaosResult, { hitsMin, killCount }: ChaosOptions): string[] {
  const { acknowledged, stored, dead, distinct, histogram } = result;
  const faults: string[] = [];
  if (stored + dead !== acknowledged)
    faults.push(`${acknowledged} events were acknowledged, ${stored + dead} are stored`);
  if (distinct !== stored) faults.push(`${stored} rows hold ${distinct} different events`);
  if (result.verifyCode !== 0)
    faults.push(`verify ended with ${result.verifyCode ?? 'a signal'}: ${result.verifyOutput}`);
  if (result.hits < killCount)
    faults.push(`the time was enough for ${result.hits} of ${killCount} hits`);
  for (const step of ['intent → insert', 'between views', 'insert → commit'] as const)
    if (histogram[step] < hitsMin)
      faults.push(`${step} was hit ${histogram[step]} times, not ${hitsMin}`);
  return faults;
}

/**
 * Real workers between a real queue and three real shards, under steady traffic, while parts of all of them are killed,
 * frozen and cut off by a schedule of one seed. Everything that it starts ends with it. `logDir` keeps what was seen.
 */
export async function runChaos(options: ChaosOptions, logDir: string): Promise<ChaosResult> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.boundMs)]);
  await using chaosQueue = await startChaosQueue(options.queue);
  await using context = await startTestContext({
    queue: chaosQueue.connection,
    shardCount: SHARD_COUNT,
  });
  await using queue = await openQueue(context.queue);
  await queue.createTopic(DEFAULT_TOPIC, { partitionCount: DEFAULT_PARTITION_COUNT });
  await using workers = await startWorkers(context, logDir);
  const judge = new StepJudge({ queue, store: context.testStore.store, topic: DEFAULT_TOPIC });
  const targets = { workers: workers.all, testStore: context.testStore, queue: chaosQueue, judge };
  const run = new ChaosRun(
    options,
    { queue, context, logDir, hits: new ChaosHits(targets, signal), workers: workers.all },
    signal,
  );
  return await run.run(chaosQueue.nodes.length > 0);
}

/** A folder for the logs of a run, and the run in it; the folder goes when nothing was wrong. */
export async function runChaosInFolder(options: ChaosOptions): Promise<{
  readonly result: ChaosResult;
  readonly faults: readonly string[];
  readonly logDir: string;
}> {
  const logDir = await mkdtemp(join(tmpdir(), 'atbd-chaos-'));
  try {
    const result = await runChaos(options, logDir);
    const faults = faultsOf(result, options);
    await writeFile(join(logDir, 'result.json'), `${JSON.stringify(result, undefined, 2)}\n`);
    if (faults.length === 0 && options.keepsLogs !== true)
      await rm(logDir, { recursive: true, force: true });
    return { result, faults, logDir };
  } catch (error) {
    throw new Error(`the run with seed ${options.seed} failed; its logs are in ${logDir}`, {
      cause: error,
    });
  }
}

class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #stage: Stage;
  readonly #signal: AbortSignal;
  readonly #table: Record<HitKind, Record<Step, number>> = {
    'worker killed': noHits(),
    'worker frozen': noHits(),
    'shard killed': noHits(),
    'shard frozen': noHits(),
    'queue killed': noHits(),
    'connection cut': noHits(),
  };
  readonly #histogram = noHits();
  #hitCount = 0;
  #zombieCount = 0;

  constructor(options: ChaosOptions, stage: Stage, signal: AbortSignal) {
    this.#options = options;
    this.#stage = stage;
    this.#signal = signal;
  }

  async run(canKillQueue: boolean): Promise<ChaosResult> {
    const { queue, context, workers } = this.#stage;
    const { rate, seed, boundMs } = this.#options;
    const startedMs = Date.now();
    await using producer = await SteadyProducer.start(queue, { topic: DEFAULT_TOPIC, rate });
    const timer = setInterval(() => {
      this.#sayProgress(producer, startedMs);
    }, PROGRESS_MS);
    try {
      await this.#hitUntil(startedMs + boundMs * HITTING_SHARE, canKillQueue, producer);
      const hittingSeconds = (Date.now() - startedMs) / 1000;
      const acknowledged = await producer.finish(this.#signal);
      await this.#stage.hits.settled();
      await this.#untilStored();
      await Promise.all(workers.map((worker) => worker.end('SIGTERM')));
      const verified = await verify(context, this.#signal);
      return {
        seed,
        hits: this.#hitCount,
        table: this.#table,
        histogram: this.#histogram,
        zombies: this.#zombieCount,
        endedByItself: workers.flatMap(({ endedByItself }) => endedByItself),
        acknowledged,
        ...(await countsOf(context)),
        ...verified,
        seconds: (Date.now() - startedMs) / 1000,
        rate: Math.round(acknowledged / hittingSeconds),
      };
    } finally {
      clearInterval(timer);
    }
  }

  async #hitUntil(
    deadlineMs: number,
    canKillQueue: boolean,
    producer: SteadyProducer,
  ): Promise<void> {
    const { killCount, seed, hitsMin } = this.#options;
    const random = createRandom(seed);
    const plan = new KillPlan({ killCount, random, canKillQueue, hitsMin });
    await this.#log('schedule.json', JSON.stringify(plan.schedule, undefined, 1));
    while (Date.now() < deadlineMs) {
      this.#signal.throwIfAborted();
      producer.check();
      const hit = plan.next(this.#histogram);
      if (hit === undefined) return;
      const report = await this.#stage.hits.make(hit);
      this.#count(hit, report);
      const line = JSON.stringify({ atMs: Date.now(), ...hit, ...report });
      await this.#log('hits.ndjson', `${line}\n`);
    }
  }

  #count(hit: Hit, { step, isZombie = false }: HitReport): void {
    this.#hitCount += 1;
    this.#table[hit.kind][step] += 1;
    this.#histogram[step] += 1;
    if (isZombie) this.#zombieCount += 1;
  }

  /** Resolves when the group has committed everything. */
  async #untilStored(): Promise<void> {
    for (;;) {
      const progress = await persistently(() =>
        this.#stage.queue.groupProgress(INGEST_GROUP_ID, DEFAULT_TOPIC),
      );
      if ([...progress.values()].every(({ waiting }) => waiting === 0n)) return;
      await sleep(POLL_MS, this.#signal);
      this.#signal.throwIfAborted();
    }
  }

  #sayProgress(producer: SteadyProducer, startedMs: number): void {
    const seconds = (Date.now() - startedMs) / 1000;
    const steps = Object.entries(this.#histogram).map(([step, count]) => `${step} ${count}`);
    const { killCount, onLine } = this.#options;
    onLine(
      `${Math.round(seconds)} s: ${this.#hitCount} of ${killCount} hits, ${producer.acknowledged} events acknowledged; ${steps.join(', ')}`,
    );
  }

  async #log(name: string, text: string): Promise<void> {
    await appendFile(join(this.#stage.logDir, name), text);
  }
}

interface Stage {
  readonly queue: Queue;
  readonly context: TestContext;
  readonly logDir: string;
  readonly hits: ChaosHits;
  readonly workers: readonly ChaosWorker[];
}

function noHits(): Record<Step, number> {
  return { 'intent → insert': 0, 'between views': 0, 'insert → commit': 0, idle: 0 };
}

async function startWorkers(
  context: TestContext,
  logDir: string,
): Promise<AsyncDisposable & { readonly all: readonly ChaosWorker[] }> {
  const all: ChaosWorker[] = [];
  for (let index = 0; index < WORKER_COUNT; index += 1)
    all.push(await ChaosWorker.start(index, { context, logDir }));
  return {
    all,
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((worker) => worker[Symbol.asyncDispose]()));
    },
  };
}

async function verify(
  { env }: TestContext,
  signal: AbortSignal,
): Promise<Pick<ChaosResult, 'verifyCode' | 'verifyOutput'>> {
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(process.execPath, [BIN, 'verify'], {
    env: { PATH, HOME, TMPDIR, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => (output += bytes.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number | null];
  return { verifyCode: code, verifyOutput: output };
}

/** Asked of the store itself, of all shards. */
async function countsOf({
  testStore,
}: TestContext): Promise<Pick<ChaosResult, 'stored' | 'distinct' | 'dead'>> {
  const client = await testStore.store.shard(0);
  const answer = await client.query({
    query: `SELECT toUInt32(count()) AS stored, toUInt32(uniqExact(span_id)) AS distinct,
      toUInt32((SELECT count() FROM atbd.dead_letters)) AS dead FROM atbd.events LIMIT 1`,
    format: 'JSONEachRow',
  });
  const [row] = await answer.json<Pick<ChaosResult, 'stored' | 'distinct' | 'dead'>>();
  return row!;
}
