import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { decodeIntent } from '../../../engine/model/intent.js';
import { INGEST_GROUP_ID } from '../../../engine/model/limit.js';
import type { Queue } from '../../../engine/model/queue.js';
import type { Random } from '../../../engine/model/random.js';
import { createChunkStore } from '../../../store/write/chunk-store.js';
import type { TestContext } from './test-context.js';

export const TOPIC = 'events';
const KILLS_MIN = 20;
/** Kills that must hit between announcement and insert, and between insert and commit. */
const HITS_MIN = 5;
/** How many events are sent at once. */
const BATCH_SIZE = 5_000;
/** A failpoint that is never reached, because all was stored before, must not hold the test up. */
const LIFE_MS_MAX = 8_000;
/** A kill from outside comes at most this long after the start, which is when most of the work happens. */
const KILL_AFTER_MS_MAX = 2_000;
/** A failpoint is at one of the first chunks of a life. */
const FAILPOINT_COUNT_MAX = 6;

/** A worker in peace stores all there is well within this time. */
const STORED_MS_MAX = 120_000;
const POLL_MS = 100;

type Hit = 'intent → insert' | 'insert → commit' | 'idle';

/** How one life of the worker ends: by itself at a failpoint, or from outside after a while. */
type Death = { readonly failpoint: string } | { readonly afterMs: number };

/** Runs the real `atbd worker ingest` again and again, and kills it; judges from outside where each kill hit. */
export class KillTest {
  readonly hits: Record<Hit, number> = { 'intent → insert': 0, 'insert → commit': 0, idle: 0 };
  killCount = 0;
  sent = 0;
  readonly #queue: Queue;
  readonly #context: TestContext;
  readonly #random: Random;

  constructor(options: { queue: Queue; context: TestContext; random: Random }) {
    this.#queue = options.queue;
    this.#context = options.context;
    this.#random = options.random;
  }

  get isDone(): boolean {
    const { 'intent → insert': inserts, 'insert → commit': commits } = this.hits;
    return this.killCount >= KILLS_MIN && inserts >= HITS_MIN && commits >= HITS_MIN;
  }

  async produce(count: number): Promise<void> {
    await using producer = await this.#queue.createProducer();
    const messages = Array.from({ length: count }, (_, index) => toMessage(this.sent + index));
    this.sent += count;
    for (let at = 0; at < count; at += BATCH_SIZE)
      await producer.send(TOPIC, messages.slice(at, at + BATCH_SIZE));
  }

  /** Lets a worker run while events arrive, and kills it. */
  async liveAndDie(eventCount: number): Promise<void> {
    const death = this.#nextDeath();
    const worker = this.startWorker('failpoint' in death ? death.failpoint : undefined);
    const isDead = once(worker, 'exit');
    await this.produce(eventCount);
    if ('afterMs' in death) setTimeout(() => worker.kill('SIGKILL'), death.afterMs);
    // A failpoint that is never reached (all stored before) must not hold the test up.
    const deadline = setTimeout(() => worker.kill('SIGKILL'), LIFE_MS_MAX);
    await isDead;
    clearTimeout(deadline);
    this.killCount += 1;
    for (const hit of await this.#whatWasHit()) this.hits[hit] += 1;
  }

  startWorker(failpoint?: string): ChildProcess {
    return spawn(
      process.execPath,
      ['bin/run.js', 'worker', 'ingest', '--session-timeout', '1000'],
      {
        env: {
          ...process.env,
          ...this.#context.env,
          ...(failpoint === undefined ? {} : { ATBD_FAILPOINT: failpoint }),
        },
        stdio: 'ignore',
      },
    );
  }

  /** Steers towards the steps that have not been hit often enough yet. */
  #nextDeath(): Death {
    const after = 1 + this.#random.integerBelow(FAILPOINT_COUNT_MAX);
    if (this.killCount % 3 === 2) return { afterMs: this.#random.integerBelow(KILL_AFTER_MS_MAX) };
    const isInsertBehind = this.hits['intent → insert'] <= this.hits['insert → commit'];
    return { failpoint: `${isInsertBehind ? 'announced' : 'written'}:${after}` };
  }

  /** Judged from outside, as the next owner would: by the open intents and the ledger of all shards. */
  async #whatWasHit(): Promise<Set<Hit>> {
    const hits = new Set<Hit>();
    const chunkStore = createChunkStore(this.#context.testStore.store);
    for (const [partition, position] of await this.#queue.groupPositions(INGEST_GROUP_ID, TOPIC)) {
      const announced = decodeIntent(position.intent);
      if (announced?.open == null) continue;
      const end = await chunkStore.ledgerEnd({ topic: TOPIC, epoch: announced.epoch, partition });
      hits.add((end ?? 0n) > announced.open.last ? 'insert → commit' : 'intent → insert');
    }
    return hits.size === 0 ? new Set<Hit>(['idle']) : hits;
  }

  /** Resolves when the group has committed everything that is in the queue. */
  async untilStored(): Promise<void> {
    const deadline = Date.now() + STORED_MS_MAX;
    while ((await this.#lag()) > 0n) {
      if (Date.now() > deadline)
        throw new Error(`${String(await this.#lag())} records were not stored`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #lag(): Promise<bigint> {
    const progress = await this.#queue.groupProgress(INGEST_GROUP_ID, TOPIC);
    return [...progress.values()].reduce((sum, { waiting }) => sum + waiting, 0n);
  }
}

/** About 430 bytes, with what real events have: ids, words, numbers, and now and then something strange. */
function toMessage(index: number): { key: string; value: string } {
  const op = `op-${index % 50_000}`;
  if (index % 10_007 === 0) return { key: op, value: `not json ${index}` };
  const value = JSON.stringify({
    ts: new Date(Date.UTC(2026, 0, 1) + index).toISOString(),
    kind: 'log',
    type: 'log',
    level: index % 50 === 0 ? 'error' : 'info',
    service: SERVICES[index % SERVICES.length],
    host: `host-${index % 12}`,
    module: 'payment.gateway',
    file: 'src/payment/gateway.ts',
    line: index % 400,
    message: `attempt ${index} of the payment was answered by the provider after a while`,
    op_id: op,
    span_id: `span-${index}`,
    user_id: `user-${index % 9_000}`,
    unknown_field: { nested: index },
  });
  return { key: op, value };
}

const SERVICES = ['gateway', 'order', 'payment', 'reservation'];
