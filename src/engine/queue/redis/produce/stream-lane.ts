import type { Clock } from '../../../model/clock.js';
import { topicNotFound } from '../link/redis-error.js';
import { type Argument, isPassing, type RedisLink, type ScriptInput } from '../link/redis-link.js';
import { APPEND, APPEND_COUNT_MAX, type AppendOutcome } from '../script/append.js';
import { metaKey, producerKey, streamKey, TOPICS_KEY } from '../stream-key.js';

/** A batch of this size is sent although more waits: it holds up everybody else on the server while it is added. */
const BATCH_BYTES = 1024 * 1024;

/** When nothing came through for so long, a batch is given up, as Kafka's clients do. */
const DELIVERY_MS_MAX = 120_000;
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 1_000;

/** A message as the script takes it, and who waits for it. */
export interface PendingEntry {
  readonly fields: readonly Argument[];
  readonly byteCount: number;
  readonly bringsTime: boolean;
  readonly delivery: Delivery;
}

/** One `send`: over when all its entries are added, or one cannot be. */
export class Delivery {
  #left: number;
  #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;
  readonly over: Promise<void>;

  constructor(entryCount: number) {
    this.#left = entryCount;
    this.over = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    if (entryCount === 0) this.#settle?.resolve();
  }

  done(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#settle?.resolve();
  }

  fail(error: unknown): void {
    this.#settle?.reject(error);
  }
}

export interface StreamLaneOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly producerId: string;
  /** Whether a producer that is closing gives up soon. */
  readonly isHurried: () => boolean;
}

/** Adds to one stream in order: one batch is on its way, the next one gathers meanwhile. */
export class StreamLane {
  readonly #options: StreamLaneOptions;
  #waiting: PendingEntry[] = [];
  #running: Promise<void> | undefined;
  #batchNumber = 0;

  constructor(options: StreamLaneOptions) {
    this.#options = options;
  }

  add(entry: PendingEntry): void {
    this.#waiting.push(entry);
  }

  /** Sends what waits; never rejects, because each delivery gets its own answer. */
  dispatch(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      try {
        await this.#deliver(batch);
        for (const { delivery } of batch) delivery.done();
      } catch (error) {
        for (const { delivery } of batch) delivery.fail(error);
      }
    }
    this.#running = undefined;
  }

  #takeBatch(): PendingEntry[] {
    let [count, byteCount] = [0, 0];
    for (const entry of this.#waiting) {
      if (count > 0 && (count >= APPEND_COUNT_MAX || byteCount + entry.byteCount > BATCH_BYTES))
        break;
      count += 1;
      byteCount += entry.byteCount;
    }
    return this.#waiting.splice(0, count);
  }

  /** Sends a batch until it is added; the server knows by its number whether it is already. */
  async #deliver(batch: readonly PendingEntry[]): Promise<void> {
    const { clock, topic } = this.#options;
    this.#batchNumber += 1;
    const input = this.#inputOf(batch);
    const beganMs = clock.nowMs();
    for (let delayMs = RETRY_MS_MIN; ; delayMs = Math.min(RETRY_MS_MAX, delayMs * 2)) {
      try {
        const outcome = await this.#append(input);
        if (outcome === 'gone') throw topicNotFound(topic);
        return;
      } catch (error) {
        if (!isPassing(error) || this.#isOver(clock.nowMs() - beganMs)) throw error;
      }
      await clock.sleep(delayMs);
    }
  }

  async #append(input: ScriptInput): Promise<AppendOutcome> {
    const { link, topic, partition } = this.#options;
    const reply = await link.scriptOnce(APPEND, input, `send to ${topic}/${partition}`);
    return String(reply) as AppendOutcome;
  }

  #inputOf(batch: readonly PendingEntry[]): ScriptInput {
    const { topic, topicId, partition, producerId } = this.#options;
    const bringsTimes = batch.some(({ bringsTime }) => bringsTime);
    const args: Argument[] = [topic, topicId, String(this.#batchNumber), bringsTimes ? '1' : '0'];
    for (const { fields } of batch) args.push(String(fields.length), ...fields);
    const keys = [
      TOPICS_KEY,
      streamKey(topic, partition),
      metaKey(topic, partition),
      producerKey(topic, partition, producerId),
    ];
    return { keys, args };
  }

  #isOver(failingMs: number): boolean {
    return this.#options.isHurried() || failingMs >= DELIVERY_MS_MAX;
  }
}
